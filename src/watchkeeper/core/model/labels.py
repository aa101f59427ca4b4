"""One label set, as a value. For many at once, see `label_sets`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

METRIC_NAME: Final = "__name__"


class Labels:
    """An immutable set of labels, sorted by name, without empty values (an empty value is an absent label)."""

    __slots__ = ("_hash", "pairs")

    pairs: tuple[tuple[str, str], ...]

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        """From pairs in any order; of a name that stands twice the last value counts."""
        self.pairs = tuple(sorted([pair for pair in dict(pairs).items() if pair[1]]))
        self._hash = hash(self.pairs)

    @classmethod
    def of(cls, mapping: Mapping[str, str] | None = None, **labels: str) -> Labels:
        """From a mapping or keywords: `Labels.of(job="node")`."""
        return cls({**(mapping or {}), **labels}.items())

    def get(self, name: str, default: str = "") -> str:
        """The value of a label, or `default` where it is absent."""
        for key, value in self.pairs:
            if key == name:
                return value
        return default

    @property
    def name(self) -> str:
        """The metric name, or the empty string."""
        return self.get(METRIC_NAME)

    def as_dict(self) -> dict[str, str]:
        """A fresh dict, in name order."""
        return dict(self.pairs)

    def with_(self, **labels: str) -> Labels:
        """A copy with these labels set; an empty value removes the label."""
        return Labels({**self.as_dict(), **labels}.items())

    def keep(self, names: Iterable[str]) -> Labels:
        """A copy with only the named labels."""
        wanted = set(names)
        return Labels(pair for pair in self.pairs if pair[0] in wanted)

    def drop(self, names: Iterable[str]) -> Labels:
        """A copy without the named labels."""
        unwanted = set(names)
        return Labels(pair for pair in self.pairs if pair[0] not in unwanted)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self.pairs)

    def __len__(self) -> int:
        return len(self.pairs)

    def __contains__(self, name: object) -> bool:
        return any(key == name for key, _ in self.pairs)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Labels) and self.pairs == other.pairs

    def __lt__(self, other: Labels) -> bool:
        return self.pairs < other.pairs

    def __repr__(self) -> str:
        return f"Labels({self})"

    def __str__(self) -> str:
        """As PromQL writes it: `{__name__="up", job="node"}`."""
        return "{" + ", ".join(f"{label_name(name)}={quote(value)}" for name, value in self.pairs) + "}"


EMPTY: Final = Labels()


def is_legacy_name(name: str, *, colon: bool = False) -> bool:
    """Whether a name fits `[a-zA-Z_][a-zA-Z0-9_]*` (with `colon`, the metric name form, which also allows `:`)."""
    if not name or not name.isascii():
        return False
    plain = name.replace(":", "_") if colon else name
    return plain.isidentifier()


def label_name(name: str) -> str:
    """A label name as PromQL writes it: quoted where it has other characters than the legacy ones."""
    return name if is_legacy_name(name) else quote(name)


_ESCAPES: Final = {
    '"': '\\"',
    "\\": "\\\\",
    "\a": "\\a",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\v": "\\v",
}


def quote(text: str) -> str:
    """A double-quoted string with the escapes of Go's strconv.Quote."""
    out: list[str] = []
    for char in text:
        if char in _ESCAPES:
            out.append(_ESCAPES[char])
        elif char.isprintable():
            out.append(char)
        elif ord(char) < 0x80:
            out.append(f"\\x{ord(char):02x}")
        elif ord(char) < 0x10000:
            out.append(f"\\u{ord(char):04x}")
        else:
            out.append(f"\\U{ord(char):08x}")
    return '"' + "".join(out) + '"'
