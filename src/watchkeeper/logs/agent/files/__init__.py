"""In: paths with wildcards. Out: lines of the files they name, each once, in order. Never here: labels and sending."""
