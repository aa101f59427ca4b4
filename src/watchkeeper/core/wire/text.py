"""Prometheus text (0.0.4, 1.0.0) and OpenMetrics text (0.0.1, 1.0.0): a body → an `Exposition`.

The work is done in `core/kernels/exposition`, which compares each line with the same line of the last body.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from watchkeeper.core.wire.exposition import Exposition, Format


class TextParser:
    """The parser of one target's text bodies; see `exposition.ExpositionParser`."""

    def __init__(self, format_: Format = Format.TEXT, *, use_created: bool = False) -> None:
        """For bodies of one format, TEXT or OPENMETRICS.

        use_created  OpenMetrics only: take `_created` samples of counters, histograms and summaries as the start
                     times of their series (`Exposition.created`), not as series of their own
        """
        raise NotImplementedError

    def parse(self, body: bytes) -> Exposition:
        """Parse one body. ExpositionError refuses all of it and leaves the parser as it was."""
        raise NotImplementedError

    @property
    def n_series(self) -> int:
        """How many series numbers are given out."""
        raise NotImplementedError

    @property
    def generation(self) -> int:
        """Changes whenever numbers lose their meaning."""
        raise NotImplementedError

    @property
    def size_bytes(self) -> int:
        """The memory it holds, the last body included."""
        raise NotImplementedError

    def compact(self, absent_for: int = 0) -> npt.NDArray[np.int32] | None:
        """Give up numbers of series that are absent; see `ExpositionParser.compact`."""
        raise NotImplementedError

    def reset(self) -> None:
        """Forget everything, as if new."""
        raise NotImplementedError
