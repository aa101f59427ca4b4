"""In: configured sources. Out: entries in pipelines. Never here: stages and sending."""
