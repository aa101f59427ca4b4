"""In: bytes. Out: files that survive a crash: segments, atomic files, locks. Never here: the meaning of the bytes."""
