"""In: a Host, which is where /proc and /sys are. Out: families, one collector in a file. Never here: text or HTTP."""
