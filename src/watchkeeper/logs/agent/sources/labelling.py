"""Labels of entries that each bring their own: static ones and hidden ones, relabelled; and entries by their labels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from watchkeeper.core.relabel import RelabelConfig, Relabeler
from watchkeeper.logs.agent.entries import LabelSet, Metadata
from watchkeeper.logs.agent.sources.job import shown_labels

MAX_KNOWN: Final = 10_000
_BY_NAME: Final = frozenset(("labelmap", "labeldrop", "labelkeep"))


class Labelling:
    """Makes label sets; rules run once for values that they have not seen together."""

    def __init__(self, static: LabelSet, rules: Sequence[RelabelConfig]) -> None:
        self._static = dict(static)
        self._relabeler = Relabeler(rules)
        self._known: dict[tuple[tuple[str, str], ...], LabelSet | None] = {}
        # Rules that look at names may look at every label; others only at those that they name.
        self._read: frozenset[str] | None = None
        if not any(rule.action in _BY_NAME for rule in rules):
            named = {name for rule in rules for name in (*rule.source_labels, rule.target_label)}
            self._read = frozenset(named)

    def reads(self, name: str) -> bool:
        """Whether a rule may look at a label."""
        return self._read is None or name in self._read

    def labels(self, hidden: LabelSet) -> LabelSet | None:
        """The labels of an entry; None where a rule drops it, or none are left.

        hidden   what the source says of the entry; values that rules do not take over are not kept
        """
        read = self._read
        if read is None:
            key = tuple(hidden.items())
        else:
            key = tuple([(name, value) for name, value in hidden.items() if name in read or not name.startswith("__")])
        if key in self._known:
            return self._known[key]
        labels = {**self._static, **hidden}
        found: LabelSet | None = None
        if self._relabeler.apply(labels):
            found = shown_labels(labels) or None
        if len(self._known) >= MAX_KNOWN:
            self._known.clear()
        self._known[key] = found
        return found


@dataclass(slots=True)
class Group:
    """Entries of one label set."""

    labels: LabelSet
    lines: list[bytes] = field(default_factory=list)
    times_ns: list[int] = field(default_factory=list)
    metadata: list[Metadata] = field(default_factory=list)


class Groups:
    """Entries as they come, by their label sets."""

    def __init__(self) -> None:
        self._groups: dict[int, Group] = {}

    def add(self, labels: LabelSet, line: bytes, time_ns: int) -> None:
        """One entry; label sets that are one object are one group."""
        group = self._groups.get(id(labels))
        if group is None:
            group = self._groups[id(labels)] = Group(labels)
        group.lines.append(line)
        group.times_ns.append(time_ns)

    def __iter__(self) -> Iterator[Group]:
        return iter(self._groups.values())

    def __bool__(self) -> bool:
        return bool(self._groups)
