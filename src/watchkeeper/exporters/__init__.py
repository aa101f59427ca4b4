"""In: what a machine says of itself. Out: metric families as exposition text. Never here: storage or scraping."""
