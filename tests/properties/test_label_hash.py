"""One label set has one hash, whichever form it is in."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracle import label_hash as oracle
from watchkeeper.core.index.label_hash import hash_label_sets, hash_labels, hash_packed
from watchkeeper.core.kernels.label_hash import hash_codes
from watchkeeper.core.model.label_sets import LabelSets
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.model.packed_labels import PackedLabels

TEXT = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.dictionaries(TEXT, TEXT, max_size=5), max_size=6))
def test_all_forms_agree(rows: list[dict[str, str]]) -> None:
    sets = [Labels.of(row) for row in rows]
    expected = [oracle.of_labels(list(row.items())) for row in rows]
    packed = PackedLabels.of(sets)
    assert [hash_labels(labels) for labels in sets] == expected
    assert hash_label_sets(LabelSets.of(sets)).tolist() == expected
    assert hash_packed(packed.buffer, packed.offsets).tolist() == expected


def test_similar_sets_differ() -> None:
    sets = [Labels.of(a=str(i), b=str(j)) for i in range(200) for j in range(200)]
    assert len(set(hash_label_sets(LabelSets.of(sets)).tolist())) == len(sets)


def test_bad_arguments_are_refused() -> None:
    with pytest.raises(ValueError):
        hash_packed(b"abc", np.array([0, 4]))
    with pytest.raises(ValueError):
        hash_codes(np.array([[3]], np.int32), np.zeros(1, np.uint64), np.zeros(2, np.uint64))
