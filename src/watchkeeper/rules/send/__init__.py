"""In: alerts of rules, and which Alertmanagers there are. Out: requests to each of them, or alerts to the one of this
process. Never here: when an alert fires, and who is told of it."""
