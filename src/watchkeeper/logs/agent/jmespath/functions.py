"""JMESPath's functions, over values as orjson gives them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final

import orjson

from watchkeeper.logs.agent.jmespath.lexer import JmesPathError

Evaluate = Callable[[Any], Any]


def type_of(value: Any) -> str:
    """`string`, `number`, `boolean`, `array`, `object` or `null`."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list) else "object"


def _need(name: str, value: Any, *kinds: str) -> Any:
    if type_of(value) not in kinds:
        raise JmesPathError(f"{name}(): expected {' or '.join(kinds)}, found {type_of(value)}")
    return value


def _same(name: str, values: Any, kinds: tuple[str, ...] = ("number", "string")) -> list[Any]:
    listed: list[Any] = _need(name, values, "array")
    if listed and (type_of(listed[0]) not in kinds or len({type_of(value) for value in listed}) > 1):
        raise JmesPathError(f"{name}(): expected an array of {' or of '.join(kinds)}")
    return listed


def _number(value: Any) -> Any:
    if isinstance(value, str):
        try:
            return int(value)
        except ValueError:
            try:
                return float(value)
            except ValueError:
                return None
    return value if type_of(value) == "number" else None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _contains(where: Any, what: Any) -> bool:
    _need("contains", where, "array", "string")
    if isinstance(where, str):
        return isinstance(what, str) and what in where
    return any(type_of(item) == type_of(what) and item == what for item in where)


def _merge(*objects: Any) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for one in objects:
        merged.update(_need("merge", one, "object"))
    return merged


def _not_null(*values: Any) -> Any:
    return next((value for value in values if value is not None), None)


def _keys(name: str, values: Any, key: Evaluate) -> list[Any]:
    return _same(name, [key(value) for value in _need(name, values, "array")])


def _sort_by(values: Any, key: Evaluate) -> list[Any]:
    keys = _keys("sort_by", values, key)
    return [values[i] for i in sorted(range(len(values)), key=keys.__getitem__)]


def _extreme_by(name: str, values: Any, key: Evaluate, choose: Callable[..., Any]) -> Any:
    keys = _keys(name, values, key)
    return values[choose(range(len(values)), key=keys.__getitem__)] if values else None


def _average(values: Any) -> float | None:
    numbers = _same("avg", values, ("number",))
    return sum(numbers) / len(numbers) if numbers else None


Function = tuple[int, int, Callable[..., Any]]
"""Fewest and most arguments (-1: any number), and what is done."""

FUNCTIONS: Final[dict[str, Function]] = {
    "abs": (1, 1, lambda x: abs(_need("abs", x, "number"))),
    "avg": (1, 1, _average),
    "ceil": (1, 1, lambda x: math.ceil(_need("ceil", x, "number"))),
    "contains": (2, 2, _contains),
    "ends_with": (2, 2, lambda x, y: _need("ends_with", x, "string").endswith(_need("ends_with", y, "string"))),
    "floor": (1, 1, lambda x: math.floor(_need("floor", x, "number"))),
    "join": (2, 2, lambda glue, x: _need("join", glue, "string").join(_same("join", x, ("string",)))),
    "keys": (1, 1, lambda x: list(_need("keys", x, "object"))),
    "length": (1, 1, lambda x: len(_need("length", x, "string", "array", "object"))),
    "map": (2, 2, lambda each, x: [each(item) for item in _need("map", x, "array")]),
    "max": (1, 1, lambda x: max(_same("max", x), default=None)),
    "max_by": (2, 2, lambda x, key: _extreme_by("max_by", x, key, max)),
    "merge": (1, -1, _merge),
    "min": (1, 1, lambda x: min(_same("min", x), default=None)),
    "min_by": (2, 2, lambda x, key: _extreme_by("min_by", x, key, min)),
    "not_null": (1, -1, _not_null),
    "reverse": (1, 1, lambda x: _need("reverse", x, "string", "array")[::-1]),
    "sort": (1, 1, lambda x: sorted(_same("sort", x))),
    "sort_by": (2, 2, _sort_by),
    "starts_with": (2, 2, lambda x, y: _need("starts_with", x, "string").startswith(_need("starts_with", y, "string"))),
    "sum": (1, 1, lambda x: sum(_same("sum", x, ("number",)))),
    "to_array": (1, 1, lambda x: x if isinstance(x, list) else [x]),
    "to_number": (1, 1, _number),
    "to_string": (1, 1, _text),
    "type": (1, 1, type_of),
    "values": (1, 1, lambda x: list(_need("values", x, "object").values())),
}
TAKES_EXPRESSION: Final = {"map": 0, "max_by": 1, "min_by": 1, "sort_by": 1}
"""Which argument of a function is an expression, `&expr`."""
