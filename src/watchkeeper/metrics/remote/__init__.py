"""In: remote write and read requests, or batches to send. Out: batches, or requests. Never here: storage."""
