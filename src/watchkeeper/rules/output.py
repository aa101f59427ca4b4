"""What one evaluation of one rule gives to the store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from watchkeeper.core.model.histogram import Histogram
from watchkeeper.core.model.labels import Labels


class SeriesList:
    """Label sets, all different. A rule whose output has the same series again gives the very same object again: who
    has worked something out for it (columns, duplicates) need not do so anew."""

    __slots__ = ("label_sets",)

    def __init__(self, label_sets: Sequence[Labels] = ()) -> None:
        self.label_sets = label_sets

    def __len__(self) -> int:
        return len(self.label_sets)


NO_SERIES: Final = SeriesList()


@dataclass(frozen=True, slots=True)
class Output:
    """A sample for each of the series.

    values       float64 (n,); MISSING where the sample is a histogram
    histograms   by the number of the series
    """

    series: SeriesList
    values: npt.NDArray[np.float64]
    histograms: dict[int, Histogram] = field(default_factory=dict)


NO_OUTPUT: Final = Output(NO_SERIES, np.zeros(0))
