"""The agent: reads logs where they are written, and sends them."""
