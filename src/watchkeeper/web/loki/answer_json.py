"""Answers of queries as JSON: streams, matrices, vectors, scalars and their statistics."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import orjson

from watchkeeper.core.kernels import number_text
from watchkeeper.core.kernels.number_text import format_float, format_plain, format_time
from watchkeeper.core.kernels.texts import Texts
from watchkeeper.core.model.labels import Labels
from watchkeeper.logs.logql.answer import Answer, LogStream, LogStreams, Matrix, Scalar, Stats, Vector
from watchkeeper.web.loki.params import MS, rfc3339
from watchkeeper.web.loki.stats_json import stats_json

CATEGORIZE: Final = "categorize-labels"
SMALL: Final = 1e-6  # Below, and from LARGE on, Prometheus's API writes exponents and Loki's does not.
LARGE: Final = 1e21


def query_json(answer: Answer, *, categorize: bool, forward: bool = False) -> bytes:
    """The whole body of a query's answer, with a newline at its end."""
    parts = [b'{"status":"success"']
    if answer.warnings:
        parts += [b',"warnings":', dumps(answer.warnings)]
    kind, result = result_json(answer.data, categorize=categorize, forward=forward)
    flags = b'"encodingFlags":["%b"],' % CATEGORIZE.encode() if categorize else b""
    parts.append(b',"data":{"resultType":"%b",%b"result":' % (kind, flags))
    parts += [result, b',"stats":', stats_json(answer.stats), b"}}\n"]
    return b"".join(parts)


def legacy_query_json(streams: LogStreams, stats: Stats, *, forward: bool = False) -> bytes:
    """The same for `/api/prom/query`: `{"streams":[{"labels":"{…}","entries":[{"ts","line"}]}],"stats"}`."""
    out = [
        {
            "labels": str(Labels(labels)),
            "entries": [
                {"ts": rfc3339(ts), "line": line} for ts, line in _values(members, categorize=False, forward=forward)
            ],
        }
        for labels, members in _grouped(streams.streams, categorize=False)
    ]
    return b'{"streams":%b,"stats":%b}\n' % (dumps(out), stats_json(stats))


def result_json(
    data: LogStreams | Matrix | Vector | Scalar, *, categorize: bool, forward: bool = False
) -> tuple[bytes, bytes]:
    """The result's type and the result. `forward` says in which direction a query's lines are."""
    match data:
        case LogStreams():
            return b"streams", dumps(stream_objects(data, categorize=categorize, forward=forward))
        case Matrix():
            return b"matrix", _series_json(data.labels, data.values, data.present, data.times_ns)
        case Vector():
            values = np.asarray(data.values, np.float64).reshape(-1, 1)
            times_ns = np.array([data.time_ns], np.int64)
            return b"vector", _series_json(data.labels, values, np.ones(values.shape, np.bool_), times_ns, single=True)
        case Scalar():
            text = f'[{format_time(data.time_ns // MS)},"{format_float(data.value)}"]'
            return b"scalar", text.encode()


def stream_objects(streams: LogStreams, *, categorize: bool, forward: bool = False) -> list[dict[str, Any]]:
    """The list of streams, before it becomes text.

    With `categorize` a stream has its own labels alone, and each value a third member with the rest; without, streams
    are those of all their labels.
    """
    return [
        {
            "stream": dict(labels),
            "values": [(str(ts), *rest) for ts, *rest in _values(members, categorize=categorize, forward=forward)],
        }
        for labels, members in _grouped(streams.streams, categorize=categorize)
    ]


def dumps(value: Any) -> bytes:
    """JSON; half a surrogate pair, which UTF-8 can't hold, becomes a question mark."""
    try:
        return orjson.dumps(value)
    except TypeError:
        return orjson.dumps(_clean(value))


def line_texts(lines: Texts) -> list[str]:
    """Lines as text; bytes that are not UTF-8 become U+FFFD."""
    if not len(lines):
        return []
    offsets = lines.offsets.tolist()
    lo = offsets[0]
    whole = lines.data[lo : offsets[-1]]
    if whole.isascii():
        text = whole.decode("ascii")
        return [text[a - lo : b - lo] for a, b in itertools.pairwise(offsets)]
    return lines.strings()


Pairs = tuple[tuple[str, str], ...]


def _grouped(streams: Sequence[LogStream], *, categorize: bool) -> list[tuple[Pairs, list[LogStream]]]:
    """Streams by the labels that are shown, in order of these."""
    groups: dict[Pairs, list[LogStream]] = {}
    for stream in streams:
        groups.setdefault(stream.labels.pairs if categorize else _merged(stream), []).append(stream)
    return sorted(groups.items(), key=lambda item: item[0])


def _merged(stream: LogStream) -> Pairs:
    """All labels in one set, as `LogStream.merged`; there may be as many sets as lines, so they are made in haste."""
    if not stream.structured.pairs and not stream.parsed.pairs:
        return stream.labels.pairs
    pairs = dict(stream.labels.pairs)
    pairs.update(stream.structured.pairs)
    pairs.update(stream.parsed.pairs)
    return tuple(sorted(pairs.items()))


def _values(members: list[LogStream], *, categorize: bool, forward: bool) -> list[tuple[Any, ...]]:
    """(ts, line) or (ts, line, rest) of one shown stream, in the query's direction."""
    rows: list[tuple[Any, ...]] = []
    for member in members:
        stamps, lines = member.times_ns.tolist(), line_texts(member.lines)
        if categorize:
            rows += zip(stamps, lines, itertools.repeat(_rest(member)))
        else:
            rows += zip(stamps, lines, strict=True)
    if len(members) > 1:
        rows.sort(key=operator.itemgetter(0), reverse=not forward)
    return rows


def _rest(stream: LogStream) -> dict[str, dict[str, str]]:
    rest = {}
    if stream.structured.pairs:
        rest["structuredMetadata"] = stream.structured.as_dict()
    if stream.parsed.pairs:
        rest["parsed"] = stream.parsed.as_dict()
    return rest


def _series_json(
    labels: Sequence[Labels],
    values: npt.NDArray[np.float64],
    present: npt.NDArray[np.bool_],
    times_ns: npt.NDArray[np.int64],
    *,
    single: bool = False,
) -> bytes:
    sizes = np.abs(values[present])
    if bool(((sizes < SMALL) & (sizes > 0)).any()) or bool(((sizes >= LARGE) & np.isfinite(sizes)).any()):
        return _slow_series_json(labels, values, present, times_ns, single=single)
    names, codes, texts, text_at = _columns(labels)
    return number_text.result_json(
        names,
        codes,
        texts,
        text_at,
        np.ascontiguousarray(values, np.float64),
        np.ascontiguousarray(present, np.bool_).view(np.uint8),
        np.ascontiguousarray(times_ns // MS),
        single,
        {},
    )


def _slow_series_json(
    labels: Sequence[Labels],
    values: npt.NDArray[np.float64],
    present: npt.NDArray[np.bool_],
    times_ns: npt.NDArray[np.int64],
    *,
    single: bool,
) -> bytes:
    stamps = [format_time(time_ms) for time_ms in (times_ns // MS).tolist()]
    out = []
    for i, metric in enumerate(labels):
        points = [
            f'[{stamps[k]},"{format_plain(values[i, k]) if np.isfinite(values[i, k]) else format_float(values[i, k])}"]'
            for k in np.flatnonzero(present[i]).tolist()
        ]
        text = f'"value":{points[0]}' if single else f'"values":[{",".join(points)}]'
        out.append(b'{"metric":%b,%b}' % (dumps(metric.as_dict()), text.encode()))
    return b"[" + b",".join(out) + b"]"


def _columns(
    labels: Sequence[Labels],
) -> tuple[list[bytes], npt.NDArray[np.int32], bytes, npt.NDArray[np.int64]]:
    """Label names and values as JSON, and codes into the values, for the kernel."""
    names = sorted({name for metric in labels for name, _ in metric.pairs})
    place = {name: i for i, name in enumerate(names)}
    known: dict[str, int] = {}
    codes = np.zeros((len(labels), len(names)), np.int32)
    for i, metric in enumerate(labels):
        for name, value in metric.pairs:
            codes[i, place[name]] = known.setdefault(value, len(known) + 1)
    texts, text_at = number_text.quoted_texts(list(known))
    return [number_text.quoted_texts([name])[0] + b":" for name in names], codes, texts, text_at


def _clean(value: Any) -> Any:
    match value:
        case str():
            return value.encode("utf-8", "replace").decode()
        case dict():
            return {_clean(key): _clean(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_clean(inner) for inner in value]
    return value
