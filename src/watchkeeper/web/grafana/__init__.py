"""The API that Grafana's tools speak, and the logins behind it."""
