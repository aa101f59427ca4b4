"""The label text of a pushed stream, `{app="shop", env="prod"}`: PromQL's way to write a series, as Labels.

The same few texts come with every push, so each is read once and then known.
"""

from __future__ import annotations

import functools
import re
from typing import Final

from watchkeeper.core.model.errors import WatchkeeperError
from watchkeeper.core.model.labels import METRIC_NAME, Labels
from watchkeeper.core.model.quoted import QuotedError, read_quoted

CACHED_TEXTS: Final = 65536  # Some 30 MB; beyond it the texts used longest ago are read again.

_PAIR: Final = re.compile(r'\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*"([^"\\\n\ud800-\udfff]*)"\s*(,|(?=}))')
_SPACE: Final = re.compile(r"[ \t\r\n]*")
_NAME: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_METRIC: Final = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_OTHERS: Final = {"!=": "!=", "=~": "=~", "!~": "!~"}


class LabelsError(WatchkeeperError):
    """Text that is no label set; `message` is what is wrong in it."""

    def __init__(self, text: str, message: str) -> None:
        self.text = text
        self.message = message
        super().__init__(f"Error parsing labels '{text}' with error: {message}")


class DuplicateLabel(LabelsError):
    """A label set in which a name stands twice."""

    def __init__(self, text: str, name: str) -> None:
        self.name = name
        super().__init__(text, f"stream '{text}' has duplicate label name: '{name}'")


@functools.lru_cache(maxsize=CACHED_TEXTS)
def parse_labels(text: str) -> Labels:
    """The labels of a stream as it was pushed: sorted by name, those with empty values left out.

    Raises LabelsError: `Error parsing labels '{…}' with error: 1:5: parse error: …`.
    """
    pairs = _plain_pairs(text)
    if pairs is None:
        pairs = _Reader(text).read()
    labels = Labels(pairs)
    if len(pairs) > len({name for name, _ in pairs}):
        names = [name for name, _ in pairs]
        raise DuplicateLabel(text, next(name for name in names if names.count(name) > 1))
    return labels


def _plain_pairs(text: str) -> list[tuple[str, str]] | None:
    """The pairs of a text without escapes and rarities; None where there are some, or errors."""
    if not text.startswith("{") or not text.endswith("}"):
        return None
    pairs, at = [], 1
    while at < len(text) - 1:
        match = _PAIR.match(text, at)
        if match is None:
            return None
        pairs.append((match[1], match[2]))
        at = match.end()
    return pairs


class _Reader:
    """Reads one text from left to right."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def read(self) -> list[tuple[str, str]]:
        pairs: list[tuple[str, str]] = []
        self._skip_space()
        if not self.text.strip():
            raise self._error("unexpected end of input")
        metric = _METRIC.match(self.text, self.at)
        if metric:
            pairs.append((METRIC_NAME, metric[0]))
            self.at = metric.end()
            self._skip_space()
        if self.at < len(self.text) or not metric:
            self._take("{", "unexpected {}")
            while not self._next_is("}"):
                pairs.append(self._pair())
                if not self._next_is(","):
                    break
                self.at += 1
            self._take("}", 'unexpected {} in label set, expected "," or "}}"')
            self._skip_space()
            if self.at < len(self.text):
                raise self._error(f"unexpected {self._found()}")
        return pairs

    def _pair(self) -> tuple[str, str]:
        self._skip_space()
        name = _NAME.match(self.text, self.at)
        if name:
            key = name[0]
            self.at = name.end()
        elif self._next_is('"', "'", "`"):
            key = self._quoted()
            if self._next_is(",", "}"):  # A quoted name that stands alone is the metric's.
                return METRIC_NAME, key
        else:
            raise self._error(f'unexpected {self._found()} in label set, expected identifier or "}}"')
        self._skip_space()
        if self.text[self.at : self.at + 2] in _OTHERS or not self._next_is("="):
            raise self._error(f'unexpected {self._found()} in label set, expected "="')
        self.at += 1
        if not self._next_is('"', "'", "`"):
            raise self._error(f"unexpected {self._found()} in label set, expected string")
        return key, self._quoted()

    def _quoted(self) -> str:
        start = self.at
        try:
            self.at, value = read_quoted(self.text, self.at)
        except QuotedError as error:
            raise self._error(str(error)) from None
        if any("\ud800" <= char <= "\udfff" for char in self.text[start : self.at]):
            raise self._error("invalid UTF-8 rune")
        return value.decode("utf-8", "replace")

    def _skip_space(self) -> None:
        match = _SPACE.match(self.text, self.at)
        self.at = match.end() if match else self.at

    def _next_is(self, *wanted: str) -> bool:
        self._skip_space()
        return self.text[self.at : self.at + 1] in wanted

    def _take(self, wanted: str, message: str) -> None:
        if not self._next_is(wanted):
            raise self._error(message.format(self._found()))
        self.at += 1

    def _found(self) -> str:
        """What stands here, as PromQL's parser calls it."""
        rest = self.text[self.at :]
        if not rest:
            return "end of input"
        if rest[:2] in _OTHERS:
            return f'"{rest[:2]}"'
        name = _METRIC.match(rest)
        if name:
            return f'identifier "{name[0]}"'
        if rest[0] in "\"'`":
            return "string"
        return f'"{rest[0]}"' if rest[0] in "={}," else f"character: '{_shown(rest[0])}'"

    def _error(self, message: str) -> LabelsError:
        line = self.text.count("\n", 0, self.at) + 1
        column = self.at - (self.text.rfind("\n", 0, self.at) + 1) + 1
        return LabelsError(_shown(self.text), f"{line}:{column}: parse error: {message}")


def _shown(text: str) -> str:
    """Text in which what was no UTF-8 is U+FFFD."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
