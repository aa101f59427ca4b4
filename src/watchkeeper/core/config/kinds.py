"""The kinds of values: text, numbers, durations, sizes, expressions, URLs, secrets, paths, lists, maps, sections."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

from watchkeeper.core.config.decode import BROKEN, Place, read_section
from watchkeeper.core.config.document import MappingNode, SequenceNode, is_null, shortened, type_name
from watchkeeper.core.config.dump import FlowList, plain
from watchkeeper.core.config.schema import Invalid, Kind
from watchkeeper.core.config.secret import HIDDEN, Secret, Url
from watchkeeper.core.model.duration import DurationError, format_duration_ms, parse_duration_ms
from watchkeeper.core.model.regex import RegexError, compile_re2

T = TypeVar("T")

_TRUE: Final = frozenset(("true", "True", "TRUE", "y", "Y", "yes", "Yes", "YES", "on", "On", "ON"))
_FALSE: Final = frozenset(("false", "False", "FALSE", "n", "N", "no", "No", "NO", "off", "Off", "OFF"))
_INTEGER: Final = re.compile(r"[+-]?[0-9][0-9_]*")
_BASED: Final = re.compile(r"[+-]?0(?:x[0-9a-fA-F_]+|b[01_]+|o[0-7_]+)")
_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_SPECIAL: Final = {".inf": "inf", "+.inf": "inf", "-.inf": "-inf", ".nan": "nan"}


class Text(Kind[str]):
    """Any scalar, as it is written; optionally not empty, and checked by a function that raises ValueError."""

    label = "text"
    placeholder = ""

    def __init__(self, check: Callable[[str], object] | None = None, *, filled: bool = False) -> None:
        self.check = check
        self.filled = filled

    def read(self, at: Place) -> str:
        value = at.scalar("text")
        if self.filled and not value:
            raise Invalid("must not be empty")
        if self.check is not None:
            try:
                self.check(value)
            except ValueError as error:
                raise Invalid(str(error)) from None
        return value


class Boolean(Kind[bool]):
    """`true` or `false`, and YAML 1.1's other words for them."""

    label = "boolean"

    def read(self, at: Place) -> bool:
        value = at.scalar("true or false")
        if at.is_plain and value in _TRUE:
            return True
        if at.is_plain and value in _FALSE:
            return False
        raise Invalid(f'expected true or false, found "{shortened(value)}"')


class Integer(Kind[int]):
    """A whole number within bounds."""

    label = "integer"

    def __init__(self, minimum: int = 0, maximum: int = 2**63 - 1) -> None:
        self.minimum = minimum
        self.maximum = maximum

    def read(self, at: Place) -> int:
        text = at.scalar("a whole number")
        if len(text) > 40 or not at.is_plain:
            raise Invalid(f'expected a whole number, found "{shortened(text)}"')
        if _BASED.fullmatch(text):
            value = int(text, 0)
        elif _INTEGER.fullmatch(text):
            value = int(text.replace("_", ""))
        elif _NUMBER.fullmatch(text) and abs(float(text)) < 2**63 and float(text).is_integer():
            value = int(float(text))
        else:
            raise Invalid(f'expected a whole number, found "{text}"')
        if not self.minimum <= value <= self.maximum:
            bounds = f"at least {self.minimum}" if value < self.minimum else f"at most {self.maximum}"
            raise Invalid(f"{value} is out of range, must be {bounds}")
        return value


class Number(Kind[float]):
    """A number within bounds."""

    label = "number"

    def __init__(self, minimum: float = float("-inf"), maximum: float = float("inf")) -> None:
        self.minimum = minimum
        self.maximum = maximum

    def read(self, at: Place) -> float:
        text = at.scalar("a number")
        special = _SPECIAL.get(text.lower())
        if not at.is_plain or (special is None and not _NUMBER.fullmatch(text)):
            raise Invalid(f'expected a number, found "{shortened(text)}"')
        value = float(special or text)
        if not self.minimum <= value <= self.maximum:
            raise Invalid(f"{text} is out of range, must be from {self.minimum:g} to {self.maximum:g}")
        return value

    def write(self, value: float) -> Any:
        return int(value) if value == int(value) else value


class Duration(Kind[int]):
    """`1h30m`, as milliseconds."""

    label = "duration"

    def __init__(self, *, positive: bool = False) -> None:
        self.positive = positive

    def read(self, at: Place) -> int:
        try:
            value = parse_duration_ms(at.scalar("a duration"))
        except DurationError as error:
            raise Invalid(str(error)) from None
        if self.positive and value == 0:
            raise Invalid("must be longer than 0s")
        return value

    def write(self, value: int) -> str:
        return format_duration_ms(value)


_SIZE_UNITS: Final = {"": 1} | {letter: 1024**power for power, letter in enumerate("KMGTPE", 1)}
_SIZE_PART: Final = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)([KMGTPE]?)(i?)B")


class Size(Kind[int]):
    """`10MB`, `512KiB`, as bytes; both spellings count in steps of 1024, as upstream's do."""

    label = "size"

    def read(self, at: Place) -> int:
        text = at.scalar("a size")
        if text == "0":
            return 0
        total, position = 0.0, 0
        while position < len(text):
            match = _SIZE_PART.match(text, position)
            if match is None or (match[3] and not match[2]):
                raise Invalid(f'not a valid size: "{shortened(text)}", expected a number and a unit, such as 10MB')
            total += float(match[1]) * _SIZE_UNITS[match[2]]
            position = match.end()
        if not text or total >= 2**63:
            raise Invalid(f'not a valid size: "{shortened(text)}"')
        return int(total)

    def write(self, value: int) -> Any:
        if value == 0:
            return 0
        parts, left = "", value
        for letter, unit in reversed(_SIZE_UNITS.items()):
            count, left = divmod(left, unit)
            if count:
                parts += f"{count}{letter}{'iB' if letter else 'B'}"
        return parts


class Expression(Kind[str]):
    """A regular expression in RE2's syntax, kept as text."""

    label = "regular expression"

    def read(self, at: Place) -> str:
        text = at.scalar("a regular expression")
        try:
            compile_re2(text)
            compile_re2(f"^(?s:{text})$")
        except RegexError as error:
            raise Invalid(f'not a valid regular expression: "{shortened(text)}": {error}') from None
        return text


class UrlKind(Kind[Url]):
    """An absolute URL with one of the allowed schemes and a host."""

    label = "URL"

    def __init__(self, schemes: tuple[str, ...] = ("http", "https")) -> None:
        self.schemes = schemes

    def read(self, at: Place) -> Url:
        text = at.scalar("a URL")
        if not text:
            raise Invalid("URL is missing")
        try:
            parts = urlsplit(text)
            _ = parts.port
        except ValueError as error:
            # The text is not repeated where it may hold a password.
            shown = "" if "@" in text else f' "{shortened(text)}"'
            raise Invalid(f"not a valid URL{shown}: {error}") from None
        if any(char.isspace() or ord(char) < 32 for char in text):
            raise Invalid("not a valid URL: it holds a space or a control character")
        if parts.scheme not in self.schemes:
            raise Invalid(f"URL scheme must be {quoted_choice(self.schemes)}")
        if not parts.hostname:
            raise Invalid("host is missing in URL")
        return Url(text)

    def write(self, value: Url) -> str:
        return value.redacted


class SecretKind(Kind[Secret]):
    """A text that is never shown."""

    label = "secret"

    def read(self, at: Place) -> Secret:
        return Secret(at.scalar("text"))

    def write(self, value: Secret) -> str:
        return HIDDEN if value else ""


class FilePath(Kind[str]):
    """A path, relative to the directory of the file that names it; `existing` ones are looked for where asked."""

    label = "path"

    def __init__(self, check: Callable[[str], object] | None = None, *, existing: bool = False) -> None:
        self.check = check
        self.existing = existing

    def read(self, at: Place) -> str:
        text = at.scalar("a path")
        if "\0" in text:
            raise Invalid("a path can't hold a NUL character")
        if self.check is not None:
            try:
                self.check(text)
            except ValueError as error:
                raise Invalid(str(error)) from None
        if not text:
            return ""
        path = at.load.base_dir / text
        if self.existing and at.load.files_checked and not path.is_file():
            raise Invalid(f'file "{path}" does not exist')
        return str(path)


class Choice(Kind[str]):
    """One of several words."""

    label = "choice"

    def __init__(self, *words: str, fold: bool = False) -> None:
        self.words = words
        self.fold = fold

    def read(self, at: Place) -> str:
        text = at.scalar(f"one of {', '.join(self.words)}")
        wanted = text.lower() if self.fold else text
        if wanted not in self.words:
            raise Invalid(f'"{shortened(text)}" is not supported, must be {quoted_choice(self.words)}')
        return wanted


class ListOf(Kind[tuple[T, ...]]):
    """A list; items with problems are left out and reported. A dump shows it on one line with `flow`."""

    label = "list"

    def __init__(self, item: Kind[T], *, filled: bool = False, flow: bool = False) -> None:
        self.item = item
        self.filled = filled
        self.flow = flow

    def read(self, at: Place) -> tuple[T, ...]:
        if not isinstance(at.node, SequenceNode):
            raise Invalid(f"expected a list, found {type_name(at.node)}")
        if self.filled and not at.node.items:
            raise Invalid("must not be empty")
        items: list[T] = []
        for i, node in enumerate(at.node.items):
            place = at.item(i, node)
            if is_null(node):
                place.report("empty or null item")
                continue
            value = place.read(self.item)
            if value is not BROKEN:
                items.append(value)  # type: ignore[arg-type]
        return tuple(items)

    def write(self, value: tuple[T, ...]) -> Any:
        written = [self.item.write(item) for item in value]
        return FlowList(written) if self.flow else written


class MapOf(Kind[dict[str, T]]):
    """A map from text; keys are checked by a function that raises ValueError. A null value is the item's `empty`."""

    label = "map"

    def __init__(self, item: Kind[T], check_key: Callable[[str], object] | None = None, empty: T | None = None) -> None:
        self.item = item
        self.check_key = check_key
        self.empty = empty

    def read(self, at: Place) -> dict[str, T]:
        found: dict[str, T] = {}
        for name, entry in at.entries().items():
            if self.check_key is not None:
                try:
                    self.check_key(name)
                except ValueError as error:
                    entry.key.report(str(error))
                    continue
            if is_null(entry.value.node):
                if self.empty is not None:
                    found[name] = self.empty
                continue
            value = entry.value.read(self.item)
            if value is not BROKEN:
                found[name] = value  # type: ignore[assignment]
        return found

    def write(self, value: dict[str, T]) -> Any:
        return {name: self.item.write(item) for name, item in value.items()}


class Nested(Kind[T]):
    """A section."""

    label = "section"

    def __init__(self, cls: type[T]) -> None:
        self.cls = cls

    def read(self, at: Place) -> T:
        return read_section(self.cls, at)  # type: ignore[return-value]

    def write(self, value: T) -> Any:
        return plain(value)


class Anything(Kind[Any]):
    """Plain data of any shape, for blocks that are accepted and passed on."""

    label = "anything"

    def read(self, at: Place) -> Any:
        return self._read(at, 0)

    def _read(self, at: Place, depth: int) -> Any:
        at.load.count_read()
        if depth > 100:
            raise Invalid("nested too deeply")
        node = at.node
        if isinstance(node, MappingNode):
            return {name: self._read(entry.value, depth + 1) for name, entry in at.entries().items()}
        if isinstance(node, SequenceNode):
            return [self._read(at.item(i, item), depth + 1) for i, item in enumerate(node.items)]
        if is_null(node):
            return None
        text = node.value
        if at.is_plain:
            if text in _TRUE or text in _FALSE:
                return text in _TRUE
            if _INTEGER.fullmatch(text) and len(text) < 20:
                return int(text.replace("_", ""))
            if _NUMBER.fullmatch(text):
                return float(text)
        return text


def quoted_choice(words: tuple[str, ...]) -> str:
    """`"a", "b" or "c"`."""
    shown = [f'"{word}"' for word in words]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} or {shown[-1]}"
