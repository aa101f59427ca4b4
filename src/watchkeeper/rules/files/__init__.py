"""Rule files: YAML to groups of rules that are ready to run."""
