"""`multiline`: lines that belong together become one."""

from __future__ import annotations

from typing import Final

from watchkeeper.core.config.kinds import Integer, Nested
from watchkeeper.core.config.schema import section, setting
from watchkeeper.core.model.regex import compile_re2
from watchkeeper.logs.agent.config.kinds import GoDuration
from watchkeeper.logs.agent.entries import Entries, concatenated
from watchkeeper.logs.agent.stages.regex import EXPRESSION
from watchkeeper.logs.agent.stages.stage import Stage, StageContext, label_key


@section
class MultilineConfig:
    """`multiline`: a line that matches begins a block, and those behind it belong to it.

    max_lines      a block that is longer is cut
    max_wait_time  a block that gets nothing for so long goes on
    """

    firstline: str = setting(EXPRESSION)
    max_lines: int = setting(Integer(1), default=128)
    max_wait_time_ns: int = setting(GoDuration(), key="max_wait_time", default=3 * 10**9)


KIND: Final = Nested(MultilineConfig)

Key = tuple[str, tuple[tuple[str, str], ...]]


class _Block:
    """What was collected of one stream: labels, time and extracted values are those of the first line."""

    __slots__ = ("at", "first", "last_ns", "lines")

    def __init__(self, first: Entries, now_ns: int) -> None:
        self.first = first
        self.lines: list[bytes] = []
        self.at = 0
        self.last_ns = now_ns

    def flush(self) -> Entries:
        """The block as one entry; what follows is a block of the same beginning."""
        entry = self.first.copied()
        entry.lines = [b"\n".join(self.lines)]
        self.lines = []
        return entry


class MultilineStage:
    """Collects blocks, stream by stream."""

    def __init__(self, config: MultilineConfig, context: StageContext) -> None:
        self._search = compile_re2(config.firstline).search
        self._max_lines = config.max_lines
        self._max_wait_ns = config.max_wait_time_ns
        self._context = context
        self._blocks: dict[Key, _Block] = {}

    def run(self, entries: Entries) -> Entries:
        """The blocks that ended, and lines that belong to none."""
        now_ns = self._context.clock_ns()
        search = self._search
        keys: list[Key] = [(entries.origin, label_key(labels)) for labels in entries.sets]
        out: list[Entries] = []
        passed: list[int] = []
        for row, line in enumerate(entries.lines):
            key = keys[entries.set_of[row]]
            block = self._blocks.get(key)
            is_first = search(line) is not None
            if is_first:
                if block is not None and block.lines:
                    _pass(entries, passed, out)
                    out.append(block.flush())
                block = self._blocks[key] = _Block(entries.single(row), now_ns)
            elif block is None:
                passed.append(row)
                continue
            if not block.lines:
                block.at = entries.at[row] if entries.at else 0
            block.lines.append(line)
            block.last_ns = now_ns
            if len(block.lines) >= self._max_lines:
                _pass(entries, passed, out)
                out.append(block.flush())
        _pass(entries, passed, out)
        return concatenated(out) if out else entries.take([])

    def due(self, now_ns: int) -> list[Entries]:
        """Blocks that have waited for long enough."""
        # A clock that was set back must not hold a block until it has caught up.
        waited = range(self._max_wait_ns)
        out = [block.flush() for block in self._blocks.values() if block.lines and now_ns - block.last_ns not in waited]
        if len(self._blocks) > 10_000:
            self._blocks = {key: block for key, block in self._blocks.items() if block.lines}
        return out

    def held_from(self, origin: str) -> int | None:
        """Where the first line of a block starts that is not out yet."""
        return min((block.at for (of, _), block in self._blocks.items() if of == origin and block.lines), default=None)


def _pass(entries: Entries, passed: list[int], out: list[Entries]) -> None:
    if passed:
        out.append(entries.picked(passed))
        passed.clear()


def make(config: MultilineConfig, context: StageContext) -> Stage:
    """The stage of a configuration."""
    return MultilineStage(config, context)
