"""In: entries as pipelines leave them. Out: pushes to servers, or batches for a sink in this process. Never here:
reading and stages."""
