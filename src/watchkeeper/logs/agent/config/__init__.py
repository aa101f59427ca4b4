"""In: the text of promtail.yaml. Out: frozen sections with every problem of the file. Never here: work on lines."""
