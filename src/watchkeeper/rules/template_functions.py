"""What templates of labels and annotations may call.

Source: Prometheus template/template.go and common helpers/templates, whose error texts these are.
"""

from __future__ import annotations

import ipaddress
import urllib.parse
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from watchkeeper.core.model.go_regex_error import regex_problem
from watchkeeper.core.model.go_replace import find_all, replace_all
from watchkeeper.core.model.regex import RegexError
from watchkeeper.core.template.formatting import show
from watchkeeper.core.template.values import (
    MAX_TEXT,
    Function,
    GoType,
    StringMap,
    ValueProblem,
    check_size,
    expose,
    function,
    to_bytes,
)
from watchkeeper.logs.lines.template_texts import title, to_lower, to_upper
from watchkeeper.rules import template_numbers as numbers


@dataclass(frozen=True, slots=True)
class TemplateSample:
    """One sample of a query's answer; a histogram has the value 0."""

    labels: StringMap
    value: float


class QueryResult(tuple[TemplateSample, ...]):
    """A query's answer."""

    __slots__ = ()


class SafeHtml(str):
    """A text that is not to be escaped where a page is made of the template; else as it is."""

    __slots__ = ()


_SAMPLE_FIELDS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "Labels": lambda sample: sample.labels,
    "Value": lambda sample: sample.value,
}
expose(TemplateSample, GoType("*template.sample", fields=_SAMPLE_FIELDS))
expose(QueryResult, GoType("template.queryResult", kind="slice"))
expose(SafeHtml, GoType("template.HTML", kind="string"))

# --- answers of queries --------------------------------------------------------------------------------------------


def _first(samples: QueryResult) -> TemplateSample:
    if not samples:
        raise ValueProblem("first() called on vector with no elements")
    return samples[0]


def _label(name: str, sample: TemplateSample) -> str:
    return sample.labels.get(name, "")


def _value(sample: TemplateSample) -> float:
    return sample.value


def _strvalue(sample: TemplateSample) -> str:
    return sample.labels.get("__value__", "")


def _sort_by_label(name: str, samples: QueryResult) -> QueryResult:
    return QueryResult(sorted(samples, key=lambda sample: sample.labels.get(name, "")))


def _args(*values: object) -> dict[str, object]:
    return {f"arg{i}": value for i, value in enumerate(values)}


# --- texts ---------------------------------------------------------------------------------------------------------


def _match(pattern: str, text: str) -> bool:
    try:
        return any(True for _ in find_all(pattern, text))
    except RegexError:
        raise ValueProblem(regex_problem(pattern)) from None


def _replace_all(pattern: str, replacement: str, text: str) -> str:
    try:
        out = replace_all(pattern, text, replacement, literal=False, most=MAX_TEXT)
    except RegexError:
        shown = f"`{pattern}`" if "`" not in pattern else show(pattern)
        raise ValueProblem(f"regexp: Compile({shown}): {regex_problem(pattern)}") from None
    if out is None:
        check_size(MAX_TEXT + 1)
        return ""
    return out


def _safe_html(text: str) -> SafeHtml:
    return SafeHtml(text)


def _graph_link(expr: str) -> str:
    return f"/graph?g0.expr={_query_escape(expr)}&g0.tab=0"


def _table_link(expr: str) -> str:
    return f"/graph?g0.expr={_query_escape(expr)}&g0.tab=1"


def _query_escape(text: str) -> str:
    return urllib.parse.quote_plus(to_bytes(text), safe="~")


def _split_host_port(text: str) -> tuple[str, str] | None:
    """As Go's net.SplitHostPort; None where it fails."""
    colon = text.rfind(":")
    if colon < 0:
        return None
    if text[0] == "[":
        end = text.find("]")
        if end < 0 or end + 1 != colon:
            return None
        host, rest, after = text[1:end], text[1:], text[end + 1 :]
    else:
        host, rest, after = text[:colon], text, text
        if ":" in host:
            return None
    if "[" in rest or "]" in after:
        return None
    return host, text[colon + 1 :]


def _strip_port(text: str) -> str:
    parts = _split_host_port(text)
    return text if parts is None else parts[0]


def _strip_domain(text: str) -> str:
    host, port = _split_host_port(text) or (text, "")
    if _is_address(host):
        return text
    host = host.partition(".")[0]
    if not port:
        return host
    return f"[{host}]:{port}" if ":" in host or "%" in host else f"{host}:{port}"


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return "%" not in text


# --- given by each expansion ---------------------------------------------------------------------------------------


def _query(query: str) -> QueryResult:
    raise ValueProblem("there is no store to query here")


def _tmpl(name: str, data: object) -> str:
    raise ValueProblem("there is no template to execute here")


def _now() -> float:
    return 0.0


def _external_url() -> str:
    return ""


_CALLS: Final[Mapping[str, Callable[..., Any]]] = {
    "query": _query,
    "first": _first,
    "label": _label,
    "value": _value,
    "strvalue": _strvalue,
    "sortByLabel": _sort_by_label,
    "args": _args,
    "tmpl": _tmpl,
    "safeHtml": _safe_html,
    "externalURL": _external_url,
    "pathPrefix": _external_url,
    "graphLink": _graph_link,
    "tableLink": _table_link,
    "match": _match,
    "reReplaceAll": _replace_all,
    "title": title,
    "toUpper": to_upper,
    "toLower": to_lower,
    "stripPort": _strip_port,
    "stripDomain": _strip_domain,
    "humanize": numbers.humanize,
    "humanize1024": numbers.humanize1024,
    "humanizeDuration": numbers.humanize_duration,
    "humanizePercentage": numbers.humanize_percentage,
    "humanizeTimestamp": numbers.humanize_timestamp,
    "toTime": numbers.to_time,
    "toDuration": numbers.to_duration,
    "now": _now,
    "parseDuration": numbers.parse_duration,
    "urlQueryEscape": _query_escape,
}

FUNCTIONS: Final[Mapping[str, Function]] = {name: function(call) for name, call in _CALLS.items()}
"""All of them; `query`, `tmpl`, `now`, `externalURL` and `pathPrefix` are given anew for each expansion."""
