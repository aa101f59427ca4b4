"""Names of pairs agree with their twin."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.oracle import pair_names as slow
from watchkeeper.core.kernels import pair_names

names = st.lists(st.one_of(st.from_regex(rb"[a-c_0.]{0,4}", fullmatch=True), st.binary(max_size=6)), max_size=12)
wanted = st.lists(st.from_regex(rb"[a-c_0.]{0,4}", fullmatch=True), max_size=5)


def placed(texts, gap=b""):
    bounds = np.cumsum([0, *[len(text) + len(gap) for text in texts]]).astype(np.int64)
    return gap.join([*texts, b""]), bounds[:-1], bounds[1:] - len(gap)


@given(names, wanted, st.sampled_from([b"", b"=x"]))
def test_names_agree_with_their_twin(names, wanted, gap):
    data, at, end = placed(names, gap)
    assert pair_names.find(data, at, end, wanted).tolist() == slow.find(names, wanted)
    assert pair_names.improper(data, at, end).tolist() == slow.improper(names)


@pytest.mark.parametrize(("at", "end"), [([-1], [0]), ([0], [4]), ([2], [1]), ([0, 1], [1])])
def test_places_outside_are_refused(at, end):
    for work in (lambda *places: pair_names.find(b"abc", *places, [b"a"]), lambda *p: pair_names.improper(b"abc", *p)):
        with pytest.raises(ValueError, match="outside of the buffer|as many ends"):
            work(np.array(at, np.int64), np.array(end, np.int64))
