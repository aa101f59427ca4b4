"""All that rules need of the rest: expressions that give samples, and somewhere for alerts to go.

Times are int64 milliseconds since the epoch, values float64.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from watchkeeper.alerts.interface import Alert
from watchkeeper.core.model.histogram import Histogram
from watchkeeper.core.model.label_sets import LabelSets


@dataclass(frozen=True, slots=True)
class Samples:
    """What an expression gives at one time: a scalar is one sample without labels.

    labels       n label sets, all different
    values       float64 (n,); of a row with a histogram without meaning
    histograms   native histograms by row
    """

    labels: LabelSets
    values: npt.NDArray[np.float64]
    histograms: dict[int, Histogram] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


class Expression(Protocol):
    """A parsed expression, made once for a rule and evaluated as often as its group is due."""

    @property
    def text(self) -> str:
        """As the language's printer writes it: shown in the API, in links and in equality of rules."""
        ...

    def evaluate(self, time_ms: int) -> Samples:
        """Its value. Synchronous, safe to call from several threads. Raises QueryError."""
        ...

    def reads(self, metric: str) -> bool:
        """Whether its value may depend on series of this name: rules that read others' output wait for it."""
        ...


class Language(Protocol):
    """PromQL over the metrics store, or LogQL over the log store."""

    def compile(self, text: str) -> Expression:
        """Raises ParseError (with a place) or another QueryError where the text is no instant vector or scalar."""
        ...


Notify: TypeAlias = Callable[[Sequence[Alert]], None]
"""Takes what a rule has to say, on the event loop or a worker thread, and returns at once; never raises. Alerts have no
external labels yet."""
