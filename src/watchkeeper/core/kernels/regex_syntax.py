"""RE2's syntax."""


class Unsupported(ValueError):
    """A valid expression that the automaton can't run: use RE2."""
