"""Series, symbols and postings of a head in flat arrays. Not for several threads at once, beyond what the GIL orders.

A *ref* is the slot number of a series (uint32); slots of removed series are used again. A *pair* is the number of one
(name, value), valid until the next `keep_only` or `load`.
"""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from watchkeeper.core.model.labels import Labels

_Refs = npt.NDArray[np.uint32]

class Undo:
    """What the newest samples were before `admit_samples`."""

class SeriesTable:
    def __init__(self) -> None: ...
    @property
    def n_slots(self) -> int:
        """One more than the largest ref ever used."""
    @property
    def n_series(self) -> int:
        """How many series there are."""
    @property
    def n_pairs(self) -> int:
        """How many distinct (name, value) pairs there are."""
    @property
    def symbol_bytes(self) -> int:
        """Bytes of distinct label names and values."""
    @property
    def memory_bytes(self) -> int:
        """Bytes that the table holds."""
    def plan(self, label_sets: Iterable[Labels]) -> tuple[_Refs, bytes]:
        """The ref of each label set, and a record that defines the new ones (empty where none is new).

        Nothing changes until `apply` gets the record, so that it can be written to disk in between.
        """
    def plan_packed(self, buffer: bytes, offsets: npt.NDArray[np.int64]) -> tuple[_Refs, bytes]:
        """As `plan`, for the parts of a `PackedLabels`. Raises ValueError where bytes are not canonical."""
    def apply(self, record: bytes | memoryview) -> int:
        """Add the series of a record of `plan`; returns how many were new. Raises ValueError for other bytes."""
    def find(self, labels: Labels) -> int:
        """The ref of a label set, or -1."""
    def all(self) -> _Refs:
        """The refs of all series, ascending."""
    def values(self, name: str) -> tuple[list[str], _Refs]:
        """All values of a label, unordered, and their pairs."""
    def find_pairs(self, name: str, values: Iterable[str]) -> _Refs:
        """The pairs of those values that exist."""
    def unite(self, pairs: _Refs) -> _Refs:
        """The refs, ascending, of the series that have any of the pairs."""
    def label_sets(self, refs: _Refs) -> tuple[tuple[str, ...], npt.NDArray[np.int32], list[str]]:
        """names, codes and strings of a `LabelSets` of these series."""
    def label_names(self, refs: _Refs | None = None) -> list[str]:
        """Sorted names of the labels of these series, or of all."""
    def label_values(self, name: str, refs: _Refs | None = None) -> list[str]:
        """Sorted values of one label over these series, or over all."""
    def admit_row(self, refs: _Refs, row: npt.NDArray[np.float64], time_ms: int) -> tuple[int, int]:
        """Make MISSING, in place, the cells of series that have a newest sample at `time_ms` or later.

        Returns how many cells hold a sample now, and how many were refused (not counted: the very same sample again).
        """
    def commit_row(self, refs: _Refs, row: npt.NDArray[np.float64], time_ms: int) -> None:
        """Note the row's cells as their series' newest samples, where they are newer."""
    def commit_samples(self, refs: _Refs, times: npt.NDArray[np.int64], values: npt.NDArray[np.float64]) -> None:
        """Note samples as their series' newest, where they are newer; unknown refs are passed over."""
    def admit_samples(
        self,
        refs: _Refs,
        times: npt.NDArray[np.int64],
        values: npt.NDArray[np.float64],
        min_valid_ms: int,
        ooo_min_ms: int,
        ooo: bool,
    ) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8], Undo]:
        """Decide on samples in their order and note the accepted ones as newest.

        Returns the `Status` of each; its kind (0 refused, 1 in order, 2 out of order but in the window, 3 stored
        already); and what `restore` needs. Source: Prometheus tsdb/head_append.go, appendable.
        """
    def restore(self, undo: Undo) -> None:
        """Take back what one `admit_samples` noted; the latest first."""
    def last_times(self, refs: _Refs) -> npt.NDArray[np.int64]:
        """The times of the newest samples; the smallest int64 where there is none."""
    def newest(self, refs: _Refs) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
        """Times (the smallest int64 where there is none) and values of the newest samples, as they were committed."""
    def last(self, ref: int) -> tuple[int, float]:
        """Time and value of the newest sample; the smallest int64 and MISSING where there is none."""
    def keep_only(self, flags: npt.NDArray[np.uint8]) -> int:
        """Remove the series whose flag (by ref) is 0 and pack the rest; returns how many went. Pairs are renumbered;
        the slots stay unused until `release_slots`."""
    def release_slots(self) -> None:
        """Let the slots of removed series be used again."""
    def free_unused(self) -> None:
        """After a replay: let every slot without a series be used."""
    def dump(self) -> bytes:
        """The whole table as bytes for `load`."""
    def load(self, data: bytes | memoryview) -> int:
        """Replace everything by a dump; returns the number of series. Raises ValueError for other bytes."""
    def reset(self) -> None:
        """Forget everything."""
    def cardinality(self) -> list[tuple[str, int, int, list[tuple[int, int]]]]:
        """By label name: name, number of values, bytes of its values over all series, and (series, pair) for each."""
    def pair_value(self, number: int) -> str:
        """The value of a pair."""

def intersect(a: _Refs, b: _Refs) -> _Refs:
    """What two ascending arrays share."""

def subtract(a: _Refs, b: _Refs) -> _Refs:
    """What ascending `a` has and ascending `b` has not."""
