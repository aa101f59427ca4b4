"""What a query's tree says of the work behind it, one construct family after the other."""

from __future__ import annotations

from typing import Any

import pytest

from watchkeeper.logs.logql.explain import explain
from watchkeeper.logs.logql.parser import parse


def tree(text: str) -> dict[str, Any]:
    return explain(parse(text))


def stages(text: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = tree('{app="x"} ' + text)["stages"]
    return found


def makes(text: str) -> list[list[str] | None]:
    node = tree(text)
    while "stages" not in node:
        node = node["expr"]
    return [stage["makes"] for stage in node["stages"] if "makes" in stage]


def test_matchers_select_streams() -> None:
    node = tree('{app="x", env!~"dev|test"}')
    assert node == {
        "type": "logSelector",
        "matchers": [
            {"name": "app", "value": "x", "type": "="},
            {"name": "env", "value": "dev|test", "type": "!~"},
        ],
        "needles": [],
        "words": [],
        "metadata": None,
        "stages": [],
        "leftOut": [],
        "filters": False,
    }
    assert tree('{app="x"} |= "a"')["filters"]


def test_line_filters_say_how_they_search() -> None:
    found = stages(r'|= "a" or ip("10.0.0.1") |~ "a.*b" |~ "\\pL+" |> "<_>x<_>" != "" | json')
    assert [stage["text"] for stage in found if stage["first"]] == [
        '|= "a" or ip("10.0.0.1")', '|~ "a.*b"', r'|~ "\\pL+"', '|> "<_>x<_>"', '!= ""',
    ]  # fmt: skip
    assert [stage["ways"] for stage in found[:-1]] == [
        ["search", "addresses"], ["search"], ["re2"], ["parts"], ["none"],
    ]  # fmt: skip
    assert all(stage["packed"] for stage in found[:-1])


def test_a_filter_moves_ahead_but_not_past_what_changes_lines() -> None:
    moved = stages('| json | level="x" |= "a"')
    assert [(stage["type"], stage["first"]) for stage in moved] == [
        ("LineFilter", True), ("Json", False), ("LabelFilter", False),
    ]  # fmt: skip
    behind = stages('| line_format "{{.a}}" | json |= "a"')
    assert [(stage["type"], stage["first"]) for stage in behind] == [
        ("LineFormat", False), ("LineFilter", False), ("Json", False),
    ]  # fmt: skip
    assert not behind[1]["packed"]


def test_only_whole_words_tell_that_a_block_need_not_be_read() -> None:
    node = tree('{app="x"} |= "err" |= " lost " |~ "time.*out" != "no"')
    assert node["needles"] == ['"err"', '" lost "', '"out"', '"time"']
    assert node["words"] == ['" lost "']
    assert tree(r'{app="x"} |= "a\xff"')["needles"] == [r'"a\xff"']


@pytest.mark.parametrize(
    ("stage", "names"),
    [
        ("json", ["status"]),
        ("logfmt", ["status"]),
        ('pattern "<method> <status>"', ["status"]),
        ('regexp "(?P<method>.) (?P<status>.)"', ["status"]),
        ("unpack", ["status"]),
        ('json status="a.b", path="c"', ["path", "status"]),
        ('logfmt status="a", path="c"', ["path", "status"]),
    ],
)
def test_parsers_make_what_is_looked_at(stage: str, names: list[str]) -> None:
    assert makes(f'sum by (status) (count_over_time({{app="x"}} | {stage} [1m]))') == [names]


def test_a_log_query_makes_all_labels() -> None:
    text = r'{app="x"} | json | logfmt | unpack | pattern "<a> <b>" | regexp "(?P<c>.)"'
    assert makes(text) == [None, None, None, ["a", "b"], ["c"]]
    assert tree(text)["metadata"] is None


def test_stages_that_nobody_looks_at_are_left_out() -> None:
    node = tree('sum(count_over_time({app="x"} | json | line_format "{{.a}}" |= "a" [1m]))')["expr"]["expr"]
    assert node["leftOut"] == []  # The filter reads the line that is made.
    node = tree('sum(count_over_time({app="x"} |= "a" | json | line_format "{{.a}}" [1m]))')["expr"]["expr"]
    assert node["leftOut"] == ["| json", '| line_format "{{.a}}"']
    assert node["metadata"] == []


def test_a_sum_groups_while_samples_are_taken() -> None:
    node = tree('sum by (app, level) (rate({app="x"}[5m] offset 1h))')
    assert (node["op"], node["grouping"], node["without"], node["pushed"]) == ("sum", ["app", "level"], False, True)
    inner = node["expr"]
    assert (inner["op"], inner["range"], inner["offset"]) == ("rate", 300_000, 3_600_000)
    assert inner["keeps"] == {"by": ["app", "level"]}
    for text in ('max by (app) (rate({app="x"}[5m]))', 'sum by (app) (max_over_time({app="x"} | unwrap n [5m]))'):
        node = tree(text)
        assert not node["pushed"]
        assert "without" in node["expr"]["keeps"]
    assert tree('sum(rate({app="x"}[5m]))')["expr"]["keeps"] == {"by": []}
    assert tree('sum without (pod) (rate({app="x"}[5m]))')["expr"]["keeps"] == {"without": ["pod"]}


def test_blocks_are_counted_by_their_headers() -> None:
    assert tree('count_over_time({app="x"}[5m])')["headers"]
    for text in ('count_over_time({app="x"} |= "a" [5m])', 'bytes_over_time({app="x"}[5m])'):
        assert not tree(text)["headers"]


def test_unwrap() -> None:
    node = tree('quantile_over_time(0.9, {app="x"} | logfmt | unwrap duration(took) | __error__="" [1m]) by (path)')
    assert node["unwrap"] == {"label": "took", "conversion": "duration", "filters": ['| __error__=""']}
    assert node["param"] == {"type": "numberLiteral", "val": "0.9"}
    assert (node["fold"], node["keepsErrors"], node["keeps"]) == ("none", True, {"by": ["path"]})
    assert makes('avg_over_time({app="x"} | logfmt | unwrap took [1m]) by (path)') == [["path", "took"]]


def test_operators() -> None:
    node = tree('rate({app="x"}[1m]) / on (app) group_left (pod) vector(2) > bool 0.5')
    assert (node["type"], node["op"], node["bool"]) == ("binaryExpr", ">", True)
    assert node["rhs"] == {"type": "numberLiteral", "val": "0.5"}
    lhs = node["lhs"]
    assert lhs["matching"] == {"card": "many-to-one", "labels": ["app"], "on": True, "include": ["pod"]}
    assert lhs["rhs"] == {"type": "vector", "val": "2"}


def test_topk_and_label_replace() -> None:
    node = tree('topk(3, label_replace(rate({app="x"}[1m]), "a", "$1", "b", "(.*)"))')
    assert node["param"] == {"type": "numberLiteral", "val": "3"}
    inner = node["expr"]
    assert [inner[name] for name in ("type", "dst", "replacement", "src", "regex")] == [
        "labelReplace", "a", "$1", "b", "(.*)",
    ]  # fmt: skip
