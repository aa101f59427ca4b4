"""What the page of a dashboard has to show, counted in its JSON without what the pages themselves do with it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

Json = dict[str, Any]

KNOWN: Final = frozenset(
    (
        *("timeseries", "stat", "gauge", "bargauge", "table", "heatmap", "histogram", "piechart", "barchart"),
        *("state-timeline", "status-history", "logs", "text", "alertlist", "dashlist"),
    )
)
QUERYLESS: Final = frozenset(("text", "alertlist", "dashlist", "row"))
# The types of data sources that a stack of ours has.
METRICS: Final = frozenset(("prometheus", "victoriametrics-datasource", "victoriametrics-metrics-datasource", ""))
OURS: Final = METRICS | {"loki", "alertmanager", "datasource", "grafana", "__expr__"}


@dataclass
class Expected:
    """Counts of one dashboard; a panel that is repeated counts once.

    types       panels by the type that they have today
    repeated    the variables that panels repeat for, once for each such panel
    rows        headers of rows
    foreign     panels that ask data sources of a kind that is not here, and no other
    asks        whether some panel asks a data source of a kind that is here
    """

    types: Counter[str] = field(default_factory=Counter)
    repeated: list[str] = field(default_factory=list)
    rows: int = 0
    foreign: int = 0
    asks: bool = False

    @property
    def placeholders(self) -> Counter[str]:
        """Panels of types that are not known."""
        return Counter({type_: count for type_, count in self.types.items() if type_ not in KNOWN})


def expected(board: Json) -> Expected:
    """The counts of a dashboard of any age."""
    made = Expected()
    sources = {
        each["name"]: each.get("query")
        for each in board.get("templating", {}).get("list", [])
        if each.get("type") == "datasource"
    }
    old = board.get("rows") or []
    if old and not board.get("panels"):
        headers = any(row.get("collapse") or row.get("showTitle") or row.get("repeat") for row in old)
        made.rows = len(old) if headers else 0
    foreign_ids: set[Any] = set()
    panels = list(_panels(board))
    for panel, row in panels:
        if panel.get("type") == "row":
            made.rows += 1
            continue
        type_ = _today(panel)
        made.types[type_] += 1
        if variable := panel.get("repeat") or row.get("repeat"):
            made.repeated.append(variable)
        kinds = set() if type_ in QUERYLESS else set(_kinds(panel, sources))
        if kinds and not kinds & OURS:
            made.foreign += 1
            foreign_ids.add(panel.get("id"))
        made.asks |= bool(kinds & (METRICS | {"loki"}))
    # What shows another panel's answer fails as that one does.
    for panel, _ in panels:
        shown = {target.get("panelId") for target in panel.get("targets") or [] if "panelId" in target}
        made.foreign += bool(shown) and shown <= foreign_ids
    return made


def _panels(board: Json) -> Iterator[tuple[Json, Json]]:
    """Each panel and row with the row that it is in."""
    if not board.get("panels"):
        for row in board.get("rows") or []:
            for panel in row.get("panels") or []:
                yield panel, row
        return
    row: Json = {}
    for panel in board["panels"]:
        if panel.get("type") == "row":
            yield panel, {}
            row = {} if panel.get("collapsed") else panel
            # What an open row has stored in it is from before it was opened.
            for inner in panel.get("panels") or [] if panel.get("collapsed") else []:
                yield inner, panel
        else:
            yield panel, row


def _today(panel: Json) -> str:
    type_ = str(panel.get("type"))
    if type_ == "graph":
        return {"series": "bargauge", "histogram": "histogram"}.get(
            (panel.get("xaxis") or {}).get("mode"), "timeseries"
        )
    if type_ == "singlestat":
        return "gauge" if (panel.get("gauge") or {}).get("show") else "stat"
    return {"table-old": "table", "grafana-piechart-panel": "piechart"}.get(type_, type_)


def _kinds(panel: Json, sources: dict[str, Any]) -> Iterator[str]:
    """The types of the data sources that the panel's queries go to; "" where nothing says."""
    for target in panel.get("targets") or []:
        if target.get("hide"):
            continue
        mixed = _uid(panel.get("datasource")) == "-- Mixed --"
        ref = target.get("datasource") or (None if mixed else panel.get("datasource"))
        if _uid(ref) == "-- Dashboard --":
            continue
        if isinstance(ref, dict) and ref.get("type"):
            yield str(ref["type"])
        else:
            # A name alone is that of the default one where it is none's.
            kind = str(sources.get(re.sub(r"^\$\{?|\}$|^\[\[|\]\]$", "", _uid(ref))) or "")
            yield kind if kind in OURS else ""


def _uid(ref: Any) -> str:
    return str((ref.get("uid") if isinstance(ref, dict) else ref) or "")
