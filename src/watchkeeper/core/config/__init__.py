"""In: YAML text. Out: frozen dataclasses, or every error with its place. Never here: knowledge of a product's keys."""
