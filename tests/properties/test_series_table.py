"""The series table and its selects agree with a dict of label sets."""

from __future__ import annotations

import contextlib

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracle import series_table as oracle
from watchkeeper.core.index.select import select_any, select_refs
from watchkeeper.core.kernels.series_table import SeriesTable, intersect, subtract
from watchkeeper.core.model.label_sets import LabelSets
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.model.matcher import Matcher, MatchType
from watchkeeper.core.model.packed_labels import PackedLabels

names = st.sampled_from(["__name__", "job", "i", "ä"])
texts = st.sampled_from(["", "a", "ab", "b", "a.b", "ü", "a|b", "x" * 40])
label_sets = st.dictionaries(names, texts, min_size=1).map(lambda held: Labels(held.items())).filter(len)
expressions = st.sampled_from(
    ["a", "a|b", "a.*", "a.+", ".*", ".+", "", "b|", r"a\|b|ü", "a.b", "[ab]", "x{40}", "(a|)"]
)
matchers = st.builds(Matcher, names, st.sampled_from(list(MatchType)), expressions)


def add(table: SeriesTable, wanted: list[Labels], model: dict[int, Labels]) -> None:
    refs, record = table.plan(wanted)
    again, _ = table.plan_packed(*[getattr(PackedLabels.of(wanted), name) for name in ("buffer", "offsets")])
    assert (refs == again).all()
    table.apply(record)
    for ref, labels in zip(refs.tolist(), wanted, strict=True):
        assert model.setdefault(ref, labels) == labels


@given(
    st.lists(st.lists(label_sets, max_size=12), min_size=1, max_size=4),
    st.lists(st.lists(matchers, min_size=1, max_size=3), min_size=1, max_size=4),
    st.data(),
)
@settings(max_examples=60, deadline=None)
def test_like_a_dict(batches: list[list[Labels]], selects: list[list[Matcher]], data: st.DataObject) -> None:
    table = SeriesTable()
    model: dict[int, Labels] = {}
    for batch in batches:
        add(table, batch, model)
        if data.draw(st.booleans()):
            gone = {ref for ref in model if data.draw(st.booleans())}
            flags = np.array([ref not in gone for ref in range(table.n_slots)], np.uint8)
            assert table.keep_only(flags) == len(gone)
            model = {ref: labels for ref, labels in model.items() if ref not in gone}
            if data.draw(st.booleans()):
                table.release_slots()
        if data.draw(st.booleans()):
            dump = table.dump()
            table = SeriesTable()
            assert table.load(dump) == len(model)
            table.free_unused()
        assert table.n_series == len(model) == len({*model.values()})
        refs = table.all()
        assert refs.tolist() == sorted(model)
        assert list(LabelSets(*table.label_sets(refs))) == [model[ref] for ref in sorted(model)]
        for ref, labels in model.items():
            assert table.find(labels) == ref
        for chosen in selects:
            assert select_refs(table, chosen).tolist() == oracle.select(model, chosen)
        either = sorted({ref for chosen in selects for ref in oracle.select(model, chosen)})
        found = select_any(table, selects)
        assert found.tolist() == either
        held = [model[ref] for ref in either]
        assert table.label_names(found) == sorted({name for labels in held for name, _ in labels})
        assert table.label_values("job", found) == sorted({labels.get("job") for labels in held} - {""})
        assert table.label_values("job") == sorted({labels.get("job") for labels in model.values()} - {""})
        sizes = {name: (n, size) for name, n, size, _ in table.cardinality()}
        for name in {name for labels in model.values() for name, _ in labels}:
            values = [labels.get(name) for labels in model.values() if labels.get(name)]
            assert sizes[name] == (len(set(values)), sum(len(value.encode()) for value in values))


@given(st.sets(st.integers(0, 200)), st.sets(st.integers(0, 2000), max_size=300))
def test_sets_of_refs(a: set[int], b: set[int]) -> None:
    left, right = np.array(sorted(a), np.uint32), np.array(sorted(b), np.uint32)
    assert intersect(left, right).tolist() == sorted(a & b)
    assert intersect(right, left).tolist() == sorted(a & b)
    assert subtract(left, right).tolist() == sorted(a - b)


@given(st.binary(max_size=80))
def test_hostile_bytes(data: bytes) -> None:
    table = SeriesTable()
    for use in (table.apply, table.load):
        with contextlib.suppress(ValueError):
            use(data)
    with contextlib.suppress(ValueError):
        table.plan_packed(data, np.array([0, len(data)], np.int64))


@given(st.lists(label_sets, max_size=6), st.data())
@settings(deadline=None)
def test_a_changed_dump(wanted: list[Labels], data: st.DataObject) -> None:
    table = SeriesTable()
    add(table, wanted, {})
    dump = bytearray(table.dump())
    dump[data.draw(st.integers(0, len(dump) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    other = SeriesTable()
    with contextlib.suppress(ValueError):
        other.load(bytes(dump))
        other.label_sets(other.all())
