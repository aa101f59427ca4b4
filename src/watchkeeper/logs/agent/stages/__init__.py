"""In: entries as columns. Out: entries, changed, fewer, or more. Never here: reading and sending."""
