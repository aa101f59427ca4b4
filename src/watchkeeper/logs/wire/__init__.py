"""Bodies of pushes to entries, and entries to bodies."""
