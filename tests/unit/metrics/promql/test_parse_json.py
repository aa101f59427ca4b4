"""The JSON tree of a query."""

from __future__ import annotations

import json

from watchkeeper.metrics.promql.parse_json import to_json
from watchkeeper.metrics.promql.parser import ALL_OPTIONS, parse


def test_an_aggregation_over_a_call() -> None:
    assert to_json(parse('sum by (job) (rate(x{a="b"}[5m] offset 1m))')) == {
        "type": "aggregation",
        "op": "sum",
        "param": None,
        "grouping": ["job"],
        "without": False,
        "expr": {
            "type": "call",
            "func": {"name": "rate", "argTypes": ["matrix"], "variadic": 0, "returnType": "vector"},
            "args": [
                {
                    "type": "matrixSelector",
                    "name": "x",
                    "range": 300_000,
                    "offset": 60_000,
                    "matchers": [
                        {"name": "a", "value": "b", "type": "="},
                        {"name": "__name__", "value": "x", "type": "="},
                    ],
                    "timestamp": None,
                    "startOrEnd": None,
                    "anchored": False,
                    "smoothed": False,
                }
            ],
        },
    }


def test_binary_expressions() -> None:
    tree = to_json(parse("a > bool on (x) group_right (y) fill_left (0) b", ALL_OPTIONS))
    assert tree is not None
    assert tree["matching"] == {
        "card": "one-to-many",
        "labels": ["x"],
        "on": True,
        "include": ["y"],
        "fillValues": {"lhs": 0.0, "rhs": None},
    }
    assert (tree["type"], tree["op"], tree["bool"]) == ("binaryExpr", ">", True)
    scalar = to_json(parse("1 + 5m"))
    assert scalar is not None
    assert scalar["matching"] is None
    assert scalar["rhs"] == {"type": "numberLiteral", "val": "300"}


def test_the_other_nodes() -> None:
    tree = to_json(parse("-(x @ end())"))
    assert tree is not None
    assert tree["type"] == "unaryExpr"
    assert tree["expr"]["type"] == "parenExpr"
    assert tree["expr"]["expr"]["startOrEnd"] == "end"
    subquery = to_json(parse("x[1h:1m] @ 5 offset -1m"))
    assert subquery is not None
    assert {key: value for key, value in subquery.items() if key != "expr"} == {
        "type": "subquery",
        "range": 3_600_000,
        "offset": -60_000,
        "step": 60_000,
        "timestamp": 5000,
        "startOrEnd": None,
    }
    assert to_json(parse('"s"')) == {"type": "stringLiteral", "val": "s"}
    assert json.dumps(to_json(parse("NaN"))) == '{"type": "numberLiteral", "val": "NaN"}'
