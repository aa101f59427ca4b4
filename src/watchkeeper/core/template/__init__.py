"""In: a Go text/template and data. Out: text. Never here: files, networks, and what a product's functions do."""
