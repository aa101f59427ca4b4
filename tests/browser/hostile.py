"""What somebody may write into labels, log lines, dashboards and alerts who wants the pages to run it, or to break."""

from __future__ import annotations

from typing import Any, Final

# Each of them sets window.hit when it runs.
IMG: Final = "<img src=x onerror=window.hit=1>"
ATTACKS: Final = (
    IMG,
    "<script>window.hit=1</script>",
    "\"'><svg onload=window.hit=1>",
    "<iframe srcdoc='<script>parent.hit=1</script>'></iframe>",
    "<a href='javascript:window.hit=1'>click</a>",
    "[click](javascript:window.hit=1)",
    "<details open ontoggle=window.hit=1>x</details>",
    "{{constructor.constructor('window.hit=1')()}}",
    "${__proto__.x} $__name ${a:raw}",
    "<math><mtext><table><mglyph><style><img src=x onerror=window.hit=1>",
)
LINKS: Final = (
    "javascript:window.hit=1",
    " \tjava\nscript:window.hit=1",
    "data:text/html,<script>parent.hit=1</script>",
    "vbscript:x",
    "JaVaScRiPt:window.hit=1//",
    "${attack}",
)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


HOSTILE_METRICS: Final = "".join(
    f'hostile{{n="{at}",text="{_escaped(text)}"}} {at + 1}\n' for at, text in enumerate(ATTACKS)
)

_SOURCE: Final = {"type": "prometheus", "uid": "prometheus"}
_LOKI: Final = {"type": "loki", "uid": "loki"}
_LINKS: Final = [{"title": f"link {IMG}", "url": url, "targetBlank": False} for url in LINKS]


def _target(expr: str = "hostile", **more: Any) -> dict[str, Any]:
    return {"refId": "A", "expr": expr, "datasource": _SOURCE, "legendFormat": "{{text}}", **more}


def _panels(kinds: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {"id": at + 1, "gridPos": {"x": at % 3 * 8, "y": at // 3 * 7, "w": 8, "h": 7}, **kind}
        for at, kind in enumerate(kinds)
    ]


_FIELDS: Final = {
    "defaults": {
        "links": _LINKS,
        "unit": f"suffix:{IMG}",
        "displayName": IMG + "${__field.labels.text}",
        "noValue": IMG,
        "mappings": [{"type": "value", "options": {"1": {"text": IMG, "color": "red;background:url(javascript:1)"}}}],
        "thresholds": {"mode": "absolute", "steps": [{"value": None, "color": f"</style>{ATTACKS[1]}"}]},
        "custom": {"axisLabel": IMG},
    },
    "overrides": [],
}
_TABLE: Final = {"format": "table", "instant": True}
_TYPES: Final = ("timeseries", "stat", "gauge", "bargauge", "table", "piechart", "barchart", "state-timeline",
                 "status-history", "histogram", "heatmap", "graph", "singlestat", "table-old")  # fmt: skip

HOSTILE: Final = {
    "title": f"Hostile {IMG}",
    "tags": [IMG],
    "schemaVersion": 39,
    "time": {"from": "now-5m", "to": "now"},
    "links": [
        {"title": IMG, "type": "link", "url": LINKS[0], "tooltip": IMG, "icon": IMG},
        {"title": IMG, "type": "link", "url": LINKS[1]},
    ],
    "annotations": {"list": [{"name": IMG, "enable": True, "datasource": _SOURCE, "expr": "hostile",
                              "titleFormat": "{{text}}", "textFormat": "{{text}}", "tagKeys": "text"}]},
    "templating": {"list": [
        {"name": "attack", "label": IMG, "type": "textbox", "query": "javascript:window.hit=1"},
        {"name": "texts", "type": "query", "datasource": _SOURCE, "query": "label_values(hostile, text)", "multi": True,
         "includeAll": True, "refresh": 1, "description": IMG},
    ]},
    "panels": _panels([
        *({"type": kind, "title": f"{kind} {IMG}", "description": "".join(ATTACKS), "links": _LINKS,
           "targets": [_target(**(_TABLE if "table" in kind else {}))], "fieldConfig": _FIELDS,
           "options": {"legend": {"displayMode": "table", "showLegend": True, "calcs": ["last"]},
                       "reduceOptions": {"calcs": ["lastNotNull"]}}} for kind in _TYPES),
        *({"type": "text", "title": mode, "options": {"mode": mode, "content": "\n\n".join((*ATTACKS, "${texts}"))}}
          for mode in ("markdown", "html", "code")),
        {"type": "logs", "title": "lines", "datasource": _LOKI, "options": {"showLabels": True},
         "targets": [{"refId": "A", "expr": '{job="hostile"}', "datasource": _LOKI}]},
        {"type": IMG, "title": "a type of its own", "targets": [_target()]},
        {"type": "dashlist", "title": "dashboards", "options": {"showSearch": True, "query": "Hostile", "maxItems": 9}},
        {"type": "alertlist", "title": "alerts", "options": {}},
    ]),
}  # fmt: skip

_UP: Final = [_target("up", legendFormat="{{job}}")]
BROKEN: Final = {
    "title": "Broken in many ways",
    "schemaVersion": 39,
    "time": {"from": "now-5m", "to": "now"},
    "templating": {"list": [
        {"name": "a", "type": "query", "datasource": _SOURCE, "query": 'label_values(up{job=~"$b"}, job)'},
        {"name": "b", "type": "query", "datasource": _SOURCE, "query": 'label_values(up{job=~"$a"}, job)'},
        {"name": "self", "type": "query", "datasource": _SOURCE, "query": 'label_values(up{job=~"$self"}, job)'},
        {"name": "lost", "type": "query", "datasource": _SOURCE, "query": "label_values(up{, job)", "refresh": 1},
        {"name": "bad", "type": "query", "datasource": _SOURCE, "query": "label_values(up, job)", "regex": "/(((/"},
        {"name": 5, "type": "query"},
        "not a variable",
    ]},
    "annotations": {"list": [{"name": "down", "enable": True, "datasource": {"uid": "down"}, "expr": "up"}, None]},
    "panels": [
        *_panels([
            {"type": "timeseries", "title": "well", "targets": _UP},
            {"type": "timeseries", "title": "syntax", "targets": [_target("sum(up")]},
            {"type": "timeseries", "title": "down", "datasource": {"type": "prometheus", "uid": "down"},
             "targets": [{"refId": "A", "expr": "up", "datasource": {"type": "prometheus", "uid": "down"}}]},
            {"type": "hologram", "title": "unknown", "targets": _UP},
            {"type": "timeseries", "title": "transformed", "targets": _UP,
             "transformations": [{"id": "noSuchThing", "options": {}}]},
            {"type": "timeseries", "title": "targets", "targets": "none"},
            {"type": "stat", "title": "config", "targets": _UP, "fieldConfig": 5, "options": None},
            {"type": "table", "title": "overrides", "targets": _UP,
             "fieldConfig": {"defaults": {"thresholds": {"steps": "x"}, "mappings": {"a": 1}},
                             "overrides": [{"matcher": {"id": "byRegexp", "options": "((("},
                                            "properties": [{"id": "unit"}]}]}},
            {"type": "gauge", "title": "numbers", "targets": _UP,
             "fieldConfig": {"defaults": {"min": "low", "max": None, "decimals": "many"}, "overrides": None}},
            {"type": "timeseries", "title": "cycle", "targets": [_target('up{job=~"$a|$b|$self"}')]},
        ]),
        None,
        "not a panel",
        {"type": "timeseries", "title": "nowhere", "gridPos": {"x": "left", "w": -3, "h": "tall"}, "targets": _UP},
    ],
}  # fmt: skip

MANY: Final = {
    "title": "A variable of many values",
    "schemaVersion": 39,
    "time": {"from": "now-5m", "to": "now"},
    "templating": {"list": [
        {"name": "own", "type": "custom", "query": ",".join(f"value {at}" for at in range(100_000)), "multi": True,
         "includeAll": True, "current": {"text": "value 7", "value": "value 7"}},
        {"name": "asked", "type": "query", "datasource": _SOURCE, "query": "label_values(many)", "refresh": 1},
    ]},
    "panels": _panels([{"type": "timeseries", "title": "well", "targets": _UP}]),
}  # fmt: skip

HOSTILE_BOARDS: Final = {"hostile": HOSTILE, "broken": BROKEN, "many-values": MANY}

# What is no dashboard at all, and what the page that imports says of it.
NO_DASHBOARDS: Final = ("{", "[]", "null", "5", '"text"', '{"panels": {"a": 1}}', '{"dashboard": []}', "<html>")
