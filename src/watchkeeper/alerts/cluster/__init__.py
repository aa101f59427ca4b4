"""In: changes of silences and of the notification log, here and at the other instances. Out: the same state at all of
them, who they are, and how long to leave a notification to those before us. Never here: what the state means."""
