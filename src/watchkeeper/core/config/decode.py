"""Nodes → sections, with every problem of the file and its place."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

from watchkeeper.core.config.document import (
    MappingNode,
    Node,
    ScalarNode,
    compose,
    is_null,
    merged_items,
    shortened,
    type_name,
    without_passwords,
)
from watchkeeper.core.config.schema import Inline, Invalid, Kind, Setting, table_of
from watchkeeper.core.model.errors import ConfigError, ConfigProblem

T = TypeVar("T")

MAX_READS: Final = 2_000_000  # A few kilobytes of nested aliases could otherwise ask for more than memory holds.
MAX_PROBLEMS: Final = 1000  # Nobody reads more; a hostile file must not make more.


class _Broken:
    """The type of BROKEN."""

    def __bool__(self) -> bool:
        return False


BROKEN: Final = _Broken()
"""What reading gives where a problem was reported and no value can stand in."""


class Load:
    """The reading of one file: its problems, and what its sections share.

    file           the name that problems carry
    base_dir       what relative paths in it are relative to; the file's own directory if not given
    environ        what `$VAR` stands for, where a setting expands it
    files_checked  whether a file that a setting names must exist
    lenient        whether keys that are not known, or no longer, are warnings instead of problems
    """

    __slots__ = (
        "_claims",
        "_reads",
        "_shared",
        "base_dir",
        "environ",
        "file",
        "files_checked",
        "lenient",
        "problems",
        "warnings",
    )

    def __init__(
        self,
        file: str,
        *,
        base_dir: Path | None = None,
        environ: Mapping[str, str] | None = None,
        files_checked: bool = False,
        lenient: bool = False,
    ) -> None:
        self.file = file
        self.base_dir = base_dir if base_dir is not None else Path(file).parent
        self.environ: Mapping[str, str] = environ if environ is not None else {}
        self.files_checked = files_checked
        self.lenient = lenient
        self.problems: list[ConfigProblem] = []
        self.warnings: list[ConfigProblem] = []
        self._shared: dict[type, Any] = {}
        self._claims: dict[tuple[str, str], str] = {}
        self._reads = 0

    def included(self, file: str) -> Load:
        """The reading of another file that belongs to this one: problems, shared sections and claims are common."""
        other = Load(file, environ=self.environ, files_checked=self.files_checked, lenient=self.lenient)
        other.problems, other._shared, other._claims = self.problems, self._shared, self._claims
        other.warnings = self.warnings
        return other

    def share(self, value: object) -> None:
        """Let later sections see this one by its type."""
        self._shared[type(value)] = value

    def shared(self, cls: type[T]) -> T:
        """The shared section of this type, or one of defaults."""
        if cls not in self._shared:
            self._shared[cls] = cls()
        found: T = self._shared[cls]
        return found

    def report(self, node: Node | None, path: str, message: str) -> None:
        """Note a problem at a node's start (at the file's start without a node)."""
        self._note(self.problems, node, path, message)

    def warn(self, node: Node | None, path: str, message: str) -> None:
        """Note, likewise, what does not keep the file from being used."""
        self._note(self.warnings, node, path, message)

    def _note(self, notes: list[ConfigProblem], node: Node | None, path: str, message: str) -> None:
        if len(notes) >= MAX_PROBLEMS:
            return
        line, column = (node.line, node.column) if node is not None else (1, 1)
        note = ConfigProblem(self.file, line, column, without_passwords(path), without_passwords(message))
        if note not in notes[-50:]:
            notes.append(note)

    def count_read(self) -> None:
        """Called for each value read; raises ConfigError where aliases multiply without bound."""
        self._reads += 1
        if self._reads > MAX_READS:
            problem = ConfigProblem(self.file, 1, 1, "", "yaml: document contains excessive aliasing")
            raise ConfigError([problem])

    def finish(self) -> None:
        """Raises ConfigError if anything was reported."""
        if self.problems:
            raise ConfigError(self.problems)


class Place:
    """A node and the path that leads to it, `scrape_configs[2].scrape_timeout`."""

    __slots__ = ("load", "node", "path")

    def __init__(self, load: Load, node: Node, path: str) -> None:
        self.load = load
        self.node = node
        self.path = path

    def report(self, message: str) -> None:
        """Note a problem here."""
        self.load.report(self.node, self.path, message)

    def warn(self, message: str) -> None:
        """Note a warning here."""
        self.load.warn(self.node, self.path, message)

    def read(self, kind: Kind[T]) -> T | _Broken:
        """The value here, or BROKEN with the problem reported."""
        self.load.count_read()
        try:
            return kind.read(self)
        except Invalid as error:
            self.report(str(error))
            return BROKEN

    def scalar(self, wanted: str) -> str:
        """The text of a scalar. Raises Invalid for lists and mappings."""
        if not isinstance(self.node, ScalarNode):
            raise Invalid(f"expected {wanted}, found {type_name(self.node)}")
        return self.node.value

    @property
    def is_plain(self) -> bool:
        """Whether this is a scalar without quotes."""
        return isinstance(self.node, ScalarNode) and self.node.is_plain

    def entries(self) -> dict[str, Entry]:
        """The pairs of a mapping by key, without those whose value is null. Raises Invalid if it is none.

        Reports keys that stand twice and keys that are no text.
        """
        if not isinstance(self.node, MappingNode):
            raise Invalid(f"expected a mapping, found {type_name(self.node)}")
        found: dict[str, Entry] = {}
        for key, value, explicit in merged_items(self.node):
            self.load.count_read()
            if not isinstance(key, ScalarNode):
                self.load.report(key, self.path, "a key must be text")
                continue
            name = key.value
            path = f"{self.path}.{name}" if self.path else name
            if name not in found:
                found[name] = Entry(Place(self.load, key, path), Place(self.load, value, path))
            elif explicit:
                self.load.report(key, path, f"key already set in line {found[name].key.node.line}")
        return found

    def item(self, index: int, node: Node) -> Place:
        """An element of the list that is here."""
        return Place(self.load, node, f"{self.path}[{index}]")


@dataclasses.dataclass(frozen=True, slots=True)
class Entry:
    """A key and its value."""

    key: Place
    value: Place


class SectionPlace:
    """Where a section stands, for its `checked` method."""

    __slots__ = ("_broken", "entries", "load", "place")

    def __init__(self, place: Place, entries: Mapping[str, Entry], broken: set[str]) -> None:
        self.place = place
        self.load = place.load
        self.entries = entries
        self._broken = broken

    def given(self, key: str) -> bool:
        """Whether the file sets this key (null counts as not set)."""
        return key in self.entries and not is_null(self.entries[key].value.node)

    def is_broken(self, *keys: str) -> bool:
        """Whether any of these keys has a problem already."""
        return any(key in self._broken for key in keys)

    def report(self, key: str, message: str, *, involves: tuple[str, ...] = ()) -> None:
        """Note a problem at a key's value, at the section's start if the file does not set it.

        Nothing is noted where `key` or a key that the check involves has a problem already.
        """
        if self.is_broken(key, *involves):
            return
        entry = self.entries.get(key)
        if entry is not None:
            entry.value.report(message)
        else:
            path = ".".join(part for part in (self.place.path, key) if part)
            self.load.report(self.place.node, path, message)

    def warn(self, key: str, message: str) -> None:
        """Note a warning at a key's value, at the section's start if the file does not set it."""
        entry = self.entries.get(key)
        if entry is not None:
            entry.value.warn(message)
        else:
            path = ".".join(part for part in (self.place.path, key) if part)
            self.load.warn(self.place.node, path, message)

    def claim(self, scope: str, key: str, value: str, message: str) -> None:
        """Report `message` at a key whose value another section of this scope has already."""
        claims = self.load._claims
        entry = self.entries.get(key)
        node = entry.value.node if entry is not None else self.place.node
        if (scope, value) in claims:
            self.report(key, f"{message}, first in {claims[scope, value]}")
        else:
            claims[scope, value] = f"{self.load.file}:{node.line}"


def read_section(cls: type[T], at: Place) -> T | _Broken:
    """A section from the mapping at a place. Raises Invalid if there is none; all else is reported.

    Keys that are not known are problems, or, where the load is lenient, warnings.
    """
    entries = at.entries()
    table = table_of(cls)
    allowed = set(table.keys)
    for name, entry in entries.items():
        complain = entry.key.warn if at.load.lenient else entry.key.report
        if name in table.unsupported:
            complain(table.unsupported[name])
        elif name not in allowed:
            complain(_unknown(name, table.keys))
    return _build(cls, at, entries)


def _build(cls: type[T], at: Place, entries: Mapping[str, Entry]) -> T | _Broken:
    values: dict[str, Any] = {}
    broken: set[str] = set()
    complete = True
    for item in table_of(cls).settings:
        before = len(at.load.problems)
        value = _value(item, at, entries)
        if len(at.load.problems) > before or value is BROKEN:
            broken.add(item.key)
        if value is BROKEN:
            complete = complete and not item.required
            value = item.factory() if not item.required else BROKEN
        values[item.field] = value
    if not complete:
        return BROKEN
    made = cls(**values)
    # An isinstance of the protocol would take longer than most checks.
    checked: Callable[[SectionPlace], T] | None = getattr(made, "checked", None)
    return made if checked is None else checked(SectionPlace(at, entries, broken))


def _value(item: Setting, at: Place, entries: Mapping[str, Entry]) -> Any:
    if isinstance(item.kind, Inline):
        return _build(item.kind.cls, at, entries)
    entry = entries.get(item.key)
    if entry is not None and not is_null(entry.value.node):
        return entry.value.read(item.kind)
    if not item.required:
        return item.factory()
    at.load.report(at.node, at.path, f"missing required key {item.key}")
    return item.kind.placeholder if item.kind.placeholder is not dataclasses.MISSING else BROKEN


def _unknown(name: str, keys: tuple[str, ...]) -> str:
    import difflib  # Only a file with an error pays for it.

    near = difflib.get_close_matches(name, keys, 1, 0.7)
    return f'unknown key "{shortened(name)}"' + (f'; did you mean "{near[0]}"?' if near else "")


def decode(cls: type[T], text: str, load: Load) -> T:
    """A section from YAML text. Raises ConfigError with all problems of the file.

    An empty document is an empty mapping.
    """
    made = decode_partly(cls, text, load)
    load.finish()
    assert not isinstance(made, _Broken)
    return made


def decode_value(kind: Kind[T], text: str, load: Load) -> T:
    """A value of any kind from YAML text, where the document is no mapping. Raises ConfigError."""
    node = compose(text, load.file)
    if node is None:
        load.report(None, "", f"expected a {kind.label}, found nothing")
        load.finish()
    assert node is not None
    value = Place(load, node, "").read(kind)
    load.finish()
    assert not isinstance(value, _Broken)
    return value


def decode_partly(cls: type[T], text: str, load: Load) -> T | _Broken:
    """As `decode`, with the problems left in `load`, so that other files' problems can join them."""
    node = compose(text, load.file)
    if node is None or is_null(node):
        node = MappingNode(1, 1)
    at = Place(load, node, "")
    try:
        return read_section(cls, at)
    except Invalid as error:
        at.report(str(error))
        return BROKEN
