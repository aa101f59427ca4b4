"""What somebody may write into labels, log lines, dashboards and alerts who wants the pages to run it, or to break."""

from __future__ import annotations

import json
from typing import Any, Final

# Each of them sets window.__xss when it runs, or asks a host that is not ours when it is drawn.
IMG: Final = "<img src=x onerror=window.__xss=1>"
ATTACKS: Final = (
    IMG,
    "<script>window.__xss=1</script>",
    "\"'><svg onload=window.__xss=1>",
    "<iframe srcdoc='<script>parent.__xss=1</script>'></iframe>",
    "<a href='javascript:window.__xss=1'>click</a>",
    "[click](javascript:window.__xss=1)",
    "<details open ontoggle=window.__xss=1>x</details>",
    "{{constructor.constructor('window.__xss=1')()}}",
    "${__proto__.x} $__name ${a:raw}",
    "<math><mtext><table><mglyph><style><img src=x onerror=window.__xss=1>",
    "<style>@import url(//beacon.invalid/s);*{background:url(//beacon.invalid/b)}</style>",
    "<p style='background:url(//beacon.invalid/p)'>x</p><video poster=//beacon.invalid/v></video>",
    "![x](http://beacon.invalid/m.png)<img srcset='//beacon.invalid/i 1x'><img src=/logout>",
    "<link rel=stylesheet href=//beacon.invalid/l><base href=//beacon.invalid/><meta http-equiv=refresh content=0>",
    "<svg><image href=//beacon.invalid/i /><use href=//beacon.invalid/u#x /><set attributeName=onclick to=x /></svg>",
    "<form action=//beacon.invalid><button formaction=javascript:window.__xss=1>x</button></form>",
    "<a href='jav&#x09;ascript&colon;window.__xss=1' ping=//beacon.invalid>entity</a>",
    # Where a cell is a picture or a link by itself.
    "http://beacon.invalid/cell.png",
    "//beacon.invalid/cell",
    "/logout",
    "javascript:window.__xss=1",
)
LINKS: Final = (
    "javascript:window.__xss=1",
    " \tjava\nscript:window.__xss=1",
    "data:text/html,<script>parent.__xss=1</script>",
    "vbscript:x",
    "JaVaScRiPt:window.__xss=1//",
    "${attack}",
    "\u0001javascript:window.__xss=1",
    "&#106;avascript:window.__xss=1",
    "javascript&colon;window.__xss=1",
    "blob:x",
    "filesystem:x",
    "data:image/svg+xml,<svg onload=window.__xss=1>",
)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


# Values, and names of a metric and of labels; and a text of help.
HOSTILE_METRICS: Final = "".join(
    (
        f"# HELP hostile {IMG}\n# TYPE hostile gauge\n",
        *(f'hostile{{n="{at}",text="{_escaped(text)}"}} {at + 1}\n' for at, text in enumerate(ATTACKS)),
        f'{{"{IMG}","{IMG}"="{IMG}"}} 1\n',
    )
)
# Lines as programs write them: colours, links of terminals, links, fields, levels.
HOSTILE_LINES: Final = (
    *ATTACKS,
    json.dumps({"msg": IMG, IMG: ATTACKS[1], "url": LINKS[0]}),
    f'level="{IMG}" msg="{IMG}" traceID="{IMG}"',
    f"\u001b[31m{IMG}\u001b[0m \u001b]8;;{LINKS[0]}\u0007{IMG}\u001b]8;;\u0007 \u001b[38;5;1;url(//beacon.invalid/a)m",
    f'{LINKS[0]} http://beacon.invalid/"onmouseover=window.__xss=1 {LINKS[2]}',
)

PROMETHEUS: Final[dict[str, Any]] = {"type": "prometheus", "uid": "prometheus"}
LOKI: Final[dict[str, Any]] = {"type": "loki", "uid": "loki"}
_LINKS: Final = [{"title": f"link {IMG}", "url": url, "targetBlank": False} for url in LINKS]


def target(expr: str = "hostile", **more: Any) -> dict[str, Any]:
    """A query of a panel."""
    return {"refId": "A", "expr": expr, "datasource": PROMETHEUS, "legendFormat": "{{text}}", **more}


def panels(kinds: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Panels with their places, three in a row."""
    return [
        {"id": at + 1, "gridPos": {"x": at % 3 * 8, "y": at // 3 * 7, "w": 8, "h": 7}, **kind}
        for at, kind in enumerate(kinds)
    ]


_FIELDS: Final[dict[str, Any]] = {
    "defaults": {
        "links": _LINKS,
        "description": IMG,
        "unit": f"suffix:{IMG}",
        "displayName": IMG + "${__field.labels.text}",
        "noValue": IMG,
        "mappings": [{"type": "value", "options": {"1": {"text": IMG, "color": "red;background:url(javascript:1)"}}}],
        "thresholds": {"mode": "absolute", "steps": [{"value": None, "color": f"</style>{ATTACKS[1]}"}]},
        "custom": {"axisLabel": IMG, "cellOptions": {"type": IMG}},
    },
    "overrides": [
        {"matcher": {"id": "byName", "options": "text"}, "properties": [{"id": "displayName", "value": IMG}]},
        {
            "matcher": {"id": "byRegexp", "options": "/.*/"},
            "properties": [
                {"id": "color", "value": {"mode": "fixed", "fixedColor": "url(//beacon.invalid/c)"}},
                {
                    "id": "mappings",
                    "value": [
                        {"type": "regex", "options": {"pattern": "(.*)", "result": {"text": IMG + "$1"}}},
                        {"type": "special", "options": {"match": "nan", "result": {"text": IMG}}},
                    ],
                },
            ],
        },
    ],
}


def _cells(kind: str) -> dict[str, Any]:
    """Fields of a table whose cells hold addresses: of pictures, of links, as they are."""
    return {
        "defaults": {"custom": {"cellOptions": {"type": kind}}, "links": _LINKS, "displayName": IMG},
        "overrides": [],
    }


TABLE: Final[dict[str, Any]] = {"format": "table", "instant": True}
_TYPES: Final = (
    "timeseries",
    "stat",
    "gauge",
    "bargauge",
    "table",
    "piechart",
    "barchart",
    "state-timeline",
    "status-history",
    "histogram",
    "heatmap",
    "graph",
    "singlestat",
    "table-old",
)

HOSTILE: Final[dict[str, Any]] = {
    "title": f"Hostile {IMG}",
    "tags": [IMG],
    "schemaVersion": 39,
    "time": {"from": "now-5m", "to": "now"},
    "links": [
        {"title": IMG, "type": "link", "url": LINKS[0], "tooltip": IMG, "icon": IMG},
        {"title": IMG, "type": "link", "url": LINKS[1]},
    ],
    "annotations": {
        "list": [
            {
                "name": IMG,
                "enable": True,
                "datasource": PROMETHEUS,
                "expr": "hostile",
                "titleFormat": "{{text}}",
                "textFormat": "{{text}}",
                "tagKeys": "text",
            }
        ]
    },
    "templating": {
        "list": [
            {"name": "attack", "label": IMG, "type": "textbox", "query": "javascript:window.__xss=1"},
            {
                "name": "own",
                "label": IMG,
                "type": "custom",
                "query": ",".join(f"{IMG} : {IMG}{at}" for at in range(3)),
                "description": IMG,
            },
            {"name": "data", "type": "datasource", "query": IMG, "label": IMG},
            {
                "name": "filters",
                "type": "adhoc",
                "datasource": PROMETHEUS,
                "label": IMG,
                "filters": [{"key": IMG, "operator": "=~", "value": ".*"}],
            },
            {
                "name": "texts",
                "type": "query",
                "datasource": PROMETHEUS,
                "query": "label_values(hostile, text)",
                "multi": True,
                "includeAll": True,
                "refresh": 1,
                "description": IMG,
            },
        ]
    },
    "panels": panels(
        [
            *(
                {
                    "type": kind,
                    "title": f"{kind} {IMG}",
                    "description": "".join(ATTACKS),
                    "links": _LINKS,
                    "targets": [target(**(TABLE if "table" in kind else {}))],
                    "fieldConfig": _FIELDS,
                    "options": {
                        "legend": {"displayMode": "table", "showLegend": True, "calcs": ["last"]},
                        "reduceOptions": {"calcs": ["lastNotNull"]},
                    },
                }
                for kind in _TYPES
            ),
            *(
                {
                    "type": "text",
                    "title": mode,
                    "options": {"mode": mode, "content": "\n\n".join((*ATTACKS, "${texts}"))},
                }
                for mode in ("markdown", "html", "code")
            ),
            {
                "type": "logs",
                "title": "lines",
                "datasource": LOKI,
                "options": {"showLabels": True},
                "targets": [{"refId": "A", "expr": '{job="hostile"}', "datasource": LOKI}],
            },
            {"type": IMG, "title": "a type of its own", "targets": [target()]},
            *(
                {"type": "table", "title": f"cells {kind}", "fieldConfig": _cells(kind), "targets": [target(**TABLE)]}
                for kind in ("image", "json-view", "data-links", "markdown", "color-background")
            ),
            {
                "type": "table",
                "title": "filters",
                "targets": [target(**TABLE)],
                "options": {"sortBy": [{"displayName": IMG}]},
                "fieldConfig": {"defaults": {"custom": {"filterable": True, "inspect": True}}, "overrides": []},
                "transformations": [
                    {"id": "organize", "options": {"renameByName": {"text": IMG, "Value": "${attack}"}}}
                ],
            },
            {
                "type": "timeseries",
                "title": "${attack} $texts",
                "targets": [target(legendFormat=IMG + "{{" + IMG + "}}${attack}")],
            },
            {
                "type": "stat",
                "title": "names",
                "targets": [{**target(""), "expr": '{__name__=~"<img.*"}', "legendFormat": ""}],
            },
            {"type": "row", "title": IMG, "collapsed": False, "panels": []},
            {
                "type": "dashlist",
                "title": "dashboards",
                "options": {"showSearch": True, "query": "Hostile", "maxItems": 9},
            },
            {"type": "alertlist", "title": "alerts", "options": {}},
        ]
    ),
}

# What the server says of these has their texts in it.
ECHOES: Final[dict[str, Any]] = {
    "title": "Errors that repeat what they are of",
    "schemaVersion": 39,
    "time": {"from": "now-5m", "to": "now"},
    "panels": panels(
        [
            {"type": "timeseries", "title": "name", "targets": [target(IMG)]},
            {"type": "timeseries", "title": "function", "targets": [target(f"rate({IMG})")]},
            {"type": "timeseries", "title": "matcher", "targets": [target('up{a=~"(' + IMG + '"}')]},
            {"type": "logs", "title": "lines", "targets": [{"refId": "A", "expr": "{a=" + IMG, "datasource": LOKI}]},
            {
                "type": "stat",
                "title": "source",
                "datasource": {"uid": IMG, "type": IMG},
                "targets": [{"refId": "A", "expr": "up"}],
            },
            {
                "type": "stat",
                "title": "transformation",
                "targets": [target("up")],
                "transformations": [
                    {
                        "id": "calculateField",
                        "options": {"mode": "binary", "binary": {"left": IMG, "operator": IMG, "right": IMG}},
                    },
                    {"id": IMG, "options": {}},
                ],
            },
        ]
    ),
}

# Where somebody may be led to after they signed in who followed a link of somebody else's; and where they then are.
REDIRECTS: Final = {
    "/targets": "/targets",
    "//beacon.invalid/": "/",
    "/\\beacon.invalid/": "/",
    "\\\\beacon.invalid/": "/",
    "https://beacon.invalid/": "/",
    "/\t/beacon.invalid/": "/",
    "/%2f%2fbeacon.invalid/": None,
    "javascript:window.__xss=1": "/",
    "data:text/html,<script>window.__xss=1</script>": "/",
    "@beacon.invalid": "/",
}

HOSTILE_BOARDS: Final = {"hostile": HOSTILE, "echoes": ECHOES}
