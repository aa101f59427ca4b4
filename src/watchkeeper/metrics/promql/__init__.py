"""In: a query string, a grid of steps, a `Querier`. Out: a value with annotations. Never here: disk, or `async`."""
