"""What fields lines turn out to have, and which labels tell streams apart: for tools that offer them to choose from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import orjson

from watchkeeper.core.kernels import line_fields
from watchkeeper.core.kernels.texts import Coded, Texts
from watchkeeper.logs.interface import Stream
from watchkeeper.logs.lines.names import clean_name, extracted_name
from watchkeeper.logs.lines.units import UnitError, parse_bytes, parse_float, parse_go_duration_ns
from watchkeeper.logs.logql.answer import LogStream, LogStreams
from watchkeeper.logs.logql.columns import gathered
from watchkeeper.logs.logql.rows import ERROR, ERROR_DETAILS

ALWAYS_KEPT: Final = frozenset(("cluster", "namespace", "instance", "pod"))
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}")
_INTEGER: Final = re.compile(r"[+-]?[0-9]+")
_BOOLEANS: Final = frozenset(("1", "t", "T", "TRUE", "true", "True", "0", "f", "F", "FALSE", "false", "False"))
_NO_FIELDS: Final = frozenset((ERROR, ERROR_DETAILS, "__stream_shard__"))


@dataclass(slots=True)
class DetectedField:
    """One field of lines or of structured metadata.

    type         int, float, boolean, duration, bytes or string: of the first value that was met
    cardinality  how many values it has
    parsers      that find it in lines; empty for structured metadata
    json_path    keys down to it, where it was found in JSON
    """

    label: str
    type: str
    values: dict[str, None] = field(default_factory=dict)
    parsers: list[str] = field(default_factory=list)
    json_path: list[str] = field(default_factory=list)

    @property
    def cardinality(self) -> int:
        """How many different values were met."""
        return len(self.values)


def detected_fields(streams: LogStreams, limit: int) -> list[DetectedField]:
    """At most `limit` fields of these lines, sorted by name. JSON is tried first, then logfmt."""
    found: dict[str, DetectedField] = {}

    def add(name: str, value: str, parser: str | None) -> None:
        if name in _NO_FIELDS or not value:
            return
        known = found.get(name)
        if known is None:
            if len(found) >= limit:
                return
            known = found[name] = DetectedField(name, type_of(value))
        known.values[value] = None
        if parser is not None and parser not in known.parsers:
            known.parsers.append(parser)

    for stream in streams.streams:
        for name, value in (*stream.structured, *stream.parsed):
            add(name, value, None)
        taken = {name for labels in (stream.labels, stream.structured) for name, _ in labels}
        parsed = {name for name, _ in stream.parsed}
        for parser, columns in _parsed(stream):
            for name, coded in columns.items():
                label = extracted_name(name, taken)
                for code in np.unique(coded.codes[coded.codes >= 0]).tolist():
                    add(label, coded.values[code].decode("utf-8", "replace"), parser)
                if label in parsed and label in found and parser not in found[label].parsers:
                    found[label].parsers.append(parser)
        _add_paths(stream.lines, taken, found)
    return sorted(found.values(), key=lambda each: each.label)


def detected_values(streams: LogStreams, name: str, limit: int) -> list[str]:
    """At most `limit` values of one field of these lines, sorted."""
    for each in detected_fields(streams, 1 << 30):
        if each.label == name:
            return sorted(list(each.values)[:limit])
    return []


def _parsed(stream: LogStream) -> Iterator[tuple[str, dict[str, Coded]]]:
    """The columns that each parser finds: JSON's in lines that it understands, logfmt's in all others."""
    columns, failed = line_fields.json(stream.lines, None)
    broken = failed != 0
    if not broken.all():
        yield "json", {name: _where(coded, ~broken) for name, coded in columns.items()}
    if broken.any():
        rest = stream.lines if broken.all() else gathered(stream.lines, broken)
        columns, _ = line_fields.logfmt(rest, None)
        yield "logfmt", columns


def _where(coded: Coded, rows: np.ndarray[Any, np.dtype[np.bool_]]) -> Coded:
    return Coded(np.where(rows, coded.codes, np.int32(-1)).astype(np.int32), coded.values)


def _add_paths(lines: Texts, taken: set[str], found: Mapping[str, DetectedField]) -> None:
    """The keys that lead to JSON fields: lines are read until all fields have theirs."""
    missing = {name for name, each in found.items() if "json" in each.parsers and not each.json_path}
    for line in lines:
        if not missing:
            return
        try:
            value = orjson.loads(line)
        except orjson.JSONDecodeError:
            continue
        if not isinstance(value, dict):
            continue
        for path in _paths(value, ()):
            name = clean_name("_".join(path))
            label = extracted_name(name, taken)
            if label in missing:
                missing.discard(label)
                found[label].json_path = list(path)


def _paths(value: Mapping[str, Any], above: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for key, inner in value.items():
        if isinstance(inner, dict):
            yield from _paths(inner, (*above, key))
        else:
            yield (*above, key)


def type_of(value: str) -> str:
    """What a value looks like."""
    if _INTEGER.fullmatch(value):
        return "int"
    for name, parse in (("float", parse_float), ("boolean", _boolean), ("duration", parse_go_duration_ns)):
        try:
            parse(value)
        except UnitError:
            continue
        return name
    try:
        parse_bytes(value)
    except UnitError:
        return "string"
    return "bytes"


def _boolean(value: str) -> None:
    if value not in _BOOLEANS:
        raise UnitError(value)


@dataclass(frozen=True, slots=True)
class DetectedLabel:
    """One label of streams, and how many values it has."""

    label: str
    cardinality: int


def detected_labels(streams: Iterable[Stream]) -> list[DetectedLabel]:
    """Labels that are worth choosing from, sorted by name: not those whose values all are ids or numbers, but always
    those that name a place in a cluster."""
    values: dict[str, set[str]] = {}
    for stream in streams:
        for name, value in stream.labels:
            values.setdefault(name, set()).add(value)
    return [
        DetectedLabel(name, len(values[name]))
        for name in sorted(values)
        if name in ALWAYS_KEPT or not all_ids(sorted(values[name]))
    ]


def all_ids(values: Sequence[str]) -> bool:
    """Whether all values are UUIDs or numbers."""
    return all(_UUID.fullmatch(value) or _is_number(value) for value in values)


def _is_number(value: str) -> bool:
    try:
        parse_float(value)
    except UnitError:
        return False
    return True
