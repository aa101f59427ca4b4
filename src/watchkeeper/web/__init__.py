"""In: HTTP requests. Out: answers in the upstream formats. Never here: evaluation or storage."""
