"""In: rule files, a language that answers expressions, a store, and where alerts go. Out: recorded series, alerts.
Never here: routing, silences and notifications, which are alerts' matter."""
