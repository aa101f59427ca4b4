"""The log store: streams, WAL, blocks, segments."""
