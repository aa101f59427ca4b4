"""The `detected_level` of each entry: from its stream's labels, its structured metadata, or its line."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from watchkeeper.core.kernels import line_fields, pair_names
from watchkeeper.core.kernels.line_block import LEVELS, Metadata
from watchkeeper.core.model.labels import Labels
from watchkeeper.logs.interface import EntryBatch
from watchkeeper.logs.lines.levels import JSON_DEPTH, LEVEL_FIELDS, LEVEL_WORDS, level_of, level_of_severity

Levels = npt.NDArray[np.uint8]
Places = npt.NDArray[np.int64]

DETECTED_LEVEL: Final = b"detected_level"
SEVERITY_NUMBER: Final = b"severity_number"
NONE: Final = LEVELS.index("")
UNKNOWN: Final = LEVELS.index("unknown")
INFO: Final = LEVELS.index("info")
WORDS: Final = {word.encode(): LEVELS.index(level) for word, level in LEVEL_WORDS.items()}
SEVERITY_NUMBERS: Final = {b"%d" % number: LEVELS.index(level_of_severity(number)) for number in range(25)}
_SEVERITY_LEVELS: Final = np.array(list(SEVERITY_NUMBERS.values()), np.uint8)
# A level is mostly written in one of three ways; other mixtures of letters are looked up one by one.
_SPELLINGS: Final = [spelling for word in WORDS for spelling in (word, word.upper(), word.capitalize())]
_SPELLING_LEVELS: Final = np.array([WORDS[spelling.lower()] for spelling in _SPELLINGS], np.uint8)
_LONGEST: Final = max(map(len, WORDS))
_DEEPEST: Final = 2**31 - 1  # Of a kernel's int: no line is so deep.


def level_of_labels(labels: Labels, fields: tuple[str, ...]) -> int:
    """The level that a stream's labels name; 0 where they name none."""
    for name in fields:
        value = labels.get(name)
        if value:
            return LEVELS.index(level_of(value) or "unknown")
    return NONE


def detected_levels(
    batch: EntryBatch,
    of_streams: npt.NDArray[np.uint8],
    fields: tuple[str, ...] = LEVEL_FIELDS,
    json_depth: int = JSON_DEPTH,
) -> Levels:
    """uint8 (n,), indices into LEVELS: 0 for an entry that has a `detected_level` in its metadata already.

    of_streams  uint8 (n_streams,): what `level_of_labels` says of each stream
    fields      names of fields that hold a level, the first that is there counts
    json_depth  a field of JSON counts inside of so many objects; for 0 or less, of any number
    """
    levels = np.repeat(of_streams, np.diff(batch.entry_lo))
    asked = levels == NONE
    if batch.metadata is not None and len(batch.metadata.name_at):
        _from_metadata(batch.metadata, batch.data, fields, levels, asked)
    if asked.any():
        at, end = batch.line_at[asked], batch.line_end[asked]
        names, depth = tuple(map(str.encode, fields)), min(json_depth, _DEEPEST)
        levels[asked] = line_fields.levels_at(batch.data, at, end, names, depth)
    return levels


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
