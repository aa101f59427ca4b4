"""The functions that templates of `line_format`, `label_format` and the agent's `template` stage may call.

`__line__` and `__timestamp__` are of the entry at hand: who executes a template gives them anew for each, a str and a
GoTime. Whatever a template needs of an entry is known before: `template.fields()` names fields and functions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from watchkeeper.core.model.gotime import ZERO_TIME, GoTime
from watchkeeper.core.template.values import Function, function
from watchkeeper.logs.lines import template_numbers as numbers
from watchkeeper.logs.lines import template_texts as texts
from watchkeeper.logs.lines import template_times as times

LINE: Final = "__line__"
TIMESTAMP: Final = "__timestamp__"


def _no_line() -> str:
    return ""


def _no_timestamp() -> GoTime:
    return ZERO_TIME


OWN: Final[Mapping[str, Callable[..., Any]]] = {
    LINE: _no_line,
    TIMESTAMP: _no_timestamp,
    "ToLower": texts.to_lower,
    "ToUpper": texts.to_upper,
    "Replace": texts.replace,
    "Trim": texts.trim,
    "TrimLeft": texts.trim_left,
    "TrimRight": texts.trim_right,
    "TrimPrefix": texts.trim_prefix,
    "TrimSuffix": texts.trim_suffix,
    "TrimSpace": texts.trim_space,
    "alignLeft": texts.align_left,
    "alignRight": texts.align_right,
    "b64dec": texts.b64dec,
    "bytes": numbers.bytes_,
    "count": texts.count,
    "duration": numbers.duration,
    "duration_seconds": numbers.duration,
    "regexReplaceAll": texts.regex_replace_all,
    "regexReplaceAllLiteral": texts.regex_replace_all_literal,
    "toDateInZone": times.to_date_in_zone,
    "unixEpochMillis": times.unix_epoch_millis,
    "unixEpochNanos": times.unix_epoch_nanos,
    "unixToTime": times.unix_to_time,
    "urldecode": texts.url_decode,
    "urlencode": texts.url_encode,
}
"""Loki's own."""

SPRIG: Final[Mapping[str, Callable[..., Any]]] = {
    "add": numbers.add,
    "addf": numbers.addf,
    "b64enc": texts.b64enc,
    "ceil": numbers.ceil,
    "contains": texts.contains,
    "date": times.date,
    "default": numbers.default,
    "div": numbers.div,
    "divf": numbers.divf,
    "float64": numbers.to_float64,
    "floor": numbers.floor,
    "fromJson": numbers.from_json,
    "hasPrefix": texts.has_prefix,
    "hasSuffix": texts.has_suffix,
    "indent": texts.indent,
    "int": numbers.to_int,
    "lower": texts.to_lower,
    "max": numbers.max_,
    "maxf": numbers.maxf,
    "min": numbers.min_,
    "minf": numbers.minf,
    "mod": numbers.mod,
    "mul": numbers.mul,
    "mulf": numbers.mulf,
    "nindent": texts.nindent,
    "now": times.now,
    "repeat": texts.repeat,
    "replace": texts.sprig_replace,
    "round": numbers.round_,
    "sub": numbers.sub,
    "subf": numbers.subf,
    "substr": texts.substr,
    "title": texts.title,
    "toDate": times.to_date,
    "trim": texts.trim_space,
    "trimAll": texts.sprig_trim_all,
    "trimPrefix": texts.sprig_trim_prefix,
    "trimSuffix": texts.sprig_trim_suffix,
    "trunc": texts.trunc,
    "unixEpoch": times.unix_epoch,
    "upper": texts.to_upper,
}
"""Those of sprig that Loki takes over."""

FUNCTIONS: Final[Mapping[str, Function]] = {name: function(call) for name, call in {**OWN, **SPRIG}.items()}
