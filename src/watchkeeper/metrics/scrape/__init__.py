"""In: target groups and scrape configuration. Out: rows of samples to an appender. Never here: storage."""
