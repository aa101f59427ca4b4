"""Benchmarks against installed peers: the same work for each, in one run, as ratios."""
