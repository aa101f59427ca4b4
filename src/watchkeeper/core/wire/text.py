"""Prometheus text (0.0.4, 1.0.0) and OpenMetrics text (0.0.1, 1.0.0): a body → an `Exposition`.

The work is done in `core/kernels/exposition`, which compares each line with the same line of the last body.
What is accepted is what Prometheus 3 accepts, except that OpenMetrics may not name the type of a family twice.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from watchkeeper.core.kernels.exposition import Layout, ScanError
from watchkeeper.core.model.errors import ExpositionError
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.model.metadata import Exemplar, Metadata
from watchkeeper.core.wire.created_series import CreatedSeries
from watchkeeper.core.wire.exposition import Exposition, Format

NO_TIME = np.iinfo(np.int64).min
_NONE = np.empty(0, np.int32)
_NONE.flags.writeable = False


class TextParser:
    """The parser of one target's text bodies; see `exposition.ExpositionParser`."""

    def __init__(self, format_: Format = Format.TEXT, *, use_created: bool = False) -> None:
        """For bodies of one format, TEXT or OPENMETRICS.

        use_created  OpenMetrics only: take `_created` samples of counters, histograms and summaries as the start
                     times of their series (`Exposition.created`), not as series of their own
        """
        if format_ is Format.PROTOBUF:
            raise ValueError("protobuf is not a text format")
        self._layout = Layout(format_ is Format.OPENMETRICS)
        self._generation = 0
        self._created = CreatedSeries() if use_created and format_ is Format.OPENMETRICS else None

    def parse(self, body: bytes) -> Exposition:
        """Parse one body. ExpositionError refuses all of it and leaves the parser as it was."""
        layout = self._layout
        try:
            index, repeated, values, times, new, gone, duplicates, exemplars, comments = layout.scan(body)
        except ScanError as error:
            raise ExpositionError(error.message, error.line) from None
        exposition = Exposition(
            n_series=layout.n_series,
            index=index,
            repeated=repeated,
            values=values,
            new=[(number, pairs) for number, pairs, _ in new],
            gone=_NONE if gone is None else gone,
            duplicates=duplicates,
        )
        if times is not None:
            exposition.timed = times != NO_TIME
            exposition.times = np.where(exposition.timed, times, 0)
        if exemplars:
            exposition.exemplars = [
                (number, Exemplar(Labels(pairs), value, time_ms)) for number, pairs, value, time_ms in exemplars
            ]
        if comments is not None:
            exposition.metadata = _metadata(comments)
        if self._created is not None:
            self._created.apply(exposition, [type_ for _, _, type_ in new])
        return exposition

    @property
    def n_series(self) -> int:
        """How many series numbers are given out."""
        return self._layout.n_series

    @property
    def n_gone(self) -> int:
        """How many of them the last body did not have."""
        return self._layout.n_gone

    @property
    def generation(self) -> int:
        """Changes whenever numbers lose their meaning."""
        return self._generation

    @property
    def size_bytes(self) -> int:
        """The memory it holds, the last body included."""
        return self._layout.size_bytes

    def compact(self, absent_for: int = 0) -> npt.NDArray[np.int32] | None:
        """Give up numbers of series that are absent; see `ExpositionParser.compact`."""
        renumbered = self._layout.compact(absent_for)
        if renumbered is not None:
            self._generation += 1
            if self._created is not None:
                self._created.renumber(renumbered)
        return renumbered

    def reset(self) -> None:
        """Forget everything, as if new."""
        self._layout.clear()
        self._generation += 1
        if self._created is not None:
            self._created = CreatedSeries()


def _metadata(comments: list[tuple[str, str, str]]) -> dict[str, Metadata]:
    """By family; of a line that stands twice the last counts."""
    types: dict[str, str] = {}
    helps: dict[str, str] = {}
    units: dict[str, str] = {}
    kinds = {"TYPE": types, "HELP": helps, "UNIT": units}
    names: dict[str, None] = {}
    for kind, name, text in comments:
        kinds[kind][name] = text
        names[name] = None
    return {name: Metadata(types.get(name, "unknown"), helps.get(name, ""), units.get(name, "")) for name in names}
