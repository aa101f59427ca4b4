"""In: Promtail's YAML, files and other sources of lines. Out: batches of entries for servers or a sink. Never here:
queries, and knowledge of how lines are stored."""
