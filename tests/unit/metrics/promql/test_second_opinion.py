"""Another parser of the same language agrees on what is a query.

Real expressions come from rule files and dashboards beside the repository, when they are there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import promql_parser
import pytest
import yaml

from watchkeeper.core.model.errors import ParseError
from watchkeeper.metrics.promql import ast
from watchkeeper.metrics.promql.parser import parse
from watchkeeper.metrics.promql.printer import pretty, to_text

CORPUS = Path(__file__).parents[5] / "shared" / "corpus"

EXPRESSIONS = """
up
up{job="x"} offset 5m
sum by (a) (rate(x[5m])) / ignoring (b) group_left sum(y)
a and on () b
-x ^ 2
x[5m:1m] @ end()
histogram_quantile(0.9, sum by (le) (rate(x_bucket[5m])))
{__name__=~"a.*"}
count_values("v", x)
label_replace(x, "a", "$1", "b", "(.*)")
1 == bool 2
sum(
foo bar
rate(x)
{}
{a=""}
1 == 2
sum by a (x)
x[5m
x{a="b"
x offset
topk(x)
"a" + 1
abs(x, y)
x and 1
""".strip().splitlines()


def accepts(text: str) -> bool:
    try:
        promql_parser.parse(text)
    except ValueError:
        return False
    return True


def tree_of(text: str) -> ast.Expr | None:
    try:
        return parse(text)
    except ParseError:
        return None


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_hand_written_expressions(text: str) -> None:
    assert (tree_of(text) is not None) == accepts(text)


def expressions_of_rules() -> Iterator[str]:
    for path in sorted((CORPUS / "rules").glob("*.y*ml")):
        document = yaml.load(path.read_text(), yaml.CSafeLoader)
        groups = document.get("groups") or document.get("spec", {}).get("groups") or []
        for group in groups:
            for rule in group["rules"]:
                yield str(rule["expr"])


def expressions_of_dashboards() -> Iterator[str]:
    """With dashboard variables replaced by a duration or a number."""
    for path in sorted((CORPUS / "dashboards").glob("*.json")):
        if not path.name.startswith(("loki", "vl-")):  # Those ask another language.
            for text in expressions_in(json.loads(path.read_text())):
                in_brackets = re.sub(r"\[[^\]]*\$[^\]:]*(:?)[^\]]*\]", r"[5m\1]", text)
                yield re.sub(r"\$\{?\w+(:\w+)?\}?", "1", in_brackets)


def expressions_in(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        is_logs = "loki" in json.dumps(node.get("datasource", "")).lower()
        if isinstance(node.get("expr"), str) and not is_logs:
            yield node["expr"]
        for value in node.values():
            yield from expressions_in(value)
    elif isinstance(node, list):
        for value in node:
            yield from expressions_in(value)


def test_expressions_of_real_rules_and_dashboards() -> None:
    if not CORPUS.is_dir():
        pytest.skip("no corpus of rules and dashboards beside the repository")
    texts = {*expressions_of_rules(), *expressions_of_dashboards()}
    assert len(texts) > 500
    for text in texts:
        expr = tree_of(text)
        assert (expr is not None) == accepts(text), text
        if expr is None:
            continue
        printed = to_text(expr)
        assert to_text(parse(printed)) == printed
        assert to_text(parse(pretty(expr))) == printed
