"""In: a web configuration file. Out: TLS contexts and a gate before every route. Never here: what routes answer."""
