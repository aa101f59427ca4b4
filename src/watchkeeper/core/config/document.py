"""YAML text → nodes that know their line and column.

Anchors, aliases and merge keys (`<<`) work as Go's yaml has them; a key that stands twice is an error, and so is a
document that grows without bound through its aliases.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from watchkeeper.core.model.errors import ConfigError, ConfigProblem

__all__ = [
    "MappingNode",
    "Node",
    "ScalarNode",
    "SequenceNode",
    "compose",
    "is_null",
    "merged_items",
    "read_text",
    "type_name",
]

_MERGE_TAG: Final = "tag:yaml.org,2002:merge"
_NULLS: Final = frozenset(("", "~", "null", "Null", "NULL"))
_URL_PASSWORD: Final = re.compile(r"([^\s/:@]+):[^\s/@]+@")  # Also without `//`: the text may be a damaged URL.
_Loader: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def compose(text: str, file: str) -> Node | None:
    """The root node of the only document in `text`; None where it is empty. Raises ConfigError."""
    try:
        loader = _Loader(text)
        try:
            node: Node | None = loader.get_single_node()
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        words = error.problem or "the text is not YAML"
        if error.context:
            words = f"{words} {error.context}"
        raise ConfigError([ConfigProblem(file, line, column, "", f"yaml: {words}")]) from None
    except yaml.reader.ReaderError as error:
        before = text[: error.position] if isinstance(error.position, int) else ""
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        problem = f"yaml: control characters are not allowed ({error.reason})"
        raise ConfigError([ConfigProblem(file, line, column, "", problem)]) from None
    except (yaml.YAMLError, RecursionError, UnicodeError) as error:
        raise ConfigError([ConfigProblem(file, 1, 1, "", f"yaml: {error or 'nested too deeply'}")]) from None
    return node


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
    return isinstance(node, ScalarNode) and not node.style and node.value in _NULLS


def type_name(node: Node) -> str:
    """What a node is, in a reader's words."""
    if isinstance(node, MappingNode):
        return "a mapping"
    if isinstance(node, SequenceNode):
        return "a list"
    return f'"{shortened(str(node.value))}"' if not is_null(node) else "nothing"


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
        for key, value in current.value:
            if key.tag == _MERGE_TAG:
                for part in value.value if isinstance(value, SequenceNode) else (value,):
                    if isinstance(part, MappingNode) and id(part) not in seen:
                        seen.add(id(part))
                        queue.append(part)
            else:
                yield key, value, current is node
