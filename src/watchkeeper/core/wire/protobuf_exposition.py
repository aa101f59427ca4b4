"""Delimited protobuf (io.prometheus.client.MetricFamily): a body → an `Exposition`."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from watchkeeper.core.wire.exposition import Exposition


class ProtobufParser:
    """The parser of one target's protobuf bodies; see `exposition.ExpositionParser`."""

    def __init__(self, *, native_histograms: bool = True, always_classic: bool = False) -> None:
        """
        native_histograms  take native histograms (`scrape_native_histograms`); else only their classic buckets
        always_classic     take the classic buckets of a native histogram too (`always_scrape_classic_histograms`)
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
        """The memory it holds."""
        raise NotImplementedError

    def compact(self, absent_for: int = 0) -> npt.NDArray[np.int32] | None:
        """Give up numbers of series that are absent; see `ExpositionParser.compact`."""
        raise NotImplementedError

    def reset(self) -> None:
        """Forget everything, as if new."""
        raise NotImplementedError
