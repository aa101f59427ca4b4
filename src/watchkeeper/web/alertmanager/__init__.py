"""Alertmanager's HTTP API v2 and its pages. In: requests. Out: what an alert manager says. Never: routing, sending."""
