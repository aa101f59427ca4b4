"""The `detected_level` of each entry: from its stream's labels, its structured metadata, or its line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

from watchkeeper.core.kernels import line_fields, pair_names
from watchkeeper.core.kernels.line_block import LEVELS, Metadata
from watchkeeper.core.kernels.texts import Texts
from watchkeeper.core.model.labels import Labels
from watchkeeper.logs.interface import EntryBatch
from watchkeeper.logs.store.limits_ingest import LOG_LEVEL_FIELDS

Levels = npt.NDArray[np.uint8]
Places = npt.NDArray[np.int64]

DETECTED_LEVEL: Final = b"detected_level"
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
_SEVERITY_LEVELS: Final = np.array(list(SEVERITY_NUMBERS.values()), np.uint8)
# A level is mostly written in one of three ways; other mixtures of letters are looked up one by one.
_SPELLINGS: Final = [spelling for word in WORDS for spelling in (word, word.upper(), word.capitalize())]
_SPELLING_LEVELS: Final = np.array([WORDS[spelling.lower()] for spelling in _SPELLINGS], np.uint8)
_LONGEST: Final = max(map(len, WORDS))


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
        _from_metadata(batch.metadata, batch.data, fields, levels, asked)
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
    metadata: Metadata, data: bytes, fields: tuple[str, ...], levels: Levels, asked: npt.NDArray[np.bool_]
) -> None:
    """Fill in levels that metadata names; `asked` stays True where it names none."""
    # The last one counts, so the most important comes last.
    names = [SEVERITY_NUMBER, *(field.encode() for field in reversed(fields)), DETECTED_LEVEL]
    which = pair_names.find(data, metadata.name_at, metadata.name_end, names)
    for k in np.unique(which[which >= 0]).tolist():
        pairs = np.flatnonzero(which == k)
        rows = np.searchsorted(metadata.pair_lo, pairs, "right") - 1
        if names[k] == DETECTED_LEVEL:
            asked &= levels == NONE
            levels[rows], asked[rows] = NONE, False
            return
        at, end = metadata.value_at[pairs], metadata.value_end[pairs]
        found = _severities(data, at, end) if names[k] == SEVERITY_NUMBER else _words(data, at, end)
        wanted = asked[rows]  # What the stream's labels say counts more.
        levels[rows[wanted]] = found[wanted]
    asked &= levels == NONE


def _severities(data: bytes, at: Places, end: Places) -> Levels:
    which = pair_names.find(data, at, end, list(SEVERITY_NUMBERS))
    return np.where(which < 0, INFO, _SEVERITY_LEVELS[which])


def _words(data: bytes, at: Places, end: Places) -> Levels:
    """The level of each text, however its letters are written."""
    which = pair_names.find(data, at, end, _SPELLINGS)
    levels = np.where(which < 0, UNKNOWN, _SPELLING_LEVELS[which]).astype(np.uint8)
    odd = np.flatnonzero((which < 0) & (end - at <= _LONGEST))
    if len(odd):
        texts = [data[lo:hi].lower() for lo, hi in zip(at[odd].tolist(), end[odd].tolist(), strict=True)]
        levels[odd] = [WORDS.get(text, UNKNOWN) for text in texts]
    return levels
