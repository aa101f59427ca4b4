"""The 64-bit number that stands for an alert's labels in the API, in links and in the notification log."""

from __future__ import annotations

from watchkeeper.core.kernels.label_hash import fnv1a_pairs
from watchkeeper.core.model.labels import Labels


def fingerprint(labels: Labels) -> int:
    """Upstream's number of a label set: FNV-1a of `name 0xff value 0xff`…, in name order."""
    return fnv1a_pairs(labels.pairs)


def fingerprint_text(labels: Labels) -> str:
    """The fingerprint as APIs and payloads show it: 16 hexadecimal digits."""
    return f"{fnv1a_pairs(labels.pairs):016x}"
