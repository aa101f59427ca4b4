"""Label sets of series as columns."""

from __future__ import annotations

import pytest

from watchkeeper.core.model.labels import Labels
from watchkeeper.logs.logql.series import label_sets_of


@pytest.mark.parametrize(
    "labels",
    [
        [],
        [Labels()],
        [Labels.of(a="1", b="2"), Labels.of(a="2", b="1")],
        [Labels.of(a="1"), Labels.of(b="1"), Labels(), Labels.of(a="1", b="x", c="1")],
    ],
)
def test_label_sets(labels: list[Labels]) -> None:
    assert list(label_sets_of([each.pairs for each in labels])) == labels
