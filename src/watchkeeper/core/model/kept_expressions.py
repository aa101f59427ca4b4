"""Compiled regular expressions for the next who asks: as many of the last as take bounded memory."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, Generic, TypeVar

Compiled = TypeVar("Compiled")

MAX_INSTRUCTIONS: Final = 1_000_000  # Of all that are kept; each takes about a hundred bytes, and its states more.
LEAST: Final = 1000  # That one counts for, so that no more than 1000 are kept.


class KeptExpressions(Generic[Compiled]):
    """Expressions by their text. What is older goes where the newer ones are large; for any thread."""

    def __init__(self, compile: Callable[[str], Compiled], size: Callable[[Compiled], int]) -> None:
        """`size` is how many instructions a compiled expression has."""
        self._compile = compile
        self._size = size
        self._kept: OrderedDict[str, tuple[Compiled, int]] = OrderedDict()
        self._total = 0
        self._lock = threading.Lock()

    def get(self, text: str) -> Compiled:
        """The compiled expression; raises what compiling it does."""
        with self._lock:
            if found := self._kept.get(text):
                self._kept.move_to_end(text)
                return found[0]
        made = self._compile(text)
        size = max(LEAST, self._size(made))
        with self._lock:
            if text not in self._kept:
                self._kept[text] = made, size
                self._total += size
                while self._total > MAX_INSTRUCTIONS and len(self._kept) > 1:
                    _, (_, gone) = self._kept.popitem(last=False)
                    self._total -= gone
        return made
