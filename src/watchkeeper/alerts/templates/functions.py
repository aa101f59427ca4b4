"""The functions of notification templates, beside those that every template has. Names and results are upstream's."""

from __future__ import annotations

import base64
import functools
import json
import math
import re
import urllib.parse
from collections.abc import Mapping, Sequence
from typing import Any, Final

from watchkeeper.alerts.templates.data import KV, AlertData, Data, Pair, json_time
from watchkeeper.alerts.templates.lists import append, make_dict, make_list, string_slice
from watchkeeper.alerts.templates.moments import date, humanize_duration, must_to_date, to_date, tz
from watchkeeper.core.model.go_regex_error import regex_problem
from watchkeeper.core.model.go_replace import replace_all
from watchkeeper.core.model.gotime import GoTime
from watchkeeper.core.model.regex import RegexError, compile_re2
from watchkeeper.core.template.times import Duration
from watchkeeper.core.template.values import (
    ANY,
    MAX_TEXT,
    Function,
    ValueProblem,
    check_size,
    function,
    to_bytes,
    to_text,
    type_name,
)

_MAX_DEPTH: Final = 50  # Of values inside of values, in JSON.
_JSON_ESCAPES: Final = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
_JSON_FORM: Final = re.compile("[<>&\u2028\u2029]")


class SafeHtml(str):
    """A text that a template says is HTML already."""

    __slots__ = ()


class SafeUrl(str):
    """A text that a template says is a URL that may be linked to."""

    __slots__ = ()


# --- texts ---------------------------------------------------------------------------------------------------------


def to_upper(text: str) -> str:
    """In upper case, letter by letter: `ß` stays."""
    return "".join(upper if len(upper := char.upper()) == 1 else char for char in text)


def to_lower(text: str) -> str:
    """In lower case."""
    return "".join(char.lower()[:1] for char in text)


def title(text: str) -> str:
    """Each word with one upper case letter, its first; the rest in lower case."""
    out: list[str] = []
    in_word = has_letter = False
    for i, char in enumerate(text):
        is_part = char.isalnum() or char == "_"
        # An apostrophe, a full stop or a colon between two letters does not begin a word: "don't".
        following = text[i + 1 : i + 2]
        joins = in_word and (following.isalpha() if char in ":·" else char in "'’." and following.isalnum())
        out.append(char.lower() if has_letter else char.title() if is_part else char)
        in_word = is_part or joins
        has_letter = in_word and (has_letter or char.isalpha())
    return "".join(out)


def trim_space(text: str) -> str:
    """Without white space around it."""
    return text.strip(" \t\n\v\f\r\x85\xa0")


def join(separator: str, items: object) -> str:
    """The texts of a list with the separator between them."""
    if not isinstance(items, list | tuple) or not all(isinstance(item, str) for item in items):
        raise ValueProblem(f"wrong type for value; expected []string; got {type_name(items)}")
    check_size(sum(map(len, items)) + len(separator) * len(items))
    return separator.join(items)


def match(pattern: str, text: str) -> bool:
    """Whether the expression is found anywhere in the text."""
    return _compiled(pattern).search(text) is not None


def re_replace_all(pattern: str, replacement: str, text: str) -> str:
    """The text with all matches replaced; `$1` and `${name}` are groups."""
    _compiled(pattern)
    replaced = replace_all(pattern, text, replacement, literal=False, most=MAX_TEXT)
    if replaced is None:
        raise ValueProblem(f"text is too large, the limit is {MAX_TEXT} characters")
    return replaced


def _compiled(pattern: str) -> Any:
    try:
        return compile_re2(pattern)
    except RegexError:
        raise ValueProblem(regex_problem(pattern)) from None


def safe_html(text: str) -> SafeHtml:
    """The text, not to be escaped in HTML."""
    return SafeHtml(text)


def safe_url(text: str) -> SafeUrl:
    """The text, to be linked to whatever its scheme is."""
    return SafeUrl(text)


def url_unescape(text: str) -> str:
    """What a text of a URL's query stands for."""
    if bad := re.search("%(?![0-9a-fA-F]{2}).{0,2}", text, re.DOTALL):
        raise ValueProblem(f'invalid URL escape "{bad.group()}"')
    return to_text(urllib.parse.unquote_to_bytes(to_bytes(text.replace("+", " "))))


def base64_encode(text: str) -> str:
    """The text's bytes in base64."""
    return base64.b64encode(to_bytes(text)).decode()


def base64_decode(text: str) -> str:
    """The text whose bytes these are."""
    try:
        return to_text(base64.b64decode(text.replace("\n", "").replace("\r", ""), validate=True))
    except ValueError:
        raise ValueProblem("illegal base64 data") from None


# --- JSON ----------------------------------------------------------------------------------------------------------


def to_json(value: Any) -> str:
    """The value as JSON; keys of maps in order, and `<`, `>`, `&` escaped, as Go does."""
    try:
        text = json.dumps(plain(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except ValueError:
        raise ValueProblem("json: unsupported value") from None
    if not text.isascii():
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")  # Surrogates that stand alone.
    return _JSON_FORM.sub(lambda found: _JSON_ESCAPES[found.group()], text)


def plain(value: Any, depth: int = 0) -> Any:
    """A template's value as JSON has it: dicts, lists, texts, numbers."""
    if depth > _MAX_DEPTH:
        raise ValueProblem(f"value is nested too deeply, the limit is {_MAX_DEPTH} levels")
    match value:
        case AlertData():
            return value.json_fields()
        case KV():
            return value
        case Data():
            return {name: plain(item, depth + 1) for name, item in value.json_fields().items()}
        case Pair():
            return {"Name": value.name, "Value": value.value}
        case GoTime():
            return json_time(value)
        case None | bool() | str():
            return value
        case int():
            return int(value)
        case float():
            return int(value) if math.isfinite(value) and value == int(value) and abs(value) < 1e21 else value
        case Mapping():
            return {key: plain(value[key], depth + 1) for key in sorted(value)}
        case Sequence():
            return [plain(item, depth + 1) for item in value]
        case _:
            raise ValueProblem(f"json: unsupported type: {type_name(value)}")


# --- tables --------------------------------------------------------------------------------------------------------


def _no_notice(*_: object) -> Any:
    raise ValueProblem("there is no notice")


FUNCTIONS: Final[Mapping[str, Function]] = {
    "toUpper": function(to_upper),
    "toLower": function(to_lower),
    "title": function(title),
    "trimSpace": function(trim_space),
    "join": function(join),
    "match": function(match),
    "safeHtml": function(safe_html),
    "safeUrl": function(safe_url),
    "urlUnescape": function(url_unescape),
    "reReplaceAll": function(re_replace_all),
    "stringSlice": Function(string_slice, (), "string"),
    "routeLabels": Function(_no_notice, (), "string"),
    "date": function(date),
    "tz": function(tz),
    "now": Function(_no_notice, ()),
    "since": Function(_no_notice, ("time.Time",)),
    "humanizeDuration": function(humanize_duration),
    "toDate": function(to_date),
    "mustToDate": function(must_to_date),
    "toJson": Function(to_json, (ANY,)),
    "list": Function(make_list, (), ANY),
    "append": Function(append, (ANY, ANY)),
    "dict": Function(make_dict, (), ANY),
    "base64encode": function(base64_encode),
    "base64decode": function(base64_decode),
}
"""Those that need a notice fail; `functions_of` has them."""


def functions_of(data: Data) -> dict[str, Function]:
    """The functions that depend on the notice: its time and its route's labels."""
    return {
        "now": Function(lambda: data.now, ()),
        "since": Function(functools.partial(_since, data.now), ("time.Time",)),
        "routeLabels": Function(functools.partial(_route_labels, data.route_labels), (), "string"),
    }


def _since(now: GoTime, moment: GoTime) -> Duration:
    return Duration(min(max(now.unix_ns - moment.unix_ns, -(1 << 63)), (1 << 63) - 1))


def _route_labels(labels: KV, *names: str) -> Any:
    """All labels of the route; of one name, its value."""
    if len(names) > 1:
        raise ValueProblem(f"wrong number of args: got {len(names)} want at most 1")
    return labels.get(names[0], "") if names else labels
