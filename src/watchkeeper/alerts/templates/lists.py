"""Lists and maps that templates make. Their size counts what is in them as often as it is in them.

A list that holds one list twice, made again and again, is small in memory and endless when it is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from watchkeeper.core.template.formatting import show
from watchkeeper.core.template.values import ValueProblem, type_name

MAX_SIZE: Final = 1_000_000  # Values in one list or map, those in its lists and maps included.
_CHARACTERS: Final = 32  # So much text counts as one value.
_ALERT_SIZE: Final = 10


class MadeList(list[Any]):
    """A list that knows its size."""

    __slots__ = ("size",)

    def __init__(self, items: Iterable[Any]) -> None:
        super().__init__(items)
        self.size = _checked(sum(map(size_of, self)))


class MadeDict(dict[str, Any]):
    """A map that knows its size."""

    __slots__ = ("size",)

    def __init__(self, items: Mapping[str, Any]) -> None:
        super().__init__(items)
        self.size = _checked(sum(map(size_of, self.values())) + sum(map(size_of, self)))


def size_of(value: Any) -> int:
    """How much a value adds to what holds it."""
    match value:
        case MadeList() | MadeDict():
            return 1 + value.size
        case str():
            return 1 + len(value) // _CHARACTERS
        case Mapping():
            return 1 + 2 * len(value)
        case Sequence():
            return 1 + _ALERT_SIZE * len(value)
        case _:
            return 1


def _checked(size: int) -> int:
    if size > MAX_SIZE:
        raise ValueProblem(f"list or map is too large, the limit is {MAX_SIZE} values")
    return size


# --- functions of templates ----------------------------------------------------------------------------------------


def string_slice(*texts: str) -> list[str]:
    """The texts as a list."""
    return MadeList(texts)


def make_list(*items: Any) -> list[Any]:
    """The values as a list."""
    return MadeList(items)


def append(items: object, item: Any) -> list[Any]:
    """A longer copy of a list."""
    if not isinstance(items, Sequence) or isinstance(items, str):
        raise ValueProblem(f"Cannot push on type {type_name(items)}")
    return MadeList([*items, item])


def make_dict(*pairs: Any) -> dict[str, Any]:
    """A map of keys and values in turn; a last key without a value has the empty text."""
    keys = [key if isinstance(key, str) else show(key) for key in pairs[::2]]
    values = [*pairs[1::2], *([""] if len(pairs) % 2 else [])]
    return MadeDict(dict(zip(keys, values, strict=True)))
