"""Is there a match in the line? RE2's answer for many lines at once, by an automaton that can stop and go on.

The automaton is a program (immutable) and, for each thread that runs it, a table of states made as they are met. It
can be walked in pieces, so that shredded lines are searched without being put together: see `line_automaton.hpp`.
"""

import numpy as np
import numpy.typing as npt

from watchkeeper.core.kernels.texts import Texts

class Unsupported(ValueError):
    """A valid expression that this automaton can't run (as a word boundary, or too many states): use RE2."""

class Automaton:
    @staticmethod
    def literal(needle: bytes, *, ignore_case: bool = False) -> Automaton:
        """Matches lines that contain these bytes."""

    @staticmethod
    def regex(expression: str) -> Automaton:
        """Matches lines in which RE2 (Go's syntax, unanchored, Perl flags; `.` not matching newline unless (?s))
        finds the expression. Raises Unsupported."""

    @property
    def required(self) -> tuple[bytes, ...]:
        """Literals that every matching line holds; empty if none are known."""

    def search(self, texts: Texts) -> npt.NDArray[np.uint8]:
        """1 for each text that matches."""
