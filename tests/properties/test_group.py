"""kernels.group, the order of label sets and joins agree with plain loops."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tests.oracle import group as oracle
from watchkeeper.core.kernels import group as kernel
from watchkeeper.core.model.label_sets import LabelSets
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.vector.group import are_distinct, signatures, sort_order, stacked

label_sets = st.lists(
    st.dictionaries(st.sampled_from("abcd"), st.sampled_from(["", "x", "y", "xx", "é"]), max_size=4).map(Labels.of),
    max_size=12,
)
values = hnp.arrays(
    np.float64, (7, 3), elements=st.one_of(st.integers(-4, 4).map(float), st.just(math.nan), st.floats(-1e3, 1e3))
)
present = hnp.arrays(np.bool_, (7, 3))
groups = hnp.arrays(np.int64, 7, elements=st.integers(0, 2))


@given(hnp.arrays(np.int32, st.tuples(st.integers(0, 30), st.integers(0, 4)), elements=st.integers(0, 2)), st.data())
@settings(max_examples=60, deadline=None)
def test_group_rows(codes: np.ndarray, data: st.DataObject) -> None:
    columns = data.draw(st.lists(st.integers(0, max(codes.shape[1] - 1, 0)), unique=True)) if codes.shape[1] else []
    first, group = kernel.group_rows(np.ascontiguousarray(codes), np.array(columns, np.int64))
    wanted = oracle.group_rows([tuple(row[c] for c in columns) for row in codes.tolist()])
    assert (first.tolist(), group.tolist()) == wanted


@pytest.mark.parametrize("op", kernel.FOLDS)
@given(values, present, groups)
@settings(max_examples=60, deadline=None)
def test_fold(op: str, cells: np.ndarray, there: np.ndarray, group: np.ndarray) -> None:
    acc, extra, count = np.zeros((3, 3)), np.zeros((3, 3)), np.zeros((3, 3))
    kernel.fold(op, cells, there.view(np.uint8), group, 3, 0, 3, acc, extra, count)
    for g in range(3):
        for k in range(3):
            members = [cells[i, k] for i in range(7) if group[i] == g and there[i, k]]
            assert count[g, k] == len(members)
            if members:
                wanted = oracle.fold(op, members)
                assert np.isclose(acc[g, k], wanted, rtol=1e-9, atol=1e-9, equal_nan=True)


@given(values, present, groups, st.lists(st.integers(-1, 5), min_size=3, max_size=3), st.booleans())
@settings(max_examples=60, deadline=None)
def test_rank_and_quantile(
    cells: np.ndarray, there: np.ndarray, group: np.ndarray, limits: list[int], largest: bool
) -> None:
    order = np.argsort(group, kind="stable").astype(np.int64)
    bounds = np.array([0, *np.cumsum(np.bincount(group, minlength=3))], np.int64)
    keep = kernel.group_rank(cells, there.view(np.uint8), order, bounds, np.array(limits, np.int64), largest)
    found, here = kernel.group_quantile(cells, there.view(np.uint8), order, bounds, np.full(3, 0.5))
    for g in range(3):
        for k in range(3):
            members = [(i, cells[i, k]) for i in range(7) if group[i] == g and there[i, k]]
            kept = {i for i in range(7) if group[i] == g and keep[i, k]}
            assert kept == oracle.rank(members, limits[k], largest)
            assert bool(here[g, k]) == bool(members)
            if members:
                wanted = oracle.fold("quantile", [value for _, value in members])
                assert np.isclose(found[g, k], wanted, equal_nan=True)


@given(label_sets)
@settings(max_examples=80, deadline=None)
def test_sort_order_is_that_of_labels(rows: list[Labels]) -> None:
    sets = LabelSets.of(rows)
    assert [sets[i] for i in sort_order(sets).tolist()] == sorted(rows)
    assert are_distinct(sets) == (len(set(rows)) == len(rows))


@given(label_sets, label_sets, st.lists(st.sampled_from("abc"), unique=True), st.booleans())
@settings(max_examples=80, deadline=None)
def test_signatures_and_stacks(left: list[Labels], right: list[Labels], names: list[str], on: bool) -> None:
    a, b = LabelSets.of(left), LabelSets.of(right)
    assert list(stacked(a, b)) == left + right
    left_group, right_group, n = signatures(a, b, names, on=on)
    keys = [labels.keep(names) if on else labels.drop(names) for labels in left + right]
    found = [*left_group.tolist(), *right_group.tolist()]
    assert len(set(found)) == len(set(keys))
    assert all(0 <= group < n for group in found)
    for i, key in enumerate(keys):
        for j, other in enumerate(keys):
            assert (key == other) == (found[i] == found[j])


def test_arrays_that_do_not_fit_are_refused() -> None:
    codes = np.zeros((2, 1), np.int32)
    with pytest.raises(ValueError, match="no such column"):
        kernel.group_rows(codes, np.array([1], np.int64))
    cells, there = np.zeros((2, 1)), np.zeros((2, 1), np.uint8)
    area = np.zeros((1, 1))
    with pytest.raises(ValueError, match="out of range"):
        kernel.fold("sum", cells, there, np.array([0, 1], np.int64), 1, 0, 1, area, area, area)
    with pytest.raises(ValueError, match="bounds"):
        kernel.group_rank(
            cells, there, np.array([0], np.int64), np.array([0, 2], np.int64), np.array([1], np.int64), True
        )
