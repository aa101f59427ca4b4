"""The index file of a block: which series are there, and where their columns lie; docs/formats/block.md draws it.

Each label name is a column over the series, sorted metric-major, so that a matcher is one look at a small dictionary
and one comparison over an array; there are no postings lists. Sections are decoded when first asked for.
"""

from __future__ import annotations

import json
import re
import struct
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from watchkeeper.core.codec.columns import ColumnGroup, compress, decompress, encode_axes
from watchkeeper.core.model.errors import CorruptionError
from watchkeeper.core.model.label_sets import LabelSets
from watchkeeper.core.model.labels import METRIC_NAME
from watchkeeper.core.model.matcher import Matcher, MatchType
from watchkeeper.metrics.tsdb.layout import FORMAT_VERSION, INDEX_FILE, INDEX_MAGIC
from watchkeeper.metrics.tsdb.records import map_file

Ints = npt.NDArray[np.int64]
Rows = npt.NDArray[np.int64]
Codes = npt.NDArray[np.integer[Any]]

INDEX_LEVEL: Final = 12  # Read far more often than written, and small.
_FOOTER: Final = struct.Struct("<II8s")  # Size and crc32 of the contents, and the magic again.
_LITERALS: Final = re.compile(r"[0-9A-Za-z_:/,=@%~ -]+(\|[0-9A-Za-z_:/,=@%~ -]+)*")
_DTYPES: Final[dict[int, np.dtype[Any]]] = {1: np.dtype("<u1"), 2: np.dtype("<u2"), 4: np.dtype("<u4")}


@dataclass(frozen=True, slots=True)
class LabelColumn:
    """One label's values for rows `lo` to `lo + len(codes)`; no other row has the label.

    codes     for each row, 0 (absent) or 1 + the place of its value in `symbols`
    symbols   int64, ascending: the values that occur, as numbers of the block's sorted symbols
    """

    lo: int
    codes: Codes
    symbols: Ints


ROW_ARRAYS: Final = ("axis", "start", "length")
"""By series: its time axis, its first cell there, and how many cells it has."""
GROUP_ARRAYS: Final = ("row", "offset", "size", "starts_offset", "starts_size")
"""By group of columns: its first series, and its record; that of its start times, or size 0."""
AXIS_ARRAYS: Final = ("length", "first", "last")
"""By time axis: cells, first time, last time (as a distance to the first)."""
AXIS_GROUP_ARRAYS: Final = ("axis", "offset", "size")
HISTOGRAM_ARRAYS: Final = ("row", "offset", "size", "first", "last", "samples")
SECTIONS: Final = {
    "rows": ROW_ARRAYS,
    "groups": GROUP_ARRAYS,
    "axes": AXIS_ARRAYS,
    "axis_groups": AXIS_GROUP_ARRAYS,
    "histograms": HISTOGRAM_ARRAYS,
}


def encode_index(
    n_rows: int,
    symbols: Sequence[str],
    labels: Iterable[tuple[str, LabelColumn]],
    sections: dict[str, dict[str, Ints]],
    chunks_bytes: int,
) -> bytes:
    """The bytes of an index file; `symbols` sorted and without the empty string, `labels` sorted by name."""
    out = bytearray(INDEX_MAGIC)

    def add(payload: bytes) -> list[int]:
        place = [len(out), len(payload), zlib.crc32(payload)]
        out.extend(payload)
        return place

    contents: dict[str, Any] = {"version": FORMAT_VERSION, "rows": n_rows, "chunks_bytes": chunks_bytes}
    text = b"\xff".join(symbol.encode("utf-8", "surrogatepass") for symbol in symbols)
    contents["symbols"] = [*add(compress(text, INDEX_LEVEL)), len(symbols)]
    columns = []
    for name, column in labels:
        width = 1 if len(column.symbols) < 1 << 8 else 2 if len(column.symbols) < 1 << 16 else 4
        numbers = encode_axes(column.symbols, np.array([0, len(column.symbols)]), INDEX_LEVEL)
        codes = compress(column.codes.astype(_DTYPES[width]).tobytes(), INDEX_LEVEL)
        place = add(struct.pack("<I", len(numbers)) + numbers + codes)
        columns.append([name, *place, column.lo, len(column.codes), width])
    contents["labels"] = columns
    contents["sections"] = {}
    for section, names in SECTIONS.items():
        arrays = [sections[section][name] for name in names]
        offsets = np.zeros(len(arrays) + 1, np.int64)
        np.cumsum([len(array) for array in arrays], out=offsets[1:])
        contents["sections"][section] = add(encode_axes(np.concatenate(arrays), offsets, INDEX_LEVEL))
    packed = compress(json.dumps(contents, separators=(",", ":")).encode(), INDEX_LEVEL)
    out += packed
    out += _FOOTER.pack(len(packed), zlib.crc32(packed), INDEX_MAGIC)
    return bytes(out)


class BlockIndex:
    """An opened index. Safe for many threads: what is decoded is kept, and never changes."""

    def __init__(self, directory: Path) -> None:
        """Reads the contents only. Raises CorruptionError."""
        path = directory / INDEX_FILE
        self._path = str(path)
        self._map = map_file(path, INDEX_MAGIC)
        self.size_bytes = len(self._map)
        try:
            end = self.size_bytes - _FOOTER.size
            if end < len(INDEX_MAGIC):
                raise self._corrupt(0, "the file is cut short")
            size, checksum, magic = _FOOTER.unpack(self._map[end:])
            if magic != INDEX_MAGIC or size > end - len(INDEX_MAGIC):
                raise self._corrupt(end, "the end of the file is damaged or missing")
            packed = self._map[end - size : end]
            if zlib.crc32(packed) != checksum:
                raise self._corrupt(end - size, "checksum mismatch")
            self._body_end = end - size
            try:
                contents = json.loads(decompress(packed))
                if contents["version"] != FORMAT_VERSION:
                    raise self._corrupt(end - size, f"format version {contents['version']} is not known")
                self.n_rows: int = contents["rows"]
                self.chunks_bytes: int = contents["chunks_bytes"]
                self._symbols_place: list[int] = contents["symbols"]
                self._label_places: dict[str, list[int]] = {name: place for name, *place in contents["labels"]}
                self._section_places: dict[str, list[int]] = contents["sections"]
            except (ValueError, KeyError, TypeError) as error:
                raise self._corrupt(end - size, f"bad contents: {error}") from None
        except CorruptionError:
            self._map.close()
            raise
        self._symbols: list[str] | None = None
        self._columns: dict[str, LabelColumn] = {}
        self._sections: dict[str, dict[str, Ints]] = {}

    # --- decoding ---------------------------------------------------------------------------------------------------

    @property
    def names(self) -> list[str]:
        """The label names that occur, sorted."""
        return list(self._label_places)

    @property
    def symbols(self) -> list[str]:
        """The empty string, then all label values, sorted."""
        symbols = self._symbols
        if symbols is None:
            *place, count = self._symbols_place
            text = self._read(place)
            with self._checked(place):
                parts = decompress(text).split(b"\xff") if count else []
                if len(parts) != count:
                    raise ValueError("another number of symbols")
                symbols = ["", *[part.decode("utf-8", "surrogatepass") for part in parts]]
            # Not read back: another thread may release it meanwhile.
            self._symbols = symbols
        return symbols

    def label(self, name: str) -> LabelColumn | None:
        """One label's column, or None where no series has it."""
        column = self._columns.get(name)
        if column is None and name in self._label_places:
            *place, lo, n, width = self._label_places[name]
            payload = self._read(place)
            with self._checked(place):
                (size,) = struct.unpack_from("<I", payload)
                numbers, _ = ColumnGroup(payload[4 : 4 + size]).decode_ints()
                codes = np.frombuffer(decompress(payload[4 + size :]), _DTYPES[width])
                if len(codes) != n or lo < 0 or lo + n > self.n_rows or int(codes.max(initial=0)) > len(numbers):
                    raise ValueError("codes do not fit")
                column = self._columns[name] = LabelColumn(lo, codes, numbers)
        return column

    def section(self, section: str) -> dict[str, Ints]:
        """The arrays of one section, by the names in `SECTIONS`: int64, but for `rows`, to be widened before sums."""
        found = self._sections.get(section)
        if found is None:
            place = self._section_places[section]
            payload = self._read(place)
            with self._checked(place):
                group = ColumnGroup(payload)
                cells, at = group.decode_ints()
                names = SECTIONS[section]
                if len(group) != len(names) or len(set(group.lengths.tolist())) > 1:
                    raise ValueError("other columns")
                # Three numbers for each series are most of what an open block keeps; the rest stays int64.
                kept = _narrow if section == "rows" else np.copy
                found = {name: kept(cells[at[i] : at[i + 1]]) for i, name in enumerate(names)}
            self._sections[section] = found
        return found

    def release(self) -> None:
        """Forgets what was decoded; it is decoded again when asked for."""
        self._symbols = None
        self._columns = {}
        self._sections = {}

    def close(self) -> None:
        """Nothing that was not decoded before can be read afterwards."""
        self._map.close()

    # --- asking -----------------------------------------------------------------------------------------------------

    def rows_matching(self, matchers: Sequence[Matcher]) -> Rows:
        """int64, ascending: the series that pass all matchers."""
        lo, hi = 0, self.n_rows
        rest: list[Matcher] = []
        for matcher in matchers:
            if matcher.name == METRIC_NAME and matcher.type is MatchType.EQUAL and matcher.value:
                # Series are sorted by metric name, so this one is a range.
                found = self._name_range(matcher.value)
                lo, hi = max(lo, found[0]), min(hi, found[1])
            else:
                rest.append(matcher)
        mask = np.ones(max(hi - lo, 0), np.bool_)
        for matcher in rest:
            if not mask.any():
                break
            mask &= self._passes(matcher, lo, hi)
        return np.flatnonzero(mask) + lo

    def rows_matching_any(self, matcher_sets: Sequence[Sequence[Matcher]]) -> Rows:
        """int64, ascending: the series that pass any of the sets; all of them without sets."""
        if not matcher_sets:
            return np.arange(self.n_rows)
        mask = np.zeros(self.n_rows, np.bool_)
        for matchers in matcher_sets:
            mask[self.rows_matching(matchers)] = True
        return np.flatnonzero(mask)

    def label_sets(self, rows: Rows) -> LabelSets:
        """The label sets of these series."""
        names, columns = [], []
        for name in self.names:
            codes = self._codes_of(name, rows)
            if codes is not None:
                names.append(name)
                columns.append(codes)
        matrix = np.stack(columns, axis=1) if columns else np.zeros((len(rows), 0), np.int32)
        return LabelSets(tuple(names), np.ascontiguousarray(matrix), self.symbols)

    def values_of(self, name: str, rows: Rows | None) -> list[str]:
        """Sorted values of one label in these series, or in all."""
        column = self.label(name)
        if column is None:
            return []
        symbols = self.symbols
        if rows is None:
            numbers = column.symbols
        else:
            codes = self._codes_of(name, rows)
            numbers = np.unique(codes[codes > 0]).astype(np.int64) if codes is not None else np.zeros(0, np.int64)
        return [symbols[number] for number in numbers.tolist()]

    def names_in(self, rows: Rows) -> list[str]:
        """Sorted names of the labels that these series have."""
        return [name for name in self.names if self._codes_of(name, rows) is not None]

    # --- within -----------------------------------------------------------------------------------------------------

    def _codes_of(self, name: str, rows: Rows) -> npt.NDArray[np.int32] | None:
        """Symbol numbers by row, or None where none of the rows has the label."""
        if not len(rows) or name not in self._label_places:
            return None
        *_, lo, n, _ = self._label_places[name]
        if int(rows[-1]) < lo or int(rows[0]) >= lo + n:  # Most labels belong to few metrics: not even decoded.
            return None
        column = self.label(name)
        if column is None:
            return None
        at = rows - column.lo
        inside = (at >= 0) & (at < len(column.codes))
        if not inside.any():
            return None
        table = np.zeros(len(column.symbols) + 1, np.int32)
        table[1:] = column.symbols
        codes = np.zeros(len(rows), np.int32)
        codes[inside] = table[column.codes[at[inside]]]
        return codes if codes.any() else None

    def _name_range(self, value: str) -> tuple[int, int]:
        column = self.label(METRIC_NAME)
        code = self._code_of(column, value) if column is not None else 0
        if column is None or not code:
            return 0, 0
        key = column.codes.dtype.type(code)
        lo, hi = np.searchsorted(column.codes, key, "left"), np.searchsorted(column.codes, key, "right")
        return column.lo + int(lo), column.lo + int(hi)

    def _code_of(self, column: LabelColumn, value: str) -> int:
        """The code of a value in a column, or 0."""
        symbols, numbers = self.symbols, column.symbols
        lo, hi = 0, len(numbers)
        while lo < hi:
            middle = (lo + hi) // 2
            if symbols[numbers[middle]] < value:
                lo = middle + 1
            else:
                hi = middle
        return lo + 1 if lo < len(numbers) and symbols[numbers[lo]] == value else 0

    def _passes(self, matcher: Matcher, lo: int, hi: int) -> npt.NDArray[np.bool_]:
        """For rows `lo` to `hi`, whether one matcher passes."""
        column = self.label(matcher.name)
        mask = np.full(hi - lo, matcher.matches_empty)
        if column is None:
            return mask
        begin, end = max(lo, column.lo), min(hi, column.lo + len(column.codes))
        if begin >= end:
            return mask
        codes = column.codes[begin - column.lo : end - column.lo]
        if matcher.type in (MatchType.EQUAL, MatchType.NOT_EQUAL) and matcher.value:
            code = self._code_of(column, matcher.value)
            equal = codes == code if code else np.zeros(len(codes), np.bool_)
            mask[begin - lo : end - lo] = equal if matcher.type is MatchType.EQUAL else ~equal
            return mask
        table = np.zeros(len(column.symbols) + 1, np.bool_)
        table[0] = matcher.matches_empty
        literals = _literals(matcher)
        if literals is not None:
            found = [code for code in (self._code_of(column, text) for text in literals) if code]
            table[1:] = matcher.type is MatchType.NOT_REGEX
            table[found] = matcher.type is MatchType.REGEX
        else:
            # Only values that occur in the range are tested: a metric has few of a large block's pods.
            used = np.zeros(len(table), np.bool_)
            used[codes] = True
            used[0] = False
            numbers = np.flatnonzero(used)
            symbols, passes = self.symbols, matcher.predicate()
            table[numbers] = [passes(symbols[number]) for number in column.symbols[numbers - 1].tolist()]
        mask[begin - lo : end - lo] = table[codes]
        return mask

    def _read(self, place: list[int]) -> bytes:
        at, size, checksum = place
        if at < len(INDEX_MAGIC) or size < 0 or at + size > self._body_end:
            raise self._corrupt(at, "a section lies outside of the file")
        payload = self._map[at : at + size]
        if zlib.crc32(payload) != checksum:
            raise self._corrupt(at, "checksum mismatch")
        return payload

    def _corrupt(self, at: int, message: str) -> CorruptionError:
        return CorruptionError(self._path, at, message)

    def _checked(self, place: list[int]) -> _Decoding:
        return _Decoding(self._path, place[0])


def _literals(matcher: Matcher) -> list[str] | None:
    """The texts that an expression such as `a|b|c`, as dashboards write them, stands for; None for any other."""
    if matcher.type not in (MatchType.REGEX, MatchType.NOT_REGEX) or _LITERALS.fullmatch(matcher.value) is None:
        return None
    return matcher.value.split("|")


def _narrow(array: Ints) -> Ints:
    """A copy in the smallest type that holds all of it."""
    if not len(array):
        return array.copy()
    low, high = np.min_scalar_type(int(array.min())), np.min_scalar_type(int(array.max()))
    return array.astype(np.promote_types(low, high))


class _Decoding:
    """Turns what a codec raises into a CorruptionError with its place."""

    def __init__(self, path: str, at: int) -> None:
        self._path, self._at = path, at

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, (ValueError, KeyError, IndexError, struct.error)):
            raise CorruptionError(self._path, self._at, str(error)) from None
