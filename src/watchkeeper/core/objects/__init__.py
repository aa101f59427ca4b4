"""Objects by name: a local folder, or a bucket of any S3-compatible service."""
