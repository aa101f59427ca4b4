"""`cri`: lines as containerd and CRI-O write them, `time stream flags content`."""

from __future__ import annotations

from typing import Final

from watchkeeper.core.config.kinds import Boolean, Integer, Nested
from watchkeeper.core.config.schema import section, setting
from watchkeeper.core.telemetry.log import get_logger
from watchkeeper.logs.agent.config.kinds import ByteSize
from watchkeeper.logs.agent.entries import Entries, concatenated
from watchkeeper.logs.agent.stages.rfc3339 import TimeReader
from watchkeeper.logs.agent.stages.stage import FOREVER_NS, Stage, StageContext, label_key

log = get_logger("agent")


@section
class CriConfig:
    """`cri`: lines of containerd and CRI-O; parts of long lines are joined."""

    max_partial_lines: int = setting(Integer(), default=100)
    max_partial_line_size: int = setting(ByteSize(), default=0)
    max_partial_line_size_truncate: bool = setting(Boolean(), default=False)


KIND: Final = Nested(CriConfig)
_STREAMS: Final = {b"stdout": "stdout", b"stderr": "stderr"}

Key = tuple[tuple[str, str], ...]


class _Part:
    """The beginning of a line that is not whole yet: of one stream of one container."""

    __slots__ = ("at", "entry", "pieces", "size")

    def __init__(self, entry: Entries, piece: bytes) -> None:
        self.entry = entry
        self.pieces = [piece]
        self.size = len(piece)
        self.at = entry.at[0] if entry.at else 0


class CriStage:
    """Takes CRI's lines apart and joins what the runtime has cut."""

    def __init__(self, config: CriConfig) -> None:
        self._max_lines = config.max_partial_lines
        self._max_bytes = config.max_partial_line_size if config.max_partial_line_size_truncate else 0
        self._times = TimeReader()
        self._parts: dict[Key, _Part] = {}

    def run(self, entries: Entries) -> Entries:
        """The entries as the container wrote them; a line that is not CRI's stays as it is."""
        n = len(entries)
        fields = [line.split(b" ", 3) for line in entries.lines]
        read, known = self._times.read, _STREAMS
        streams: list[str | None] = [None] * n
        flags: list[str | None] = [None] * n
        lines, times_ns = entries.lines, entries.times_ns
        new_lines, new_times = list(lines), list(times_ns)
        stamps: list[str | None] = [None] * n
        partial: list[int] = []
        for row, parts in enumerate(fields):
            if len(parts) != 4 or parts[1] not in known or not parts[0] or not parts[2]:
                continue
            stamp, stream, flag, content = parts
            stamps[row] = text = stamp.decode("utf-8", "surrogateescape")
            streams[row] = known[stream]
            new_lines[row] = content
            then = read(text)
            if then is not None:
                new_times[row] = then
            if flag == b"F":
                flags[row] = "F"
            else:
                flags[row] = flag.decode("utf-8", "surrogateescape")
                if flag == b"P" or flag.startswith(b"P:"):
                    partial.append(row)
        entries.lines, entries.times_ns = new_lines, new_times
        entries.set_labels({"stream": streams})
        entries.extract("stream", list(streams))
        entries.extract("flags", list(flags))
        entries.extract("time", list(stamps))
        entries.extract(
            "content", [None if stamp is None else line for stamp, line in zip(stamps, new_lines, strict=True)]
        )
        if partial or self._parts:
            return self._join(entries, set(partial))
        return entries

    def _join(self, entries: Entries, partial: set[int]) -> Entries:
        keys = [label_key(labels) for labels in entries.sets]
        keep: list[int] = []
        early: list[Entries] = []
        streams = entries.extracted["stream"]
        for row in range(len(entries)):
            if streams[row] is None:
                keep.append(row)
                continue
            key = keys[entries.set_of[row]]
            part = self._parts.get(key)
            if row in partial:
                if part is not None:
                    self._add(part, entries.lines[row])
                    continue
                if len(self._parts) >= self._max_lines:
                    # A bound on what is held: what there is goes on as it is.
                    log.warn(
                        "cri stage: partial lines upperbound exceeded. merging it to single line",
                        threshold=self._max_lines,
                    )
                    early += self.due(FOREVER_NS)
                self._parts[key] = _Part(entries.single(row), entries.lines[row])
                continue
            if part is not None:
                self._add(part, entries.lines[row])
                entries.lines[row] = b"".join(part.pieces)
                del self._parts[key]
            keep.append(row)
        rest = entries.take(keep)
        if not early:
            return rest
        return concatenated([*early, rest])

    def _add(self, part: _Part, piece: bytes) -> None:
        if self._max_bytes and part.size + len(piece) > self._max_bytes:
            piece = piece[: max(0, self._max_bytes - part.size)]
        part.pieces.append(piece)
        part.size += len(piece)

    def due(self, now_ns: int) -> list[Entries]:
        """Nothing, until all that is held is asked for: a line ends when its end is read."""
        if now_ns < FOREVER_NS:
            return []
        out: list[Entries] = []
        for part in self._parts.values():
            part.entry.lines = [b"".join(part.pieces)]
            out.append(part.entry)
        self._parts.clear()
        return out

    def held_from(self, origin: str) -> int | None:
        """Where the first part starts that waits for its end."""
        return min((part.at for part in self._parts.values() if part.entry.origin == origin), default=None)


def make(config: CriConfig, context: StageContext) -> Stage:
    """The stage of a configuration."""
    return CriStage(config)
