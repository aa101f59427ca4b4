"""In: arrays. Out: bytes, and back, exactly. Never here: files."""
