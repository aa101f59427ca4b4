"""The metrics pillar: `scrape`, `tsdb`, `promql` and `remote` meet only in `interface`."""
