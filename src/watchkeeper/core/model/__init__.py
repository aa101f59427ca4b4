"""The nouns: labels, matchers, durations, spans, staleness, histograms, and the tree of errors. Never here: I/O."""
