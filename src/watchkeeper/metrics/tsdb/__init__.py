"""In: batches of samples; matchers and a time range. Out: samples as arrays. Never here: a query string, or `async`."""
