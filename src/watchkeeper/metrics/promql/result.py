"""What a query answers with, as arrays."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from watchkeeper.core.model.label_sets import LabelSets
from watchkeeper.core.vector.frame import Frame, Present, Values
from watchkeeper.core.vector.window import Ints


@dataclass(frozen=True, slots=True)
class Scalar:
    """One number."""

    time_ms: int
    value: float


@dataclass(frozen=True, slots=True)
class String:
    """One text."""

    time_ms: int
    value: str


@dataclass(frozen=True, slots=True)
class Vector:
    """One value for each series; `frame` has one step and no absent row. The order matters after a sort only."""

    time_ms: int
    frame: Frame

    @property
    def labels(self) -> LabelSets:
        """The series."""
        return self.frame.labels

    @property
    def values(self) -> Values:
        """float64 (n_series,)."""
        return self.frame.values[:, 0]


@dataclass(frozen=True, slots=True)
class Matrix:
    """Values at many times: `times` is int64 ms (n_steps,); rows in order of their labels, none of them empty."""

    times: Ints
    frame: Frame

    @property
    def labels(self) -> LabelSets:
        """The series."""
        return self.frame.labels

    @property
    def values(self) -> Values:
        """float64 (n_series, n_steps)."""
        return self.frame.values

    @property
    def present(self) -> Present:
        """bool (n_series, n_steps)."""
        return self.frame.present


ResultValue: TypeAlias = Scalar | String | Vector | Matrix


@dataclass(slots=True)
class Stats:
    """What the evaluation cost. Times are seconds."""

    total_queryable_samples: int = 0
    samples_read: int = 0
    peak_samples: int = 0
    eval_total_s: float = 0.0
    result_sort_s: float = 0.0
    preparation_s: float = 0.0
    inner_eval_s: float = 0.0
    queue_s: float = 0.0
    exec_total_s: float = 0.0


@dataclass(slots=True)
class Result:
    """A value with what is to be said about it."""

    value: ResultValue
    warnings: list[str] = field(default_factory=list)
    infos: list[str] = field(default_factory=list)
    stats: Stats = field(default_factory=Stats)
