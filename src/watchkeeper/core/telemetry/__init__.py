"""In: events and measurements of this process. Out: logfmt lines and an exposition page. Never here: scraping."""
