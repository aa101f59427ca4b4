"""In: label sets. Out: series numbers for matchers. Never here: samples."""
