"""Dashboards that are wrong, and dashboards that are too much: what is well in them is shown all the same."""

from __future__ import annotations

from typing import Any, Final

from tests.browser.hostile import LOKI, PROMETHEUS, TABLE, panels, target

_UP: Final = [target("up", legendFormat="{{job}}")]
BROKEN: Final[dict[str, Any]] = {
    "title": "Broken in many ways",
    "schemaVersion": 39,
    "time": {"from": "now-5m", "to": "now"},
    "templating": {
        "list": [
            {"name": "a", "type": "query", "datasource": PROMETHEUS, "query": 'label_values(up{job=~"$b"}, job)'},
            {"name": "b", "type": "query", "datasource": PROMETHEUS, "query": 'label_values(up{job=~"$a"}, job)'},
            {"name": "self", "type": "query", "datasource": PROMETHEUS, "query": 'label_values(up{job=~"$self"}, job)'},
            {
                "name": "lost",
                "type": "query",
                "datasource": PROMETHEUS,
                "query": "label_values(up{, job)",
                "refresh": 1,
            },
            {
                "name": "bad",
                "type": "query",
                "datasource": PROMETHEUS,
                "query": "label_values(up, job)",
                "regex": "/(((/",
            },
            {"name": 5, "type": "query"},
            "not a variable",
        ]
    },
    "annotations": {"list": [{"name": "down", "enable": True, "datasource": {"uid": "down"}, "expr": "up"}, None]},
    "panels": [
        *panels(
            [
                {"type": "timeseries", "title": "well", "targets": _UP},
                {"type": "timeseries", "title": "syntax", "targets": [target("sum(up")]},
                {
                    "type": "timeseries",
                    "title": "down",
                    "datasource": {"type": "prometheus", "uid": "down"},
                    "targets": [{"refId": "A", "expr": "up", "datasource": {"type": "prometheus", "uid": "down"}}],
                },
                {
                    "type": "timeseries",
                    "title": "no JSON",
                    "targets": [{"refId": "A", "expr": "up", "datasource": {"uid": "lies"}}],
                },
                {
                    "type": "logs",
                    "title": "no source",
                    "targets": [{"refId": "A", "expr": "{}", "datasource": {"type": "loki9", "uid": "nowhere"}}],
                },
                {"type": "hologram", "title": "unknown", "targets": _UP},
                {
                    "type": "timeseries",
                    "title": "transformed",
                    "targets": _UP,
                    "transformations": [{"id": "noSuchThing", "options": {}}],
                },
                {"type": "timeseries", "title": "targets", "targets": "none"},
                {"type": "stat", "title": "config", "targets": _UP, "fieldConfig": 5, "options": None},
                {
                    "type": "table",
                    "title": "overrides",
                    "targets": _UP,
                    "fieldConfig": {
                        "defaults": {"thresholds": {"steps": "x"}, "mappings": {"a": 1}},
                        "overrides": [
                            {"matcher": {"id": "byRegexp", "options": "((("}, "properties": [{"id": "unit"}]}
                        ],
                    },
                },
                {
                    "type": "gauge",
                    "title": "numbers",
                    "targets": _UP,
                    "fieldConfig": {"defaults": {"min": "low", "max": None, "decimals": "many"}, "overrides": None},
                },
                {"type": "timeseries", "title": "cycle", "targets": [target('up{job=~"$a|$b|$self"}')]},
            ]
        ),
        None,
        "not a panel",
        {"type": "timeseries", "title": "nowhere", "gridPos": {"x": "left", "w": -3, "h": "tall"}, "targets": _UP},
    ],
}

MANY: Final[dict[str, Any]] = {
    "title": "A variable of many values",
    "schemaVersion": 39,
    "time": {"from": "now-5m", "to": "now"},
    "templating": {
        "list": [
            {
                "name": "own",
                "type": "custom",
                "query": ",".join(f"value {at}" for at in range(100_000)),
                "multi": True,
                "includeAll": True,
                "current": {"text": "value 7", "value": "value 7"},
            },
            {"name": "asked", "type": "query", "datasource": PROMETHEUS, "query": "label_values(many)", "refresh": 1},
        ]
    },
    "panels": panels([{"type": "timeseries", "title": "well", "targets": _UP}]),
}

# Texts of a million letters, and things within things within things.
_LONG: Final = "a long title " * 80_000
_SHORTER: Final = _LONG[:20_000]
_DEEP: Final = 10_000


def _nested(depth: int) -> Any:
    """An object in an object, and so on."""
    inside: Any = "deep"
    for _ in range(depth):
        inside = {"a": inside}
    return inside


HUGE: Final[dict[str, Any]] = {
    "title": _LONG[:5000],  # More is refused.
    "description": _SHORTER,
    "schemaVersion": 39,
    "time": {"from": "now-5m", "to": "now"},
    "links": [{"title": _SHORTER, "type": "link", "url": "/explore"}],
    "templating": {
        "list": [
            {"name": "long", "type": "textbox", "query": _SHORTER[:500]},
            {"name": "loop", "type": "custom", "query": "$loop ${loop} [[loop]]"},
            {"name": "deep", "type": "textbox", "query": "${deep:" * 5000 + "}" * 5000},
        ]
    },
    "panels": panels(
        [
            {"type": "timeseries", "title": "well", "targets": _UP},
            {"type": "timeseries", "title": _LONG, "description": _SHORTER, "targets": _UP},
            {"type": "timeseries", "title": "legend", "targets": [target("up", legendFormat=_SHORTER)]},
            {
                "type": "stat",
                "title": "name",
                "targets": _UP,
                "fieldConfig": {"defaults": {"displayName": _SHORTER, "unit": "suffix:" + _SHORTER}, "overrides": []},
            },
            {
                "type": "table",
                "title": "cells",
                "targets": [target("up", **TABLE)],
                "fieldConfig": {"defaults": {"displayName": _SHORTER}, "overrides": []},
            },
            {"type": "text", "title": "quotes", "options": {"mode": "markdown", "content": ">" * _DEEP + " deep"}},
            {
                "type": "text",
                "title": "brackets",
                "options": {"mode": "markdown", "content": "[" * _DEEP + "deep" + "](x)" * _DEEP},
            },
            {"type": "text", "title": "stars", "options": {"mode": "markdown", "content": "*a **b " * _DEEP}},
            {
                "type": "text",
                "title": "lists",
                "options": {"mode": "markdown", "content": "\n".join("  " * at + "- deep" for at in range(400))},
            },
            {"type": "text", "title": "boxes", "options": {"mode": "html", "content": "<div>" * _DEEP + "deep"}},
            {"type": "text", "title": "drawings", "options": {"mode": "html", "content": "<svg><g>" * _DEEP + "deep"}},
            {"type": "timeseries", "title": "brackets of a query", "targets": [target("(" * 5000 + "up" + ")" * 5000)]},
            {
                "type": "logs",
                "title": "stages of a query",
                "targets": [{"refId": "A", "expr": '{a="b"}' + ' |= "x"' * 5000, "datasource": LOKI}],
            },
            {
                "type": "logs",
                "title": "lines",
                "options": {"prettifyLogMessage": True, "enableLogDetails": True},
                "targets": [{"refId": "A", "expr": '{job="huge"}', "datasource": LOKI}],
            },
            {
                "type": "timeseries",
                "title": "options",
                "targets": _UP,
                "options": _nested(150),
                "fieldConfig": {"defaults": {"custom": _nested(150)}, "overrides": []},
            },
        ]
    ),
}
HUGE_LINES: Final = ('{"a":' * 3000 + "1" + "}" * 3000, "[" * 50_000, "x" * 200_000)

BROKEN_BOARDS: Final = {
    "broken": BROKEN,
    "many-values": MANY,
    "huge": HUGE,
    "broken-json": '{"title": "Not the whole of it", "panels": [',
}

# What is no dashboard at all, and what the page that imports says of it.
NO_DASHBOARDS: Final = (
    "{",
    "[]",
    "null",
    "5",
    '"text"',
    '{"panels": {"a": 1}}',
    '{"dashboard": []}',
    "<html>",
    "[" * 100_000,
    '{"panels":' + "[" * 50_000 + "]" * 50_000 + "}",
)
