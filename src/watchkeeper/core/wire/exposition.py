"""What one scraped body says, in the numbering of the target it came from: the result of both parsers.

A parser (`text.TextParser`, `protobuf_exposition.ProtobufParser`) belongs to one target and remembers its last body.
It numbers the series of the target from 0 in order of first appearance; a number stays until the parser's
`generation` changes. So a caller keeps one array, series number → column, asks for labels only where `new` says so,
and a scrape that looks like the last one costs a few array operations.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from watchkeeper.core.model.histogram import Histogram
from watchkeeper.core.model.metadata import Exemplar, Metadata

LabelPairs = list[tuple[str, str]]
"""Label pairs as the body has them: `__name__` first, the others unsorted; a name may stand twice, a value be empty."""


class Format(enum.Enum):
    """A format of scraped bodies, by its media type."""

    TEXT = "text/plain"
    OPENMETRICS = "application/openmetrics-text"
    PROTOBUF = "application/vnd.google.protobuf"


@dataclass(slots=True, eq=False)
class Exposition:
    """One parsed body. Arrays are fresh and the caller's own, except `index`, which is read-only and may be shared.

    n_series    how many series numbers the parser has given out, those of this body included
    index       int32 (n,): the series number of each float sample, in the order of the body; None where it is
                0, 1, … n_series-1. A series stands in it twice only with different explicit times
    repeated    `index` is the same as in the last successful parse (same series, same order)
    values      float64 (n,); every NaN of a text body is the NaN of arithmetic (NORMAL_NAN)
    timed       bool (n,) where a sample brought its own time, or None where none did
    times       int64 ms (n,), 0 where not `timed`; or None
    created     int64 ms (n,): when the counter began, 0 unknown; None where no sample says so
    new         series seen for the first time, with their labels, in ascending order of number
    gone        int32: series that the last successful parse had and this one has not, ascending
    duplicates  samples left out because their series stood in the body before, with the same time or without one
    exemplars   (series number, exemplar), only of series whose exemplars differ from what they last had
    metadata    by family name, all of the body's; None where comments are as in the last successful parse
    histograms  (series number, own time in ms or None, native histogram), in the order of the body
    histogram_created  int64 ms, 0 unknown, for each of `histograms`; or None
    """

    n_series: int
    index: npt.NDArray[np.int32] | None
    repeated: bool
    values: npt.NDArray[np.float64]
    timed: npt.NDArray[np.bool_] | None = None
    times: npt.NDArray[np.int64] | None = None
    created: npt.NDArray[np.int64] | None = None
    new: list[tuple[int, LabelPairs]] = field(default_factory=list)
    gone: npt.NDArray[np.int32] = field(default_factory=lambda: np.empty(0, np.int32))
    duplicates: int = 0
    exemplars: list[tuple[int, Exemplar]] = field(default_factory=list)
    metadata: dict[str, Metadata] | None = None
    histograms: list[tuple[int, int | None, Histogram]] = field(default_factory=list)
    histogram_created: npt.NDArray[np.int64] | None = None

    @property
    def n_samples(self) -> int:
        """All samples of the body, native histograms and duplicates included (upstream's scrape_samples_scraped)."""
        return len(self.values) + len(self.histograms) + self.duplicates


class ExpositionParser(Protocol):
    """What both parsers can do. One thread at a time may use a parser."""

    def parse(self, body: bytes) -> Exposition:
        """Parse one body. ExpositionError refuses all of it and leaves the parser as it was."""
        ...

    @property
    def n_series(self) -> int:
        """How many series numbers are given out."""
        ...

    @property
    def n_gone(self) -> int:
        """How many of them the last body did not have: much more than the others is a reason to `compact`."""
        ...

    @property
    def generation(self) -> int:
        """Changes whenever numbers lose their meaning: after `compact` that dropped some, and after `reset`."""
        ...

    @property
    def size_bytes(self) -> int:
        """The memory it holds, the last body included."""
        ...

    def compact(self, absent_for: int = 0) -> npt.NDArray[np.int32] | None:
        """Give up the numbers of series that the last `absent_for` + 1 successful parses did not have.

        returns  int32 (old n_series,): each old number's new one, -1 where given up; the survivors keep their order.
                 None where there was nothing to give up. When the series numbers changed, `generation` has changed
        """
        ...

    def reset(self) -> None:
        """Forget everything, as if new; `generation` changes."""
        ...
