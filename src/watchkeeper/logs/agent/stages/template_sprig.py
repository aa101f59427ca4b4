"""Functions of sprig for templates of stages: lists, maps, searches, paths and the forms of names."""

from __future__ import annotations

import hashlib
import posixpath
import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import orjson

from watchkeeper.core.model.go_regex_error import regex_problem
from watchkeeper.core.model.regex import RegexError, compile_re2
from watchkeeper.core.template.formatting import sprint
from watchkeeper.core.template.values import ValueProblem, is_true, to_bytes

# --- lists ---------------------------------------------------------------------------------------------------------


def _items(value: Any) -> list[Any]:
    if isinstance(value, str | Mapping) or not isinstance(value, Sequence):
        raise ValueProblem("a list is wanted")
    return list(value)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else "<nil>" if value is None else sprint([value])


def _list(*values: Any) -> Any:
    return list(values)


def _first(values: Any) -> Any:
    return next(iter(_items(values)), None)


def _last(values: Any) -> Any:
    return next(reversed(_items(values)), None)


def _rest(values: Any) -> Any:
    return _items(values)[1:]


def _initial(values: Any) -> Any:
    return _items(values)[:-1]


def _reverse(values: Any) -> Any:
    return _items(values)[::-1]


def _uniq(values: Any) -> Any:
    found: list[Any] = []
    for value in _items(values):
        if value not in found:
            found.append(value)
    return found


def _compact(values: Any) -> Any:
    return [value for value in _items(values) if is_true(value)]


def _has(wanted: Any, values: Any) -> bool:
    return values is not None and wanted in _items(values)


def _without(values: Any, *unwanted: Any) -> Any:
    return [value for value in _items(values) if value not in unwanted]


def _sort_alpha(values: Any) -> Any:
    return sorted(map(_text, _items(values)))


def _join(glue: str, values: Any) -> str:
    if isinstance(values, str) or not isinstance(values, Sequence):
        return _text(values)
    return glue.join(_text(value) for value in values if value is not None)


def _split_list(separator: str, text: str) -> Any:
    return text.split(separator) if separator else list(text)


def _split(separator: str, text: str) -> Any:
    return {f"_{i}": part for i, part in enumerate(_split_list(separator, text))}


# --- maps ----------------------------------------------------------------------------------------------------------


def _dict(*pairs: Any) -> Any:
    values = [*pairs, ""] if len(pairs) % 2 else list(pairs)
    return {_text(key): value for key, value in zip(values[::2], values[1::2], strict=True)}


def _map(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ValueProblem("a map is wanted")
    return value


def _get(mapping: Any, key: str) -> Any:
    return _map(mapping).get(key, "")


def _has_key(mapping: Any, key: str) -> bool:
    return key in _map(mapping)


def _to_json(value: Any) -> str:
    try:
        return orjson.dumps(value).decode()
    except (TypeError, orjson.JSONEncodeError):
        return ""


# --- searches ------------------------------------------------------------------------------------------------------


def _compiled(expression: str) -> Any:
    try:
        return compile_re2(expression)
    except RegexError:
        raise ValueProblem(regex_problem(expression)) from None


def _regex_match(expression: str, text: str) -> bool:
    return _compiled(expression).search(to_bytes(text)) is not None


def _regex_find(expression: str, text: str) -> str:
    found = _compiled(expression).search(to_bytes(text))
    return "" if found is None else found.group(0).decode("utf-8", "surrogateescape")


def _regex_find_all(expression: str, text: str, most: int) -> Any:
    found = [
        match.group(0).decode("utf-8", "surrogateescape") for match in _compiled(expression).finditer(to_bytes(text))
    ]
    return found if most < 0 else found[:most]


# --- forms of texts ------------------------------------------------------------------------------------------------


def _words(text: str) -> list[str]:
    return re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+", text)


def _snake(text: str) -> str:
    return "_".join(_words(text)).lower()


def _kebab(text: str) -> str:
    return "-".join(_words(text)).lower()


def _camel(text: str) -> str:
    return "".join(word[:1].upper() + word[1:] for word in re.split(r"[-_ ]+", text))


def _untitle(text: str) -> str:
    return re.sub(r"(^|\s)(\S)", lambda found: found[1] + found[2].lower(), text)


def _abbrev(width: int, text: str) -> str:
    return text if width < 4 or len(text) <= width else text[: width - 3] + "..."


def _any(*values: Any) -> bool:
    return any(map(is_true, values))


def _all(*values: Any) -> bool:
    return all(map(is_true, values))


def _sha512(text: str) -> str:
    return hashlib.sha512(to_bytes(text)).hexdigest()


def _uuid() -> str:
    return str(uuid.uuid4())


def _base(path: str) -> str:
    return posixpath.basename(path.rstrip("/")) or ("/" if path else ".")


def _dir(path: str) -> str:
    return posixpath.normpath(posixpath.dirname(path) or ".")


def _ext(path: str) -> str:
    _, dot, extension = path.rpartition("/")[2].rpartition(".")
    return dot + extension if dot else ""


SPRIG: Final[Mapping[str, Callable[..., Any]]] = {
    "abbrev": _abbrev,
    "all": _all,
    "any": _any,
    "base": _base,
    "camelcase": _camel,
    "compact": _compact,
    "dict": _dict,
    "dir": _dir,
    "ext": _ext,
    "first": _first,
    "get": _get,
    "has": _has,
    "hasKey": _has_key,
    "initial": _initial,
    "join": _join,
    "kebabcase": _kebab,
    "last": _last,
    "list": _list,
    "regexFind": _regex_find,
    "regexFindAll": _regex_find_all,
    "regexMatch": _regex_match,
    "rest": _rest,
    "reverse": _reverse,
    "sha512sum": _sha512,
    "snakecase": _snake,
    "sortAlpha": _sort_alpha,
    "split": _split,
    "splitList": _split_list,
    "toJson": _to_json,
    "uniq": _uniq,
    "untitle": _untitle,
    "uuidv4": _uuid,
    "without": _without,
}
