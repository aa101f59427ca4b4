"""Prometheus's HTTP API: one file a group of endpoints, one table of routes."""
