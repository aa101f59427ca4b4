"""Addresses of expressions."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

from watchkeeper.rules.links import ExploreLink, graph_link, log_query_link

EXPRESSION = 'sum(rate({app="a&b"} |= "<é~>" [5m])) > 1'


def test_a_page_of_queries() -> None:
    assert graph_link("http://h/p", 'up{a="b c"} == 0') == (
        "http://h/p/graph?g0.expr=up%7Ba%3D%22b+c%22%7D+%3D%3D+0&g0.tab=1"
    )


def test_a_query_of_lines_over_the_api() -> None:
    parts = urlsplit(log_query_link("http://h/p", EXPRESSION))
    assert (parts.netloc, parts.path) == ("h", "/p/loki/api/v1/query")
    assert parse_qs(parts.query) == {"query": [EXPRESSION]}


def test_explore_of_a_data_source() -> None:
    parts = urlsplit(ExploreLink("abc")("https://grafana", EXPRESSION))
    assert (parts.netloc, parts.path) == ("grafana", "/explore")
    [left] = parse_qs(parts.query)["left"]
    assert "\\u003c" in left  # As Go writes it.
    source = {"type": "loki", "uid": "abc"}
    assert json.loads(left) == {"queries": [{"expr": EXPRESSION, "queryType": "range", "datasource": source}]}


def test_explore_of_the_default_data_source() -> None:
    assert ExploreLink()("", 'a"b') == (
        "/explore?left=%7B%22queries%22%3A%5B%7B%22expr%22%3A%22a%5C%22b%22%2C%22queryType%22%3A%22range%22%7D%5D%7D"
    )
