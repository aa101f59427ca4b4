"""`timestamp`: the time of an entry is one that was extracted."""

from __future__ import annotations

import datetime as dt
import re
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from watchkeeper.core.config.kinds import Choice, ListOf, Nested, Text
from watchkeeper.core.config.schema import section, setting
from watchkeeper.core.model.gotime import LAYOUTS, UTC, find_zone, go_date
from watchkeeper.core.model.gotime_layout import Part, take_apart
from watchkeeper.core.model.gotime_parser import TimeError, parse_time
from watchkeeper.logs.agent.entries import Entries
from watchkeeper.logs.agent.stages.rfc3339 import TimeReader
from watchkeeper.logs.agent.stages.stage import Stage, StageContext, label_key

KNOWN_STREAMS: Final = 10_000
KNOWN_TEXTS: Final = 4096
_UNIX: Final = {"UnixMs": 10**6, "UnixUs": 10**3, "UnixNs": 1}
_SECONDS: Final = re.compile(r"([+-]?)([0-9]+)(?:\.([0-9]*))?")
_INTEGER: Final = re.compile(r"[+-]?[0-9]+")
_NAMED: Final = (
    "ANSIC",
    "UnixDate",
    "RubyDate",
    "RFC822",
    "RFC822Z",
    "RFC850",
    "RFC1123",
    "RFC1123Z",
    "RFC3339",
    "RFC3339Nano",
)

Reader = Callable[[str], int | None]


def _check_zone(name: str) -> None:
    try:
        find_zone(name)
    except (LookupError, ValueError, OSError):
        raise ValueError(f"invalid location specified: unknown time zone {name}") from None


@section
class TimestampConfig:
    """`timestamp`: reads a time by a named format, `Unix`, `UnixMs`, `UnixUs`, `UnixNs`, or one of Go's layouts."""

    source: str = setting(Text(filled=True))
    format: str = setting(Text(filled=True))
    fallback_formats: tuple[str, ...] = setting(ListOf(Text(filled=True)), default=())
    location: str = setting(Text(_check_zone), default="")
    action_on_failure: str = setting(Choice("fudge", "skip"), default="fudge")


KIND: Final = Nested(TimestampConfig)


def _parts(layout: str) -> set[Part]:
    return {element.part for element in take_apart(layout) if element.part is not None}


class TimestampStage:
    """Sets times."""

    def __init__(self, config: TimestampConfig, context: StageContext) -> None:
        zone = find_zone(config.location) if config.location else UTC
        self._readers = [
            _reader(layout, zone, context.clock_ns) for layout in (config.format, *config.fallback_formats)
        ]
        self._source = config.source
        self._fudges = config.action_on_failure == "fudge"
        self._last: OrderedDict[tuple[tuple[str, str], ...], int] = OrderedDict()

    def run(self, entries: Entries) -> Entries:
        """The entries with their times; one that can't be read is one ns later than the last that could."""
        first = self._readers[0]
        read = [None if text is None else first(text) for text in entries.source(self._source)]
        if None in read and len(self._readers) > 1:
            texts = entries.source(self._source)
            read = [then if then is not None else self._other(text) for then, text in zip(read, texts, strict=True)]
        if not self._fudges:
            entries.times_ns = [now if then is None else then for then, now in zip(read, entries.times_ns, strict=True)]
            return entries
        keys = [label_key(labels) for labels in entries.sets]
        last = [self._last.get(key) for key in keys]
        times: list[int] = []
        for then, now, code in zip(read, entries.times_ns, entries.set_of, strict=True):
            if then is None:
                before = last[code]
                if before is None:
                    times.append(now)
                    continue
                then = before + 1
            last[code] = then
            times.append(then)
        entries.times_ns = times
        for key, then in zip(keys, last, strict=True):
            if then is not None:
                self._last[key] = then
                self._last.move_to_end(key)
        while len(self._last) > KNOWN_STREAMS:
            self._last.popitem(last=False)
        return entries

    def _other(self, text: str | None) -> int | None:
        if text is None:
            return None
        for reader in self._readers[1:]:
            found = reader(text)
            if found is not None:
                return found
        return None


def _reader(layout: str, zone: dt.tzinfo, clock_ns: Callable[[], int]) -> Reader:
    """How texts of a format are read; None from it for one that is not of it."""
    if layout == "Unix":
        return _unix_seconds
    if layout in _UNIX:
        unit_ns = _UNIX[layout]
        return lambda text: int(text) * unit_ns if _INTEGER.fullmatch(text) else None
    go_layout = LAYOUTS[layout] if layout in _NAMED else layout
    parts = _parts(go_layout)
    has_year = bool(parts & {Part.LONG_YEAR, Part.YEAR})
    quick = TimeReader().read if go_layout.startswith(LAYOUTS["RFC3339"][:19]) and "Z07:00" in go_layout else None
    known: dict[str, int | None] = {}

    def read(text: str) -> int | None:
        if quick is not None and (then := quick(text)) is not None:
            return then
        found = known.get(text, -1)
        # A text without a year means another one next year.
        if found != -1 and has_year:
            return found
        if len(known) >= KNOWN_TEXTS:
            known.clear()
        try:
            moment = parse_time(go_layout, text, zone)
        except TimeError:
            known[text] = None
            return None
        if not has_year:
            civil = moment.civil()
            now = dt.datetime.fromtimestamp(clock_ns() / 1e9, UTC)
            year = now.year
            if civil.month == 12 and now.month == 1:
                year -= 1
            elif civil.month == 1 and now.month == 12:
                year += 1
            moment = go_date(
                civil.year + year,
                civil.month,
                civil.day,
                civil.hour,
                civil.minute,
                civil.second,
                civil.nanosecond,
                zone,
            )
        known[text] = moment.unix_ns
        return moment.unix_ns

    return read


def _unix_seconds(text: str) -> int | None:
    match = _SECONDS.fullmatch(text)
    if match is None:
        return None
    sign, whole, fraction = match.groups()
    found = int(whole) * 10**9 + int((fraction or "")[:9].ljust(9, "0"))
    return -found if sign == "-" else found


def make(config: TimestampConfig, context: StageContext) -> Stage:
    """The stage of a configuration."""
    return TimestampStage(config, context)
