"""Logs: the agent that reads them, the store that keeps them, and LogQL."""
