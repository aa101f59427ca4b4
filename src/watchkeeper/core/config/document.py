"""YAML text → nodes that know their line and column.

Anchors, aliases and merge keys (`<<`) work as Go's yaml has them. The nodes are our own, built from the parser's events
without recursion: PyYAML's composer overflows the stack on deep nesting, and resolves types that nobody asks for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from watchkeeper.core.model.errors import ConfigError, ConfigProblem

MAX_DEPTH: Final = 100  # No configuration needs a tenth of it.

_NULLS: Final = frozenset(("", "~", "null", "Null", "NULL"))
# Also without `//`: the text may be a damaged URL.
_URL_PASSWORD: Final = re.compile(r"([^\s/:@]+):[^\s/@]+@")
_Loader: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(slots=True, eq=False)
class ScalarNode:
    """A text; `is_plain` where it stands without quotes. Lines and columns of all nodes count from 1."""

    line: int
    column: int
    value: str
    is_plain: bool


@dataclass(slots=True, eq=False)
class SequenceNode:
    """A list."""

    line: int
    column: int
    items: list[Node] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class MappingNode:
    """Pairs in order, keys that stand twice included."""

    line: int
    column: int
    pairs: list[tuple[Node, Node]] = field(default_factory=list)


Node = ScalarNode | SequenceNode | MappingNode


def compose(text: str, file: str, *, on_another: Callable[[int, int], None] | None = None) -> Node | None:
    """The root node of the only document in `text`; None where it is empty. Raises ConfigError.

    on_another   makes more documents no error: it is told where the second begins, and none after the first is read
    """
    line, column, words = 1, 1, ""
    try:
        loader = _Loader(text)
        try:
            return _compose(loader, on_another)
        finally:
            loader.dispose()
    except _Refused as error:
        line, column, words = error.line, error.column, error.words
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        if mark is not None:
            line, column = mark.line + 1, mark.column + 1
        words = error.problem or "the text is not YAML"
        if error.context:
            words = f"{words} {error.context}"
    except yaml.reader.ReaderError as error:
        before = text[: error.position] if isinstance(error.position, int) else ""
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        words = f"control characters are not allowed ({error.reason})"
    except (yaml.YAMLError, UnicodeError) as error:
        words = str(error)
    raise ConfigError([ConfigProblem(file, line, column, "", f"yaml: {without_passwords(words)}")])


class _Refused(Exception):
    def __init__(self, mark: Any, words: str) -> None:
        self.line, self.column, self.words = mark.line + 1, mark.column + 1, words
        super().__init__(words)


def _compose(loader: Any, on_another: Callable[[int, int], None] | None) -> Node | None:
    """The node of the first document, from its events. Raises _Refused and yaml.YAMLError."""
    root: Node | None = None
    open_nodes: list[SequenceNode | MappingNode] = []
    keys: list[Node | None] = []  # Beside each open mapping, the key that waits for its value.
    anchors: dict[str, Node] = {}
    n_documents = 0
    while (event := loader.get_event()) is not None:
        mark = event.start_mark
        node: Node
        match event:
            case yaml.ScalarEvent():
                node = ScalarNode(mark.line + 1, mark.column + 1, event.value, not event.style)
            case yaml.MappingStartEvent():
                node = MappingNode(mark.line + 1, mark.column + 1)
            case yaml.SequenceStartEvent():
                node = SequenceNode(mark.line + 1, mark.column + 1)
            case yaml.AliasEvent():
                if event.anchor not in anchors:
                    raise _Refused(mark, f'found undefined alias "{event.anchor}"')
                node = anchors[event.anchor]
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                open_nodes.pop()
                keys.pop()
                continue
            case yaml.DocumentStartEvent():
                n_documents += 1
                if n_documents > 1 and on_another is not None:
                    on_another(mark.line + 1, mark.column + 1)
                    break
                if n_documents > 1:
                    raise _Refused(mark, "found another document, expected one")
                continue
            case _:
                continue
        if not open_nodes:
            root = node
        elif isinstance(parent := open_nodes[-1], SequenceNode):
            parent.items.append(node)
        elif (key := keys[-1]) is None:
            keys[-1] = node
        else:
            parent.pairs.append((key, node))
            keys[-1] = None
        if isinstance(event, yaml.AliasEvent):
            continue
        if event.anchor is not None:
            anchors[event.anchor] = node
        if not isinstance(node, ScalarNode):
            open_nodes.append(node)
            keys.append(None)
            if len(open_nodes) > MAX_DEPTH:
                raise _Refused(mark, f"nested deeper than {MAX_DEPTH} levels")
    return root


def read_text(path: Path) -> str:
    """The text of a file. Raises ConfigError where it can't be read or is not UTF-8."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ConfigError([ConfigProblem(str(path), 1, 1, "", f"can't be read: {error.strerror}")]) from None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        column = error.start - raw.rfind(b"\n", 0, error.start)
        raise ConfigError([ConfigProblem(str(path), line, column, "", "the text is not UTF-8")]) from None


def is_null(node: Node) -> bool:
    """Whether a node is null, which counts as an absent value."""
    return isinstance(node, ScalarNode) and node.is_plain and node.value in _NULLS


def type_name(node: Node) -> str:
    """What a node is, in a reader's words."""
    if isinstance(node, MappingNode):
        return "a mapping"
    if isinstance(node, SequenceNode):
        return "a list"
    return f'"{shortened(node.value)}"' if not is_null(node) else "nothing"


def shortened(text: str) -> str:
    """At most 60 characters, for messages, without the password of a URL."""
    shown = without_passwords(text)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."


def without_passwords(text: str) -> str:
    """The text with the passwords of the URLs in it as `xxxxx`."""
    return _URL_PASSWORD.sub(r"\1:xxxxx@", text) if "@" in text else text


def merged_items(node: MappingNode) -> Iterator[tuple[Node, Node, bool]]:
    """(key, value, explicit) in order; the pairs that a merge key brings come last and are not explicit.

    Merged mappings that hold merge keys of their own are followed; one that contains itself ends at the repetition.
    """
    queue = [node]
    seen = {id(node)}
    while queue:
        current = queue.pop(0)
        for key, value in current.pairs:
            if isinstance(key, ScalarNode) and key.is_plain and key.value == "<<":
                for part in value.items if isinstance(value, SequenceNode) else (value,):
                    if isinstance(part, MappingNode) and id(part) not in seen:
                        seen.add(id(part))
                        queue.append(part)
            else:
                yield key, value, current is node
