"""In: frames of metric expressions. Out: frames. Never done here: reading lines."""
