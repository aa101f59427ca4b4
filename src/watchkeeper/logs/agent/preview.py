"""Entries for people: as they would be sent, and before and after each stage."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final, TextIO

from watchkeeper.logs.agent.entries import Entries, Metadata, text_of
from watchkeeper.logs.agent.pipeline import Pipeline
from watchkeeper.logs.agent.send.streams import Run, StreamKeys, stream_text
from watchkeeper.logs.agent.stages.stage import Stage

_RED: Final = "31"
_GREEN: Final = "32"
_YELLOW: Final = "33"
_BLUE: Final = "34"
_BOLD: Final = "1"
_DIM: Final = "2"


def shown_time(time_ns: int) -> str:
    """`2024-01-01T00:00:00.123456789Z`."""
    second, nanos = divmod(time_ns, 10**9)
    try:
        text = datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    except (OverflowError, ValueError, OSError):
        return f"{time_ns} ns"
    return f"{text}.{nanos:09d}Z"


def shown_line(line: bytes) -> str:
    """A line without control characters that a terminal would obey."""
    text = line.decode("utf-8", "replace")
    return "".join(char if char.isprintable() or char == "\t" else repr(char)[1:-1] for char in text)


class Printer:
    """Writes entries to a stream."""

    def __init__(self, out: TextIO, *, colored: bool) -> None:
        self._out = out
        self.is_colored = colored

    def paint(self, text: str, color: str) -> str:
        """The text in a colour."""
        return f"\x1b[{color}m{text}\x1b[0m" if self.is_colored else text

    def write(self, text: str) -> None:
        """One line."""
        self._out.write(text + "\n")
        self._out.flush()

    def entry(self, time_ns: int, labels: str, line: bytes, metadata: Metadata) -> None:
        """One entry as it would be sent."""
        text = self.paint(shown_line(line), _GREEN)
        parts = [self.paint(shown_time(time_ns), _YELLOW), self.paint(labels, _BLUE), text]
        if metadata:
            parts.append(self.paint(stream_text(metadata), _DIM))
        self.write("\t".join(parts))

    def run(self, run: Run) -> None:
        """Entries of one stream."""
        for row, line in enumerate(run.lines):
            metadata = run.metadata[row] if run.metadata else ()
            self.entry(run.times_ns[row], run.stream.text, line, metadata)


class Inspected:
    """A stage that tells what it changes."""

    def __init__(self, stage: Stage, name: str, printer: Printer) -> None:
        self._stage = stage
        self._name = name
        self._printer = printer

    def run(self, entries: Entries) -> Entries:
        """As the stage does it."""
        if len(entries) > 1:
            # One by one, so that what becomes of each is plain.
            from watchkeeper.logs.agent.entries import concatenated

            parts = [self.run(entries.take([row])) for row in range(len(entries))]
            left = [part for part in parts if part.lines]
            return concatenated(left) if left else parts[0]
        before = _snapshot(entries)
        after = self._stage.run(entries)
        self._tell(before, after)
        return after

    def _tell(self, before: dict[str, dict[str, str]], after: Entries) -> None:
        printer = self._printer
        lines: list[str] = []
        if not after.lines:
            lines.append(printer.paint("  dropped, or held until more is known", _RED))
        for row in range(len(after)):
            now = _snapshot(after, row)
            for what, values in now.items():
                lines += _difference(printer, what, before[what], values)
        if lines:
            printer.write(printer.paint(f"[inspect: {self._name} stage]: ", _BOLD))
            for line in lines:
                printer.write(line)

    def __getattr__(self, name: str) -> Any:
        # A stage that holds lines back is asked for them through this one.
        if name in ("due", "held_from", "is_full"):
            return getattr(self._stage, name)
        raise AttributeError(name)


def _snapshot(entries: Entries, row: int = 0) -> dict[str, dict[str, str]]:
    names = dict.fromkeys([*entries.initial, *entries.extracted])
    extracted = {}
    for name in names:
        text = text_of((entries.column(name) or [None])[row])
        if text is not None:
            extracted[name] = text
    return {
        "timestamp": {"": shown_time(entries.times_ns[row])},
        "labels": dict(entries.sets[entries.set_of[row]]),
        "extracted": extracted,
        "metadata": dict(entries.metadata[row]) if entries.metadata else {},
        "line": {"": shown_line(entries.lines[row])},
    }


def _difference(printer: Printer, what: str, before: dict[str, str], after: dict[str, str]) -> list[str]:
    if before == after:
        return []
    lines = [f"  {what}:"]
    for name in dict.fromkeys([*before, *after]):
        old, new = before.get(name), after.get(name)
        label = f"{name}: " if name else ""
        if old == new:
            continue
        if old is not None:
            lines.append(printer.paint(f"    - {label}{old}", _RED))
        if new is not None:
            lines.append(printer.paint(f"    + {label}{new}", _GREEN))
    return lines


class BeforeAfter:
    """A pipeline that shows each line as it was read and as it would be sent."""

    def __init__(self, pipeline: Pipeline, printer: Printer) -> None:
        self._pipeline = pipeline
        self._keys = StreamKeys()
        self._printer = printer

    def run(self, entries: Entries) -> list[Entries]:
        """Prints what the pipeline makes of each line; nothing is left to be handed on."""
        for row in range(len(entries)):
            one = entries.single(row)
            before = f"{stream_text(tuple(sorted(one.sets[0].items())))}\t{shown_line(one.lines[0])}"
            after = self._pipeline.run(one)
            runs = [run for made in after for run in self._keys.runs(made)]
            shown = [f"{run.stream.text}\t{shown_line(line)}" for run in runs for line in run.lines]
            if shown != [before]:
                self._printer.write(self._printer.paint(f"- {before}", _RED))
                if not shown:
                    self._printer.write(self._printer.paint("  dropped, or held until more is known", _DIM))
            for run in runs:
                self._printer.run(run)
        return []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pipeline, name)


def inspect_pipeline(pipeline: Pipeline, printer: Printer) -> None:
    """Makes every stage tell what it changes."""
    for i, stage in enumerate(pipeline.stages):
        pipeline.stages.replace(i, Inspected(stage, pipeline.names[i], printer))
