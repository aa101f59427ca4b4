"""The node exporter: one collector a file, over `/proc` and `/sys`, with node_exporter's family names."""
