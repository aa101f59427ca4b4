"""The functions that every template has, in Go's words.

Source: Go text/template/funcs.go.
"""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Mapping, Sequence
from typing import Any, Final

from watchkeeper.core.template.formatting import show, sprint, sprintf, sprintln
from watchkeeper.core.template.values import (
    ANY,
    NO_VALUE,
    Function,
    StringMap,
    ValueProblem,
    is_true,
    kind_of,
    to_bytes,
    to_text,
    type_name,
)

_HTML: Final = {"\0": "\ufffd", '"': "&#34;", "'": "&#39;", "&": "&amp;", "<": "&lt;", ">": "&gt;"}
_HTML_FORM: Final = re.compile("[\0\"'&<>]")
_JS: Final = {
    "\\": "\\\\",
    "'": "\\'",
    '"': '\\"',
    "<": "\\u003C",
    ">": "\\u003E",
    "&": "\\u0026",
    "=": "\\u003D",
}
_BASIC: Final = ("bool", "int", "float64", "string")


def _not(value: object) -> bool:
    return not is_true(value)


def _and(first: object, *rest: object) -> object:
    """Not called with arguments worked out: execution stops at the first that decides."""
    for value in rest:
        if not is_true(first):
            return first
        first = value
    return first


def _or(first: object, *rest: object) -> object:
    for value in rest:
        if is_true(first):
            return first
        first = value
    return first


# --- comparisons ---------------------------------------------------------------------------------------------------


def _basic_kind(value: object) -> str:
    kind = kind_of(value)
    if kind not in _BASIC:
        raise ValueProblem("invalid type for comparison")
    return kind


def _eq(first: object, *others: object) -> bool:
    if not others:
        raise ValueProblem("missing argument for comparison")
    return any(_equal(first, other) for other in others)


def _equal(lhs: object, rhs: object) -> bool:
    if lhs is None or rhs is None:
        return lhs is rhs
    left, right = kind_of(lhs), kind_of(rhs)
    if left not in _BASIC and right not in _BASIC:
        for value, kind in ((lhs, left), (rhs, right)):
            if kind in ("map", "slice", "func"):
                raise ValueProblem(f"non-comparable type {show(value)}: {type_name(value)}")
    elif left != right:
        raise ValueProblem("incompatible types for comparison")
    return lhs == rhs


def _ne(lhs: object, rhs: object) -> bool:
    return not _equal(lhs, rhs)


def _lt(lhs: Any, rhs: Any) -> bool:
    left, right = _basic_kind(lhs), _basic_kind(rhs)
    if left != right:
        raise ValueProblem("incompatible types for comparison")
    if left == "bool":
        raise ValueProblem("invalid type for comparison")
    if left == "string":
        return to_bytes(lhs) < to_bytes(rhs)
    return bool(lhs < rhs)


def _le(lhs: Any, rhs: Any) -> bool:
    return _lt(lhs, rhs) or _equal(lhs, rhs)


def _gt(lhs: Any, rhs: Any) -> bool:
    return not _le(lhs, rhs)


def _ge(lhs: Any, rhs: Any) -> bool:
    return not _lt(lhs, rhs)


# --- parts of values -----------------------------------------------------------------------------------------------


def _len(value: Any) -> int:
    match kind_of(value):
        case "string":
            return len(to_bytes(value))
        case "map" | "slice":
            return len(value)
        case "nil":
            raise ValueProblem("len of nil pointer")
        case _:
            raise ValueProblem(f"len of type {type_name(value)}")


def _place(index: object, size: int) -> int:
    """An index, which may be just behind the end."""
    if index is None:
        raise ValueProblem("cannot index slice/array with nil")
    if not isinstance(index, int) or isinstance(index, bool):
        raise ValueProblem(f"cannot index slice/array with type {type_name(index)}")
    if not 0 <= index <= size:
        raise ValueProblem(f"index out of range: {index}")
    return index


def _item(items: Sequence[Any], index: object, kind: str) -> Any:
    place = _place(index, len(items))
    if place == len(items):
        raise ValueProblem(f"reflect: {kind} index out of range")
    return items[place]


def _index(item: Any, *indexes: Any) -> Any:
    if item is None:
        raise ValueProblem("index of untyped nil")
    for index in indexes:
        if item is None:
            raise ValueProblem("index of nil pointer")
        match kind_of(item):
            case "string":
                item = _item(to_bytes(item), index, "string")
            case "slice":
                item = _item(item, index, "slice")
            case "map":
                if index is not None and not isinstance(index, str):
                    raise ValueProblem(f"value has type {type_name(index)}; should be string")
                item = item.get(index, "" if isinstance(item, StringMap) else None)
            case _:
                raise ValueProblem(f"can't index item of type {type_name(item)}")
    return item


def _slice(item: Any, *indexes: Any) -> Any:
    if item is None:
        raise ValueProblem("slice of untyped nil")
    if len(indexes) > 3:
        raise ValueProblem(f"too many slice indexes: {len(indexes)}")
    kind = kind_of(item)
    if kind not in ("string", "slice"):
        raise ValueProblem(f"can't slice item of type {type_name(item)}")
    if kind == "string" and len(indexes) == 3:
        raise ValueProblem("cannot 3-index slice a string")
    data = to_bytes(item) if kind == "string" else item
    places = [_place(index, len(data)) for index in indexes]
    lo, hi = places[0] if places else 0, places[1] if len(places) > 1 else len(data)
    for low, high in ((lo, hi), (hi, places[2] if len(places) > 2 else hi)):
        if low > high:
            raise ValueProblem(f"invalid slice index: {low} > {high}")
    return to_text(data[lo:hi]) if kind == "string" else data[lo:hi]


def _call(target: Any, *args: Any) -> Any:
    if target is None:
        raise ValueProblem("call of nil")
    if not isinstance(target, Function):
        raise ValueProblem(f"non-function {show(target)} of type {type_name(target)}")
    if target.rest is None and len(args) != len(target.params):
        raise ValueProblem(f"wrong number of args: got {len(args)} want {len(target.params)}")
    if len(args) < len(target.params):
        raise ValueProblem(f"wrong number of args: got {len(args)} want at least {len(target.params)}")
    return target.call(*args)


# --- texts ---------------------------------------------------------------------------------------------------------


def _text_of(args: Sequence[object]) -> str:
    if len(args) == 1 and isinstance(args[0], str):
        return args[0]
    return sprint([NO_VALUE if value is None else value for value in args])


def _html(*args: object) -> str:
    return _HTML_FORM.sub(lambda found: _HTML[found.group()], _text_of(args))


def _js(*args: object) -> str:
    return "".join(map(_js_character, _text_of(args)))


def _js_character(char: str) -> str:
    if char in _JS:
        return _JS[char]
    code = ord(char)
    if code < 0x20:
        return f"\\u{code:04X}"
    if code < 0x80 or char.isprintable():
        return char
    return f"\\u{code:04X}"


def _urlquery(*args: object) -> str:
    return urllib.parse.quote_plus(to_bytes(_text_of(args)), safe="~")


def _print(*args: object) -> str:
    return sprint(args)


def _println(*args: object) -> str:
    return sprintln(args)


def _printf(form: str, *args: object) -> str:
    return sprintf(form, args)


BUILTINS: Final[Mapping[str, Function]] = {
    "and": Function(_and, (ANY,), ANY),
    "or": Function(_or, (ANY,), ANY),
    "not": Function(_not, (ANY,)),
    "eq": Function(_eq, (ANY,), ANY),
    "ne": Function(_ne, (ANY, ANY)),
    "lt": Function(_lt, (ANY, ANY)),
    "le": Function(_le, (ANY, ANY)),
    "gt": Function(_gt, (ANY, ANY)),
    "ge": Function(_ge, (ANY, ANY)),
    "len": Function(_len, (ANY,)),
    "index": Function(_index, (ANY,), ANY),
    "slice": Function(_slice, (ANY,), ANY),
    "call": Function(_call, (ANY,), ANY),
    "html": Function(_html, (), ANY),
    "js": Function(_js, (), ANY),
    "urlquery": Function(_urlquery, (), ANY),
    "print": Function(_print, (), ANY),
    "println": Function(_println, (), ANY),
    "printf": Function(_printf, ("string",), ANY),
}
