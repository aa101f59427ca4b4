"""Parts that know no product; each could be a library of its own."""
