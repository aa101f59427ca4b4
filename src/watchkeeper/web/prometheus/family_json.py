"""A family of own metrics in protobuf's JSON, as status/self_metrics answers."""

from __future__ import annotations

import math
from typing import Any

from watchkeeper.core.telemetry.family import Family


def family_json(family: Family) -> dict[str, Any]:
    """The message `MetricFamily` of client_model: 64-bit integers are strings, numbers that JSON lacks are words."""
    kind = family.type.upper() if family.type in ("counter", "gauge", "histogram", "summary") else "UNTYPED"
    metrics: dict[tuple[tuple[str, str], ...], dict[str, Any]] = {}
    for suffix, names, values, value in family.samples:
        pairs = list(zip(names, values, strict=True))
        special = (
            pairs.pop() if pairs and pairs[-1][0] in ("le", "quantile") and kind in ("HISTOGRAM", "SUMMARY") else None
        )
        labels = tuple(sorted(pairs))
        metric = metrics.setdefault(labels, {"label": [{"name": name, "value": text} for name, text in labels]})
        if kind in ("HISTOGRAM", "SUMMARY"):
            _add_to_distribution(metric.setdefault(kind.lower(), {}), suffix, special, value)
        else:
            metric[kind.lower()] = {"value": _number(value)}
    return {"name": family.name, "help": family.help, "type": kind, "metric": list(metrics.values())}


def _add_to_distribution(inner: dict[str, Any], suffix: str, special: tuple[str, str] | None, value: float) -> None:
    if suffix == "_count":
        inner["sampleCount"] = str(int(value))
    elif suffix == "_sum":
        inner["sampleSum"] = _number(value)
    elif special is not None and special[0] == "le":
        if special[1] != "+Inf":  # The client library leaves out the bucket that holds everything.
            bucket = {"cumulativeCount": str(int(value)), "upperBound": float(special[1])}
            inner.setdefault("bucket", []).append(bucket)
    elif special is not None:
        inner.setdefault("quantile", []).append({"quantile": float(special[1]), "value": _number(value)})


def _number(value: float) -> float | str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return float(value)  # An int may be one that has no place in 64 bits, as a limit that is none.
