"""In: service discovery configuration. Out: target groups. Never here: relabelling or scraping."""
