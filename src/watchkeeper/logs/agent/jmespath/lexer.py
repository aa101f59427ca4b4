"""JMESPath text → tokens."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

import orjson


class JmesPathError(ValueError):
    """Text that is no JMESPath expression, or a function that was given the wrong values."""


@dataclass(frozen=True, slots=True)
class Token:
    """`kind` is the spelling of an operator, or name, number, literal, end."""

    kind: str
    value: Any
    at: int


_TOKEN: Final = re.compile(
    r"""\s*(?:
      (?P<name>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<number>-?[0-9]+)
    | (?P<quoted>"(?:[^"\\]|\\.)*")
    | (?P<raw>'(?:[^'\\]|\\.)*')
    | (?P<literal>`(?:[^`\\]|\\.)*`)
    | (?P<operator>\[\?|\[\]|\|\||&&|==|!=|<=|>=|[.*\[\]{}()|@&,:<>!])
    )""",
    re.VERBOSE | re.DOTALL,
)


def tokens(text: str) -> list[Token]:
    """All tokens, the last of kind `end`. Raises JmesPathError."""
    out: list[Token] = []
    at = 0
    while at < len(text.rstrip()):
        match = _TOKEN.match(text, at)
        if match is None:
            raise JmesPathError(f"unexpected character {text[at:].lstrip()[:1]!r} at column {at + 1}")
        kind = match.lastgroup
        word = match[kind or ""]
        start = match.start(kind or "")
        match kind:
            case "name":
                out.append(Token("name", word, start))
            case "number":
                out.append(Token("number", int(word), start))
            case "quoted":
                out.append(Token("name", _json(word, start), start))
            case "raw":
                out.append(Token("literal", re.sub(r"\\(['\\])", r"\1", word[1:-1]), start))
            case "literal":
                inner = word[1:-1].replace("\\`", "`").strip()
                try:
                    value = orjson.loads(inner)
                except orjson.JSONDecodeError:
                    # The old form: text without quotes.
                    value = _json(f'"{inner}"', start)
                out.append(Token("literal", value, start))
            case _:
                out.append(Token(word, None, start))
        at = match.end()
    out.append(Token("end", None, len(text)))
    return out


def _json(text: str, at: int) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        raise JmesPathError(f"invalid text at column {at + 1}: {text}") from None
