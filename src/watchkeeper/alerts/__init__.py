"""In: alerts and an alertmanager.yml. Out: notifications. Never here: where alerts come from, and rules."""
