import pytest

from watchkeeper.core.model.labels import Labels
from watchkeeper.core.relabel import RelabelConfig, Relabeler, hashmod, lower, relabel, upper


def rule(action="replace", *source, **more):
    return RelabelConfig(action=action, source_labels=source, **more)


@pytest.mark.parametrize(
    ("labels", "rules", "expected"),
    [
        ({"a": "x"}, [rule("replace", "a", target_label="b")], {"a": "x", "b": "x"}),
        ({"a": "x", "b": "y"}, [rule("replace", "a", "b", target_label="c")], {"a": "x", "b": "y", "c": "x;y"}),
        ({"b": "y"}, [rule("replace", "a", target_label="b")], {}),
        ({"a": "x"}, [rule("replace", "a", regex="y", target_label="a", replacement="z")], {"a": "x"}),
        ({"a": "x-y"}, [rule("replace", "a", regex="(.)-(.)", target_label="$1$2", replacement="${2}_$1")],
         {"a": "x-y", "xy": "y_x"}),
        ({"a": "x"}, [rule("replace", "a", regex="(y)?x", target_label="$1", replacement="z")], {"a": "x"}),
        ({"a": "l1\nl2"}, [rule("replace", "a", regex="l1.l2", target_label="b", replacement="c")],
         {"a": "l1\nl2", "b": "c"}),
        ({"a": "x"}, [rule("keep", "a", regex="y")], None),
        ({"a": "xy"}, [rule("keep", "a", regex="x")], None),
        ({"a": "x"}, [rule("drop", "a", regex="x|y")], None),
        ({}, [rule("drop", "a", regex="")], None),
        ({"a": "x", "b": "x"}, [rule("keepequal", "a", target_label="b")], {"a": "x", "b": "x"}),
        ({"a": "x"}, [rule("keepequal", "a", target_label="b")], None),
        ({"a": "x"}, [rule("dropequal", "a", target_label="b")], {"a": "x"}),
        ({}, [rule("dropequal", "a", target_label="b")], None),
        ({"a": "foo"}, [rule("hashmod", "a", target_label="b", modulus=1000)], {"a": "foo", "b": "696"}),
        ({"a1": "x", "a2": "y"}, [rule("labelmap", regex="a(.)", replacement="b$1")],
         {"a1": "x", "a2": "y", "b1": "x", "b2": "y"}),
        ({"a": "x", "ab": "y", "b": "z"}, [rule("labeldrop", regex="a.*")], {"b": "z"}),
        ({"a": "x", "ab": "y", "b": "z"}, [rule("labelkeep", regex="a")], {"a": "x"}),
        ({"a": "xY"}, [rule("lowercase", "a", target_label="a"), rule("uppercase", "a", target_label="b")],
         {"a": "xy", "b": "XY"}),
    ],
)  # fmt: skip
def test_actions(labels, rules, expected):
    found = relabel(labels, rules)
    assert (None if found is None else found.as_dict()) == expected


def test_without_rules_the_same_labels_come_back():
    labels = Labels.of(a="b")
    assert Relabeler([]).relabel(labels) is labels
    assert not Relabeler([])


def test_legacy_names_are_kept_to():
    rules = [rule("replace", "a", regex="(.*)", target_label="$1", replacement="x")]
    assert Relabeler(rules).relabel(Labels.of(a="b.c")) == Labels.of({"a": "b.c", "b.c": "x"})
    assert Relabeler(rules, legacy_names=True).relabel(Labels.of(a="b.c")) == Labels.of(a="b.c")


def test_case_keeps_the_number_of_characters():
    assert lower("ÀÉİΣ") == "àéiσ"
    assert upper("straße ŉ") == "STRAßE ŉ"


def test_hashmod_is_the_low_half_of_md5():
    # md5("foo") = acbd18db4cc2f85c edef654fccc4a4d8
    assert hashmod("foo", 2**64 - 1) == 0xEDEF654FCCC4A4D8
