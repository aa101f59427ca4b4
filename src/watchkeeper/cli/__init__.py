"""In: a person's command line. Out: text on a terminal, an exit status. Never here: work of its own."""
