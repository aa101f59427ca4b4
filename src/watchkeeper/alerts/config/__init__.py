"""In: the text of alertmanager.yml. Out: its sections, or every error with its place. Never here: sending, state."""
