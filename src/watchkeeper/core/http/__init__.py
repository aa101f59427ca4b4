"""In: HTTP client settings as upstream's YAML has them. Out: sessions and request options. Never here: what is sent."""
