"""The slow twin of core/kernels/series_merge: dicts of series, of dicts of samples."""

from __future__ import annotations

from collections.abc import Iterable

from tests.oracle.series_model import Model


def merged(models: Iterable[Model]) -> Model:
    """All samples of all; of equal times the later model's."""
    out: Model = {}
    for model in models:
        for labels, samples in model.items():
            out.setdefault(labels, {}).update(samples)
    return out
