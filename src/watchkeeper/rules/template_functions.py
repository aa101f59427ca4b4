"""What templates of labels and annotations may call.

Source: Prometheus template/template.go and common helpers/templates, whose error texts these are.
"""

from __future__ import annotations

import ipaddress
import math
import urllib.parse
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from watchkeeper.core.model.duration import parse_duration_ms
from watchkeeper.core.model.go_regex_error import regex_problem
from watchkeeper.core.model.go_replace import find_all, replace_all
from watchkeeper.core.model.gotime import GoTime
from watchkeeper.core.model.regex import RegexError
from watchkeeper.core.template.formatting import show, sprintf
from watchkeeper.core.template.times import Duration
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
    type_name,
)
from watchkeeper.logs.lines.template_texts import title, to_lower, to_upper
from watchkeeper.logs.lines.units import parse_float

_MIN_INT64: Final = -(1 << 63)
_MAX_INT64: Final = (1 << 63) - 1
_LARGE: Final = ("k", "M", "G", "T", "P", "E", "Z", "Y")
_BINARY: Final = ("ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi")
_SMALL: Final = ("m", "u", "n", "p", "f", "a", "z", "y")


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


# --- numbers -------------------------------------------------------------------------------------------------------


def _to_float(value: object) -> float:
    match value:
        case bool():
            pass
        case Duration():
            return int(value) / 1e9
        case float() | int():
            return float(value)
        case SafeHtml():
            pass
        case str():
            return parse_float(value)
        case _:
            pass
    raise ValueProblem(f"can't convert {type_name(value)} to float")


def _digits(value: float) -> str:
    return sprintf("%.4g", (value,))


def _is_special(value: float) -> bool:
    return math.isnan(value) or math.isinf(value)


def _scaled(value: float, step: float, prefixes: tuple[str, ...]) -> str:
    """With the prefix that leaves less than one step in front of it."""
    prefix = ""
    for larger in prefixes:
        if abs(value) < step:
            break
        prefix = larger
        value /= step
    return f"{_digits(value)}{prefix}"


def _scaled_down(value: float) -> str:
    prefix = ""
    for smaller in _SMALL:
        if abs(value) >= 1:
            break
        prefix = smaller
        value *= 1000
    return f"{_digits(value)}{prefix}"


def _humanize(number: object) -> str:
    value = _to_float(number)
    if value == 0 or _is_special(value):
        return _digits(value)
    return _scaled(value, 1000, _LARGE) if abs(value) >= 1 else _scaled_down(value)


def _humanize1024(number: object) -> str:
    value = _to_float(number)
    if abs(value) <= 1 or _is_special(value):
        return _digits(value)
    return _scaled(value, 1024, _BINARY)


def _humanize_percentage(number: object) -> str:
    return f"{_digits(_to_float(number) * 100)}%"


def _humanize_duration(number: object) -> str:
    value = _to_float(number)
    if _is_special(value):
        return _digits(value)
    if value == 0:
        return f"{_digits(value)}s"
    if abs(value) < 1:
        return f"{_scaled_down(value)}s"
    sign, value = ("-", -value) if value < 0 else ("", value)
    minutes, seconds = divmod(_int64(value), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{sign}{days}d {hours}h {minutes}m {seconds}s"
    if hours:
        return f"{sign}{hours}h {minutes}m {seconds}s"
    if minutes:
        return f"{sign}{minutes}m {seconds}s"
    return f"{sign}{_digits(value)}s"


# --- times ---------------------------------------------------------------------------------------------------------


def _int64(value: float) -> int:
    """As a conversion of Go's: what does not fit becomes the smallest number."""
    if _is_special(value) or not _MIN_INT64 <= value <= _MAX_INT64:
        return _MIN_INT64
    return int(value)


def _time_of(seconds: float) -> GoTime:
    if _is_special(seconds):
        raise ValueProblem("value is NaN or Inf")
    nanoseconds = seconds * 1e9
    if nanoseconds > _MAX_INT64 or nanoseconds < _MIN_INT64:
        shown = show(seconds)
        raise ValueProblem(f"{shown} cannot be represented as a nanoseconds timestamp since it overflows int64")
    whole = abs(_int64(nanoseconds)) // 1_000_000 * 1_000_000  # Milliseconds, cut towards zero.
    return GoTime(-whole if nanoseconds < 0 else whole)


def _to_time(number: object) -> GoTime:
    return _time_of(_to_float(number))


def _humanize_timestamp(number: object) -> str:
    value = _to_float(number)
    return _digits(value) if _is_special(value) else str(_time_of(value))


def _to_duration(number: object) -> Duration:
    return Duration(_int64(_to_float(number) * 1e9))


def _parse_duration(text: str) -> float:
    return parse_duration_ms(text) / 1000


# --- given by each expansion ---------------------------------------------------------------------------------------


def _query(query: str) -> QueryResult:
    raise ValueProblem("there is no store to query here")


def _tmpl(name: str, data: object) -> str:
    raise ValueProblem("there is no template to execute here")


def _now() -> float:
    return 0.0


def _external_url() -> str:
    return ""


FUNCTIONS: Final[Mapping[str, Function]] = {
    name: function(call)
    for name, call in {
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
        "humanize": _humanize,
        "humanize1024": _humanize1024,
        "humanizeDuration": _humanize_duration,
        "humanizePercentage": _humanize_percentage,
        "humanizeTimestamp": _humanize_timestamp,
        "toTime": _to_time,
        "toDuration": _to_duration,
        "now": _now,
        "parseDuration": _parse_duration,
        "urlQueryEscape": _query_escape,
    }.items()
}
"""All of them; `query`, `tmpl`, `now`, `externalURL` and `pathPrefix` are given anew for each expansion."""
