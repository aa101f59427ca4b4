"""In: configuration and flags. Out: one running process, its parts wired. Never here: protocol or storage."""
