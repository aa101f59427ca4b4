"""Template functions over texts: Loki's own, and those of sprig that it takes over.

Source: Loki pkg/logql/log/fmt.go; sprig strings.go. Lengths and places are in bytes where Go's are.
"""

from __future__ import annotations

import base64
import re
import urllib.parse
from typing import Final

from watchkeeper.core.model.go_regex_error import regex_problem
from watchkeeper.core.model.go_replace import find_all, replace_all
from watchkeeper.core.model.labels import quote
from watchkeeper.core.model.regex import RegexError
from watchkeeper.core.template.values import MAX_TEXT, ValueProblem, check_size, to_bytes, to_text

_SPACE: Final = " \t\n\v\f\r\x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
_ENCODED: Final = re.compile(rb"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
_BASE64: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
_BAD_ESCAPE: Final = re.compile(r"%(?![0-9a-fA-F]{2}).{0,2}", re.DOTALL)

# --- Loki's own ----------------------------------------------------------------------------------------------------


def to_lower(text: str) -> str:
    """Lower case."""
    return text.lower()


def to_upper(text: str) -> str:
    """Upper case."""
    return "".join(char.upper() if len(char.upper()) == 1 else char for char in text)


def replace(text: str, old: str, new: str, count: int) -> str:
    """The first `count` places of `old` replaced; all for a negative count."""
    found = len(text) + 1 if not old else text.count(old)
    found = found if count < 0 else min(found, count)
    check_size(len(text) + found * max(0, len(new) - len(old)))
    return text.replace(old, new, count)


def trim(text: str, characters: str) -> str:
    """Without any of these characters at both ends."""
    return text.strip(characters) if characters else text


def trim_left(text: str, characters: str) -> str:
    """Without any of these characters at its start."""
    return text.lstrip(characters) if characters else text


def trim_right(text: str, characters: str) -> str:
    """Without any of these characters at its end."""
    return text.rstrip(characters) if characters else text


def trim_prefix(text: str, prefix: str) -> str:
    """Without this start."""
    return text.removeprefix(prefix)


def trim_suffix(text: str, suffix: str) -> str:
    """Without this end."""
    return text.removesuffix(suffix)


def trim_space(text: str) -> str:
    """Without white space at both ends."""
    return text.strip(_SPACE)


def regex_replace_all(expression: str, text: str, replacement: str) -> str:
    """All matches replaced; `$1` and `${name}` in the replacement are groups."""
    return _replaced(expression, text, replacement, literal=False)


def regex_replace_all_literal(expression: str, text: str, replacement: str) -> str:
    """All matches replaced by the replacement as it is."""
    return _replaced(expression, text, replacement, literal=True)


def _replaced(expression: str, text: str, replacement: str, *, literal: bool) -> str:
    try:
        out = replace_all(expression, _valid(text), replacement, literal=literal, most=MAX_TEXT)
    except RegexError:
        raise ValueProblem(regex_problem(expression)) from None
    if out is None:
        check_size(MAX_TEXT + 1)
        return ""
    return out


def count(expression: str, text: str) -> int:
    """How many matches there are."""
    try:
        return sum(1 for _ in find_all(expression, _valid(text)))
    except RegexError:
        raise ValueProblem(regex_problem(expression)) from None


def _valid(text: str) -> str:
    """What is no UTF-8 can't be searched; it becomes U+FFFD."""
    return to_bytes(text).decode(errors="replace")


def url_encode(text: str) -> str:
    """As a query's value: `a b` is `a+b`."""
    return urllib.parse.quote_plus(to_bytes(text), safe="~")


def url_decode(text: str) -> str:
    """The reverse."""
    bad = _BAD_ESCAPE.search(text)
    if bad:
        raise ValueProblem(f"invalid URL escape {quote(bad.group())}")
    return to_text(urllib.parse.unquote_to_bytes(text.replace("+", " ").encode("utf-8", "surrogateescape")))


def align_left(width: int, text: str) -> str:
    """Cut or filled up to `width` characters, the text at the left."""
    if width < 0:
        return text
    check_size(width)
    return text[:width].ljust(width)


def align_right(width: int, text: str) -> str:
    """Cut or filled up to `width` characters, the text at the right."""
    if width < 0:
        return text
    check_size(width)
    return text[max(len(text) - width, 0) :].rjust(width)


# --- sprig's: the text comes last, so that they can stand in a pipeline ---------------------------------------------


def sprig_replace(old: str, new: str, text: str) -> str:
    """All places of `old` replaced."""
    return replace(text, old, new, -1)


def sprig_trim_all(characters: str, text: str) -> str:
    """Without any of these characters at both ends."""
    return trim(text, characters)


def sprig_trim_prefix(prefix: str, text: str) -> str:
    """Without this start."""
    return text.removeprefix(prefix)


def sprig_trim_suffix(suffix: str, text: str) -> str:
    """Without this end."""
    return text.removesuffix(suffix)


def title(text: str) -> str:
    """The first letter of each word in upper case."""
    out: list[str] = []
    inside = False
    for char in text:
        out.append(char if inside else to_upper(char))
        inside = char.isalnum() or char == "_" or not (char.isascii() or char.isspace())
    return "".join(out)


def trunc(size: int, text: str) -> str:
    """The first `size` bytes; the last ones for a negative size."""
    data = to_bytes(text)
    if size < 0 and len(data) + size > 0:
        return to_text(data[len(data) + size :])
    if 0 <= size < len(data):
        return to_text(data[:size])
    return text


def substr(start: int, end: int, text: str) -> str:
    """Bytes from start to end; a negative start is 0, a negative end the text's."""
    data = to_bytes(text)
    size = len(data)
    if start < 0:
        if end < 0:
            raise ValueProblem(f"runtime error: slice bounds out of range [:{end}]")
        if end > size:
            raise ValueProblem(f"runtime error: slice bounds out of range [:{end}] with length {size}")
        return to_text(data[:end])
    end = size if end < 0 or end > size else end
    if start > end:
        raise ValueProblem(f"runtime error: slice bounds out of range [{start}:{end}]")
    return to_text(data[start:end])


def contains(part: str, text: str) -> bool:
    """Whether the part is in the text."""
    return part in text


def has_prefix(prefix: str, text: str) -> bool:
    """Whether the text starts so."""
    return text.startswith(prefix)


def has_suffix(suffix: str, text: str) -> bool:
    """Whether the text ends so."""
    return text.endswith(suffix)


def indent(width: int, text: str) -> str:
    """Every line behind so many spaces."""
    if width < 0:
        raise ValueProblem("strings: negative Repeat count")
    check_size(len(text) + width * (text.count("\n") + 1))
    pad = " " * width
    return pad + text.replace("\n", "\n" + pad)


def nindent(width: int, text: str) -> str:
    """The same, on a new line."""
    return "\n" + indent(width, text)


def repeat(times: int, text: str) -> str:
    """The text so many times."""
    if times < 0:
        raise ValueProblem("strings: negative Repeat count")
    check_size(times * len(text))
    return text * times


def b64enc(text: str) -> str:
    """Base64."""
    return base64.b64encode(to_bytes(text)).decode()


def b64dec(text: str) -> str:
    """The reverse; for what is no base64 the text of the error, as sprig has it."""
    data = to_bytes(text)
    clean = data.replace(b"\r", b"").replace(b"\n", b"")
    if not _ENCODED.fullmatch(clean):
        return f"illegal base64 data at input byte {_bad_base64_at(data)}"
    return to_text(base64.b64decode(clean))


def _bad_base64_at(data: bytes) -> int:
    """Where Go's decoder stops."""
    places = [i for i, byte in enumerate(data) if byte not in b"\r\n"]
    for count, at in enumerate(places):
        if data[at] in _BASE64:
            continue
        filled = count % 4
        if data[at] != ord("=") or filled < 2:
            return at
        behind = places[count + 1 :]
        if filled == 2:
            if not behind:
                return len(data)
            if data[behind[0]] != ord("="):
                return behind[0] - 1
            behind = behind[1:]
        return behind[0] if behind else len(data)
    return len(data) - len(places) % 4
