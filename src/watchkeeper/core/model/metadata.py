"""What an exposition says of a metric family, and what hangs on a sample."""

from __future__ import annotations

from dataclasses import dataclass

from watchkeeper.core.model.labels import Labels


@dataclass(frozen=True, slots=True)
class Metadata:
    """Type (counter, gauge, histogram, gaugehistogram, summary, info, stateset, unknown), help and unit."""

    type: str = "unknown"
    help: str = ""
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Exemplar:
    """One exemplar; `time_ms` is None where the exposition gave none."""

    labels: Labels
    value: float
    time_ms: int | None = None
