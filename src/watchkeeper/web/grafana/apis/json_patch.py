"""JSON patches: a list of operations on a document, as RFC 6902 says."""

from __future__ import annotations

import copy
from typing import Any, Final

from watchkeeper.web.errors import ApiError, bad_data
from watchkeeper.web.grafana.ask import Fields

MAX_OPERATIONS: Final = 10_000  # As Kubernetes has it.
MAX_COPIED: Final = 100
OPERATIONS: Final = ("add", "remove", "replace", "move", "copy", "test")
END: Final = "-"


def patched(document: Any, operations: Any) -> Any:
    """The document with all operations done, in their order; it stays as it is itself. Raises ApiError: 400 where the
    patch is none, and 422 where it does not fit the document."""
    if not isinstance(operations, list):
        raise bad_data("a JSON patch is a list of operations")
    if len(operations) > MAX_OPERATIONS:
        raise ApiError(413, "RequestEntityTooLarge", f"a JSON patch has at most {MAX_OPERATIONS} operations")
    if sum(isinstance(one, dict) and one.get("op") == "copy" for one in operations) > MAX_COPIED:
        raise ApiError(413, "RequestEntityTooLarge", f"a JSON patch has at most {MAX_COPIED} of the kind copy")
    root = {"": copy.deepcopy(document)}
    for operation in operations:
        _do(root, Fields(operation))
    return root[""]


def _do(root: dict[str, Any], fields: Fields) -> None:
    kind, path = fields.text("op"), _parts(fields, "path")
    if kind not in OPERATIONS:
        raise bad_data(f'"{kind}" is no operation of a JSON patch: choose from {", ".join(OPERATIONS)}')
    if kind in ("add", "replace", "test") and "value" not in fields.values:
        raise bad_data(f"the operation {kind} needs a value")
    value = fields.values.get("value")
    match kind:
        case "add":
            _add(root, path, copy.deepcopy(value))
        case "remove":
            _remove(root, path)
        case "replace":
            _replace(root, path, copy.deepcopy(value))
        case "test":
            if not _same(_get(root, path), value):
                raise _unfit(path, "the value there is another one")
        case "copy":
            _add(root, path, copy.deepcopy(_get(root, _parts(fields, "from"))))
        case _:
            origin = _parts(fields, "from")
            if path[: len(origin)] == origin and path != origin:
                raise _unfit(path, "nothing can be moved into itself")
            moved = _get(root, origin)
            if path != origin:
                _remove(root, origin)
                _add(root, path, moved)


def _parts(fields: Fields, key: str) -> list[str]:
    """A JSON pointer (RFC 6901), below the document's own key."""
    if not isinstance(fields.values.get(key), str):
        raise bad_data(f"an operation of a JSON patch needs {key}, a JSON pointer")
    text = fields.text(key)
    if text and not text.startswith("/"):
        raise bad_data(f'"{text}" is no JSON pointer: it begins with a slash')
    return [part.replace("~1", "/").replace("~0", "~") for part in text.split("/")]


def _get(root: dict[str, Any], path: list[str]) -> Any:
    at: Any = root
    for part in path:
        if isinstance(at, list):
            at = at[_place(at, part, path, len(at) - 1)]
        elif isinstance(at, dict) and part in at:
            at = at[part]
        else:
            raise _unfit(path, "there is nothing")
    return at


def _add(root: dict[str, Any], path: list[str], value: Any) -> None:
    inside, last = _get(root, path[:-1]), path[-1]
    if isinstance(inside, list):
        inside.insert(len(inside) if last == END else _place(inside, last, path, len(inside)), value)
    elif isinstance(inside, dict):
        inside[last] = value
    else:
        raise _unfit(path, "what is above holds nothing")


def _replace(root: dict[str, Any], path: list[str], value: Any) -> None:
    _get(root, path)
    inside = _get(root, path[:-1])
    if isinstance(inside, list):
        inside[int(path[-1])] = value
    else:
        inside[path[-1]] = value


def _remove(root: dict[str, Any], path: list[str]) -> None:
    if len(path) == 1:
        raise _unfit(path, "the whole can't be taken away")
    _get(root, path)
    inside = _get(root, path[:-1])
    del inside[int(path[-1]) if isinstance(inside, list) else path[-1]]


def _place(inside: list[Any], part: str, path: list[str], last: int) -> int:
    is_number = part.isascii() and part.isdecimal() and len(part) < 10 and (part == "0" or not part.startswith("0"))
    if not is_number or int(part) > last:
        raise _unfit(path, f'"{part}" is no place of a list of {len(inside)}')
    return int(part)


def _same(one: Any, other: Any) -> bool:
    """As JSON has it: true is no number, and 1 is 1.0."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(_same(a, b) for a, b in zip(one, other, strict=True))
    return bool(one == other)


def _unfit(path: list[str], why: str) -> ApiError:
    return ApiError(422, "Invalid", f"the patch does not fit: {'/'.join(path) or 'the whole'}: {why}")
