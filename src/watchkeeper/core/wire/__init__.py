"""In: bytes of exposition and remote protocols. Out: batches as arrays, and back. Never here: sockets."""
