"""Rows as a plain list: what a block of shredded lines must give back, and which words a line holds."""

from __future__ import annotations

from dataclasses import dataclass, field

Pairs = tuple[tuple[bytes, bytes], ...]


@dataclass
class PlainBlock:
    """Rows in order of arrival: (time, line, metadata)."""

    rows: list[tuple[int, bytes, Pairs]] = field(default_factory=list)

    def append(self, time_ns: int, line: bytes, pairs: Pairs, *, dedupe: bool) -> bool:
        """Whether the row was added."""
        row = (time_ns, line, pairs)
        if dedupe and row in self.rows:
            return False
        self.rows.append(row)
        return True

    def sealed(self) -> PlainBlock:
        """In order of time, equal times in order of arrival."""
        return PlainBlock(sorted(self.rows, key=lambda row: row[0]))

    @property
    def raw_bytes(self) -> int:
        return sum(len(line) + sum(len(n) + len(v) for n, v in pairs) for _, line, pairs in self.rows)
