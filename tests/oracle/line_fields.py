"""Fields of log lines, one line and one byte after the other: the plain twin of the kernel.

A row is a dict from name to value. Bytes are kept as they are.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

MAX_DEPTH = 128
SPACE = b" \n\r\t"


class Broken(Exception):
    """The rest of the line can't be read."""


# --- names and escapes -----------------------------------------------------------------------------------------------


def clean(key: bytes) -> str:
    """A key as it goes into a name, but for a leading digit."""
    text = key.decode("utf-8", "surrogateescape").strip(
        "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + SPACES
    )
    return "".join(char if re.fullmatch("[a-zA-Z0-9_]", char) else "_" for char in text)


SPACES = "".join(chr(code) for code in range(0x2000, 0x200B))


def named(prefix: str, key: bytes) -> str:
    """The name of a field of this key inside of objects whose keys make `prefix`."""
    part = clean(key)
    if prefix:
        return f"{prefix}_{part}"
    return "_" + part if part[:1].isdigit() else part


_PLAIN = {ord("b"): 8, ord("f"): 12, ord("n"): 10, ord("r"): 13, ord("t"): 9, ord('"'): 34, ord("\\"): 92, ord("/"): 47}


def unescape(text: bytes, *, logfmt: bool = False) -> bytes | None:
    """The text without escapes; None where one of them is none."""
    out = bytearray()
    i = 0
    while i < len(text):
        byte = text[i]
        i += 1
        if byte != ord("\\"):
            if logfmt and (byte < 0x20 or byte == ord('"')):
                return None
            out.append(byte)
            continue
        if i == len(text):
            return None
        escape = text[i]
        i += 1
        if escape in _PLAIN:
            out.append(_PLAIN[escape])
        elif logfmt and escape == ord("'"):
            out.append(escape)
        elif escape == ord("u"):
            code = _hex4(text, i)
            if code is None:
                return None
            i += 4
            if 0xD800 <= code < 0xE000:
                low = _hex4(text, i + 2) if code < 0xDC00 and text[i : i + 2] == b"\\u" else None
                if low is not None and 0xDC00 <= low < 0xE000:
                    code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00)
                    i += 6
                elif logfmt:
                    code = 0xFFFD
                else:
                    return None
            out += chr(code).encode()
        else:
            return None
    return bytes(out)


def _hex4(text: bytes, i: int) -> int | None:
    return int(text[i : i + 4], 16) if re.fullmatch(rb"[0-9a-fA-F]{4}", text[i : i + 4]) else None


# --- JSON ------------------------------------------------------------------------------------------------------------


def skip_space(data: bytes, i: int) -> int:
    while i < len(data) and data[i] in SPACE:
        i += 1
    if i == len(data):
        raise Broken
    return i


def string_end(data: bytes, i: int) -> int:
    """Of the closing quote of the string whose text begins at i."""
    while i < len(data):
        if data[i] == ord('"'):
            return i
        i += 2 if data[i] == ord("\\") else 1
    raise Broken


def block_end(data: bytes, i: int) -> int:
    """Behind the bracket that closes the one at i, counting this kind of bracket alone."""
    opening, closing = data[i], {ord("["): ord("]"), ord("{"): ord("}")}[data[i]]
    level = 0
    while i < len(data):
        if data[i] == ord('"'):
            i = string_end(data, i + 1)
        elif data[i] == opening:
            level += 1
        elif data[i] == closing:
            level -= 1
            if level == 0:
                return i + 1
        i += 1
    raise Broken


def value(data: bytes, i: int) -> tuple[str, bytes, int]:
    """Kind and text of the value at i, and where it ends."""
    if data[i] == ord('"'):
        end = string_end(data, i + 1)
        return "string", data[i + 1 : end], end + 1
    if data[i] in b"[{":
        end = block_end(data, i)
        return "array" if data[i] == ord("[") else "object", data[i:end], end
    match = re.compile(rb"[^ \n\r\t,}\]]*").match(data, i)
    word = match[0] if match else b""
    if word[:1] and word[:1] in b"-0123456789":
        return "number", word, i + len(word)
    if word in (b"true", b"false"):
        return "boolean", word, i + len(word)
    if word == b"null":
        return "null", word, i + len(word)
    raise Broken


def members(data: bytes) -> Iterator[tuple[bytes, str, bytes]]:
    """Key, kind and text of each member of the object at the start of `data`; Broken where it breaks."""
    i = skip_space(data, 0)
    if data[i] != ord("{"):
        raise Broken
    i = skip_space(data, i + 1)
    while data[i] != ord("}"):
        if data[i] != ord('"'):
            raise Broken
        end = string_end(data, i + 1)
        key = unescape(data[i + 1 : end])
        if key is None:
            raise Broken
        i = skip_space(data, end + 1)
        if data[i] != ord(":"):
            raise Broken
        kind, text, i = value(data, skip_space(data, i + 1))
        yield key, kind, text
        i = skip_space(data, i)
        if data[i] == ord(","):
            i = skip_space(data, i + 1)
        elif data[i] != ord("}"):
            raise Broken


def json_row(line: bytes) -> tuple[dict[str, bytes], bool]:
    """The fields of a line, and whether it is broken."""
    row: dict[str, bytes] = {}
    try:
        _object("", line, 0, row)
    except Broken:
        return row, True
    return row, False


def _object(prefix: str, data: bytes, depth: int, row: dict[str, bytes]) -> None:
    if depth == MAX_DEPTH:
        raise Broken
    for key, kind, text in members(data):
        name = named(prefix, key)
        if kind == "object":
            _object(name, text, depth + 1, row)
        elif kind in ("string", "number", "boolean") and name:
            row.setdefault(name, (unescape(text) or b"") if kind == "string" else text)


def json_path_row(line: bytes, paths: tuple[tuple[str | int, ...], ...]) -> tuple[list[bytes] | None, bool]:
    """What stands at each path, and whether the line is broken; None for a line that has nothing to say."""
    if not line:
        return None, False
    start = line.lstrip(SPACE)
    if not start or start[0] not in b'{["':
        return None, True
    found: dict[tuple[str | int, ...], bytes] = {}
    broken = False
    try:
        _walk((), *value(start, 0)[:2], paths, found)
    except Broken:
        broken = True
    return [found.get(path, b"") for path in paths], broken


def _walk(
    at: tuple[str | int, ...],
    kind: str,
    text: bytes,
    paths: tuple[tuple[str | int, ...], ...],
    found: dict[tuple[str | int, ...], bytes],
) -> None:
    if at in paths:
        found.setdefault(at, b"" if kind == "null" else (unescape(text) or b"") if kind == "string" else text)
    below = {path[len(at)] for path in paths if len(path) > len(at) and path[: len(at)] == at}
    if kind == "object" and any(isinstance(step, str) for step in below):
        for key, inner, inside in members(text):
            step = key.decode("utf-8", "surrogateescape")
            if step in below:
                _walk((*at, step), inner, inside, paths, found)
    elif kind == "array" and any(isinstance(step, int) for step in below):
        for i, (inner, inside) in enumerate(_items(text)):
            if i in below:
                _walk((*at, i), inner, inside, paths, found)


def _items(data: bytes) -> Iterator[tuple[str, bytes]]:
    i = skip_space(data, 1)
    while data[i] != ord("]"):
        kind, text, i = value(data, i)
        yield kind, text
        i = skip_space(data, i)
        if data[i] == ord(","):
            i = skip_space(data, i + 1)
        elif data[i] != ord("]"):
            raise Broken


# --- logfmt ----------------------------------------------------------------------------------------------------------


def pairs(line: bytes) -> Iterator[tuple[bytes, bytes] | None]:
    """Each pair of a line; None for what is malformed."""
    i = 0
    while i < len(line):
        if line[i] <= 0x20:
            i += 1
            continue
        match = re.compile(rb'[^\x00-\x20="]*').match(line, i)
        key = match[0] if match else b""
        i += len(key)
        stop = line[i : i + 1]
        if stop == b'"' or (stop == b"=" and not (key and _is_text(key))):
            i = _word_end(line, i)
            yield None
        elif stop != b"=":
            yield (key, b"") if _is_text(key) else None
        elif line[i + 1 : i + 2] == b'"':
            try:
                end = string_end(line, i + 2)
            except Broken:
                yield None
                return
            text: bytes | None = line[i + 2 : end]
            if text and b"\\" in text:
                text = unescape(text, logfmt=True)
            i = end + 1
            yield None if text is None else (key, text)
        else:
            end = _word_end(line, i + 1)
            text = line[i + 1 : end]
            i = end
            yield None if b"=" in text or b'"' in text else (key, text)


def _word_end(line: bytes, i: int) -> int:
    while i < len(line) and line[i] > 0x20:
        i += 1
    return i


def _is_text(key: bytes) -> bool:
    try:
        return "\ufffd" not in key.decode()
    except UnicodeDecodeError:
        return False


def logfmt_row(line: bytes, *, strict: bool, keep_empty: bool) -> tuple[dict[str, bytes], bool]:
    """The fields of a line, and whether it is malformed (with `strict`)."""
    row: dict[str, bytes] = {}
    for pair in pairs(line):
        if pair is None:
            if strict:
                return row, True
            continue
        name = named("", pair[0])
        if name and (keep_empty or pair[1]):
            row.setdefault(name, pair[1])
    return row, False


# --- pattern, levels -------------------------------------------------------------------------------------------------


def pattern_row(line: bytes, literals: tuple[bytes, ...], names: tuple[str | None, ...]) -> dict[str, bytes]:
    """The captures of a line."""
    row: dict[str, bytes] = {}
    if not line or not line.startswith(literals[0]):
        return row
    rest = line[len(literals[0]) :]
    for name, literal in zip(names, literals[1:], strict=True):
        text, found, after = rest.partition(literal) if literal else (rest, b"", b"")
        if name is not None:
            row.setdefault(name, text)
        if not found:
            break
        rest = after
    return row


LEVELS = ("", "unknown", "trace", "debug", "info", "warn", "error", "critical", "fatal")
SYNONYMS = {
    b"trace": "trace", b"trc": "trace", b"debug": "debug", b"dbg": "debug", b"info": "info", b"inf": "info",
    b"information": "info", b"warn": "warn", b"wrn": "warn", b"warning": "warn", b"error": "error", b"err": "error",
    b"critical": "critical", b"fatal": "fatal",
}  # fmt: skip
FIELDS = (
    b"level", b"LEVEL", b"Level", b"log.level", b"severity", b"SEVERITY", b"Severity", b"SeverityText",
    b"lvl", b"LVL", b"Lvl", b"severity_text", b"Severity_Text", b"SEVERITY_TEXT",
)  # fmt: skip
_WORD = re.compile(
    rb"(?:^|(?<=[ \t\n\[({\"'=|]))"
    rb"(trace|debug|info|warn|warning|error|err|critical|fatal)"
    rb"(?=[ \t\n\[({\"'=|\]):,!]|\Z)",
    re.IGNORECASE,
)


def level(line: bytes, fields: tuple[bytes, ...] = FIELDS, json_depth: int = 2) -> int:
    """Index into LEVELS."""
    stripped = line.strip(b" \t\n\v\f\r")
    found: bytes | None = None
    if stripped.startswith(b"{") and stripped.endswith(b"}"):
        found = _json_level(line, fields, json_depth or MAX_DEPTH)
    elif b"=" in line:
        best = len(fields)
        for pair in pairs(line):
            if pair is None:
                break
            for i, name in enumerate(fields[:best]):
                if name.lower() == pair[0].lower():
                    best, found = i, pair[1]
                    break
    if found is not None and found.lower() in SYNONYMS:
        return LEVELS.index(SYNONYMS[found.lower()])
    word = _WORD.search(line)
    return LEVELS.index(SYNONYMS[word[1].lower()]) if word else 1


def _json_level(line: bytes, fields: tuple[bytes, ...], json_depth: int) -> bytes | None:
    """The first string with one of the names inside of at most `json_depth` objects, in reading order: what is broken
    behind it does not matter."""
    i = 0
    depth = 0
    try:
        i = skip_space(line, 0)
        if line[i] != ord("{"):
            return None
        i = skip_space(line, i + 1)
        while True:
            if line[i] == ord("}"):
                if depth == 0:
                    return None
                depth, i = depth - 1, skip_space(line, i + 1)
            else:
                if line[i] != ord('"'):
                    return None
                end = string_end(line, i + 1)
                key = unescape(line[i + 1 : end])
                i = skip_space(line, end + 1)
                if line[i] != ord(":"):
                    return None
                i = skip_space(line, i + 1)
                if line[i] == ord("{") and depth + 1 < json_depth:
                    depth, i = depth + 1, skip_space(line, i + 1)
                    continue
                kind, text, i = value(line, i)
                if kind == "string" and key in fields:
                    return text
                i = skip_space(line, i)
            if line[i] == ord(","):
                i = skip_space(line, i + 1)
            elif line[i] != ord("}"):
                return None
    except Broken:
        return None


# --- whole lines -----------------------------------------------------------------------------------------------------


def is_like(line: bytes, parts: tuple[bytes, ...]) -> bool:
    """Whether the texts with a wildcard between each two describe the line."""
    if parts == (b"",) or not line:
        return parts == (b"",) and not line
    at = 0
    for k, part in enumerate(parts):
        if part:
            place = line.find(part, at)
            if place < 0 or (k > 0 and place == at):
                return False
            at = place + len(part)
    return (at < len(line)) == (not parts[-1])


def unpacked(line: bytes) -> tuple[dict[str, bytes], bytes, bool]:
    """The labels that were packed into a line, the line that was, and whether it is broken."""
    row: dict[str, bytes] = {}
    entry = None
    if not line:
        return {}, line, False
    try:
        for key, kind, text in members(line):
            if kind == "string":
                plain = unescape(text) or b""
                if key == b"_entry":
                    entry = plain
                elif named("", key):
                    row.setdefault(named("", key), plain)
    except Broken:
        return {}, line, True
    return ({}, line, False) if entry is None else (row, entry, False)


COLOUR = re.compile(
    rb"(?:\x1b|\xc2\x9b)[\[\]()#;?]*"
    rb"(?:(?:[a-zA-Z\d]*(?:;[a-zA-Z\d]*)*)?\x07|(?:(?:\d{1,4}(?:;\d{0,4})*)?[\dA-PRZcf-ntqry=><~]))"
)


def decolorized(line: bytes) -> bytes:
    """A line without escape sequences."""
    return COLOUR.sub(b"", line)


def has_address(line: bytes, low: str, high: str) -> bool:
    """Whether an address from `low` to `high` is in a line."""
    first, last = ipaddress.ip_address(low), ipaddress.ip_address(high)
    i = 0
    while i < len(line):
        four = i + 3 < len(line) and re.match(rb"[0-9](?:\.|.\.|..\.)", line[i : i + 4], re.DOTALL)
        six = i + 4 < len(line) and re.match(rb"::[0-9a-fA-F]|[0-9a-fA-F]{1,4}:", line[i : i + 5])
        if four or six:
            match = re.compile(rb"[0-9.]*" if four else rb"[0-9a-fA-F:.]*").match(line, i)
            run = match[0] if match else b""
            try:
                found = ipaddress.ip_address(run.decode())
            except ValueError:
                pass
            else:
                if found.version == first.version and int(first) <= int(found) <= int(last):
                    return True
            i += len(run)
        i += 1
    return False
