"""In: the text of matchers in one of two forms. Out: matchers, or an error. Never here: which form is meant."""
