"""The `detected_level` of each entry: from its stream's labels, its structured metadata, or its line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

from watchkeeper.core.kernels import line_fields
from watchkeeper.core.kernels.line_block import LEVELS, Metadata
from watchkeeper.core.kernels.texts import Texts
from watchkeeper.core.model.labels import Labels
from watchkeeper.logs.interface import EntryBatch
from watchkeeper.logs.store.limits_ingest import LOG_LEVEL_FIELDS

Levels = npt.NDArray[np.uint8]
Places = npt.NDArray[np.int64]

DETECTED_LEVEL: Final = "detected_level"
SEVERITY_NUMBER: Final = b"severity_number"
NONE: Final = LEVELS.index("")
UNKNOWN: Final = LEVELS.index("unknown")
INFO: Final = LEVELS.index("info")
WORDS: Final[Mapping[bytes, int]] = {
    word.encode(): LEVELS.index(level)
    for level, words in {
        "trace": ("trace", "trc"),
        "debug": ("debug", "dbg"),
        "info": ("info", "inf", "information"),
        "warn": ("warn", "wrn", "warning"),
        "error": ("error", "err"),
        "critical": ("critical",),
        "fatal": ("fatal",),
    }.items()
    for word in words
}
_SEVERITIES: Final = ("trace", "debug", "info", "warn", "error", "fatal")  # Four numbers of OpenTelemetry's each.
SEVERITY_NUMBERS: Final[Mapping[bytes, int]] = {b"0": UNKNOWN} | {
    b"%d" % number: LEVELS.index(_SEVERITIES[(number - 1) // 4]) for number in range(1, 25)
}


def level_of_labels(labels: Labels, fields: tuple[str, ...]) -> int:
    """The level that a stream's labels name; 0 where they name none."""
    for name in fields:
        value = labels.get(name)
        if value:
            return WORDS.get(value.lower().encode(), UNKNOWN)
    return NONE


def detected_levels(
    batch: EntryBatch, of_streams: npt.NDArray[np.uint8], fields: tuple[str, ...] = LOG_LEVEL_FIELDS
) -> Levels:
    """uint8 (n,), indices into LEVELS: 0 for an entry that has a `detected_level` in its metadata already.

    of_streams  uint8 (n_streams,): what `level_of_labels` says of each stream
    fields      names of fields that hold a level, the first that is there counts
    """
    levels = np.repeat(of_streams, np.diff(batch.entry_lo))
    asked = levels == NONE
    if batch.metadata is not None and len(batch.metadata.name_at):
        _from_metadata(batch.metadata, np.frombuffer(batch.data, np.uint8), fields, levels, asked)
    if asked.all():
        return _of_lines(batch, fields)
    if asked.any():
        levels[asked] = _of_lines(batch, fields)[asked]
    return levels


def _of_lines(batch: EntryBatch, fields: tuple[str, ...]) -> Levels:
    names = None if fields == LOG_LEVEL_FIELDS else tuple(name.encode() for name in fields)
    return line_fields.levels(_lines(batch), names)[::2] if len(batch.times_ns) else np.zeros(0, np.uint8)


def _lines(batch: EntryBatch) -> Texts:
    """The lines in turn with what stands between them, so that nothing is copied: line i is text 2 i."""
    n = len(batch.line_at)
    offsets = np.empty(2 * n, np.int64)
    offsets[0::2] = batch.line_at
    offsets[1::2] = batch.line_end
    if n and (offsets[1:] < offsets[:-1]).any():
        parts = [batch.data[lo:hi] for lo, hi in zip(batch.line_at.tolist(), batch.line_end.tolist(), strict=True)]
        return Texts.of(text for part in parts for text in (part, b""))
    return Texts(batch.data, offsets)


def _from_metadata(
    metadata: Metadata,
    data: npt.NDArray[np.uint8],
    fields: tuple[str, ...],
    levels: Levels,
    asked: npt.NDArray[np.bool_],
) -> None:
    """Fill in levels that metadata names; `asked` stays True where it names none."""
    sizes = metadata.name_end - metadata.name_at
    # The last one counts, so the most important comes last.
    for name, table, default in (
        (SEVERITY_NUMBER, SEVERITY_NUMBERS, INFO),
        *((field.encode(), WORDS, UNKNOWN) for field in reversed(fields)),
    ):
        pairs = _pairs_named(metadata, sizes, data, name)
        if len(pairs):
            rows = np.searchsorted(metadata.pair_lo, pairs, "right") - 1
            found = _looked_up(data, metadata.value_at[pairs], metadata.value_end[pairs], table, default)
            wanted = asked[rows]  # What the stream's labels say counts more.
            levels[rows[wanted]] = found[wanted]
    asked &= levels == NONE
    pairs = _pairs_named(metadata, sizes, data, DETECTED_LEVEL.encode())
    if len(pairs):
        rows = np.searchsorted(metadata.pair_lo, pairs, "right") - 1
        levels[rows], asked[rows] = NONE, False


def _pairs_named(metadata: Metadata, sizes: Places, data: npt.NDArray[np.uint8], name: bytes) -> Places:
    """Numbers of the pairs that have this name, ascending."""
    pairs = np.flatnonzero(sizes == len(name))
    if not len(pairs):
        return pairs
    texts = data[metadata.name_at[pairs][:, None] + np.arange(len(name))]
    found: Places = pairs[(texts == np.frombuffer(name, np.uint8)).all(axis=1)]
    return found


def _looked_up(
    data: npt.NDArray[np.uint8], at: Places, end: Places, table: Mapping[bytes, int], default: int
) -> npt.NDArray[np.uint8]:
    """What a table says of each text, upper and lower case alike; `default` where it says nothing."""
    out = np.full(len(at), default, np.uint8)
    sizes = end - at
    for size in {len(word) for word in table}:
        rows = np.flatnonzero(sizes == size)
        if not len(rows):
            continue
        texts = data[at[rows][:, None] + np.arange(size)]
        lower = np.where((texts >= ord("A")) & (texts <= ord("Z")), texts | 0x20, texts)
        for word in {text for text in table if len(text) == size}:
            out[rows[(lower == np.frombuffer(word, np.uint8)).all(axis=1)]] = table[word]
    return out
