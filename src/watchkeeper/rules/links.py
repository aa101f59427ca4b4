"""Where an alert's expression can be looked at: addresses in the forms of Prometheus, Grafana and Loki.

Source of the forms: Prometheus util/strutil, and the ruler of Loki.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeAlias
from urllib.parse import quote_plus

Link: TypeAlias = Callable[[str, str], str]
"""Makes the address of an external URL, without a slash at its end, and an expression."""

# As Go's encoder of JSON writes them, so that addresses are equal to upstream's.
_GO_ESCAPES: Final = str.maketrans(
    {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
)


def graph_link(external_url: str, expression: str) -> str:
    """Prometheus's page of queries."""
    return f"{external_url}/graph?g0.expr={quote_plus(expression)}&g0.tab=1"


def log_query_link(external_url: str, expression: str) -> str:
    """What Loki's API answers to the query: for who has no Grafana."""
    return f"{external_url}/loki/api/v1/query?query={quote_plus(expression)}"


@dataclass(frozen=True, slots=True)
class ExploreLink:
    """Grafana's Explore with a query of logs, of the data source with this UID or, without one, of the default."""

    datasource_uid: str = ""

    def __call__(self, external_url: str, expression: str) -> str:
        """The address; `external_url` is Grafana's."""
        query: dict[str, Any] = {"expr": expression, "queryType": "range"}
        if self.datasource_uid:
            query["datasource"] = {"type": "loki", "uid": self.datasource_uid}
        left = json.dumps({"queries": [query]}, ensure_ascii=False, separators=(",", ":")).translate(_GO_ESCAPES)
        return f"{external_url}/explore?left={quote_plus(left, safe='~')}"
