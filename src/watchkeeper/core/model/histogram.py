"""A native histogram sample, as a value with float counts.

Integer histograms of the wire are stored exactly (counts below 2**53) in the same shape. Source of the shape:
Prometheus model/histogram.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from watchkeeper.core.model.stale import is_stale

CUSTOM_BUCKETS_SCHEMA: Final = -53
MIN_SCHEMA: Final = -4
MAX_SCHEMA: Final = 8


class ResetHint(enum.IntEnum):
    """What is known of a counter reset between a histogram and the one before it (the wire's numbers)."""

    UNKNOWN = 0
    RESET = 1
    NOT_RESET = 2
    GAUGE = 3


Spans = tuple[tuple[int, int], ...]
"""(offset, length) pairs: the first offset is a bucket index, later ones are gaps."""


@dataclass(frozen=True, slots=True, eq=False)
class Histogram:
    """Buckets of width `2**(2**-schema)`, or with `custom_values` as upper bounds where the schema is -53.

    positive, negative   spans, and one absolute (not delta) count for each bucket in them
    """

    schema: int = 0
    count: float = 0.0
    sum: float = 0.0
    zero_threshold: float = 0.0
    zero_count: float = 0.0
    positive_spans: Spans = ()
    positive: tuple[float, ...] = ()
    negative_spans: Spans = ()
    negative: tuple[float, ...] = ()
    custom_values: tuple[float, ...] = ()
    reset_hint: ResetHint = ResetHint.UNKNOWN
    is_float: bool = True

    @property
    def is_custom(self) -> bool:
        """Whether the bounds are `custom_values`."""
        return self.schema == CUSTOM_BUCKETS_SCHEMA

    @property
    def is_stale(self) -> bool:
        """Whether this is a staleness marker, not a value."""
        return is_stale(self.sum)


@dataclass(frozen=True, slots=True)
class HistogramSamples:
    """The histogram samples of one series, oldest first: int64 ms times and as many values."""

    times: npt.NDArray[np.int64]
    values: list[Histogram] = field(default_factory=list)
