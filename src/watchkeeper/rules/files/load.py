"""Reading rule files: text or paths to loaded groups, or every problem of every file with its place."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from watchkeeper.core.config.decode import Load, Place, read_section
from watchkeeper.core.config.document import MappingNode, Node, SequenceNode, compose, is_null, read_text, shortened
from watchkeeper.core.config.schema import Invalid
from watchkeeper.core.model.errors import ConfigError, ConfigProblem
from watchkeeper.rules.files.loaded import LoadedGroup
from watchkeeper.rules.files.rule_file import GroupConfig, Reading, RuleFile, RulerFile
from watchkeeper.rules.interface import Language

T = TypeVar("T")

_RULE_PATH: Final = re.compile(r"groups\[([0-9]+)\](?:\.rules\[([0-9]+)\])?")


@dataclass(frozen=True, slots=True)
class RuleFileRead:
    """One file's groups, and what is to be said about it although it can be used."""

    groups: tuple[LoadedGroup, ...]
    warnings: tuple[ConfigProblem, ...]


def read_rules(text: str, file: str, reading: Reading) -> RuleFileRead:
    """The groups of a text; `file` is what they and problems carry. Raises ConfigError with all its problems.

    As upstream has it, an empty text has no groups, and only the first document of several counts.
    """
    groups: tuple[GroupConfig, ...]
    if reading.ruler:
        ruler_file, warnings = read_as(RulerFile, text, file, reading)
        groups = tuple(each.group for each in ruler_file.groups)
    else:
        rule_file, warnings = read_as(RuleFile, text, file, reading)
        groups = rule_file.groups
    return RuleFileRead(tuple(group.loaded(file) for group in groups), warnings)


def read_as(cls: type[T], text: str, file: str, reading: Reading) -> tuple[T, tuple[ConfigProblem, ...]]:
    """A text as a section of rule files, as it stands there, and its warnings. Raises ConfigError."""
    load = Load(file, lenient=reading.lenient)
    load.share(reading)
    another: list[tuple[int, int]] = []
    root = compose(text, file, on_another=lambda line, column: another.append((line, column)))
    if root is None or is_null(root):
        root = MappingNode(1, 1)
    place = Place(load, root, "")
    made: object = None
    try:
        made = read_section(cls, place)
    except Invalid as error:
        place.report(str(error))
    if load.problems:
        raise ConfigError([_named(problem, root) for problem in load.problems])
    assert isinstance(made, cls)
    warnings = [_named(warning, root) for warning in load.warnings]
    warnings += [
        ConfigProblem(file, line, column, "", "only the first document of a rule file counts")
        for line, column in another
    ]
    return made, tuple(sorted(warnings))


def read_rule_file(path: str | Path, reading: Reading) -> RuleFileRead:
    """The groups of a file. Raises ConfigError, also where it can't be read."""
    return read_rules(read_text(Path(path)), str(path), reading)


def load_rule_files(
    paths: Iterable[str | Path],
    language: Language | None,
    *,
    legacy_names: bool = False,
    lenient: bool = False,
    ruler: bool = False,
    warnings: list[ConfigProblem] | None = None,
) -> list[LoadedGroup]:
    """The groups of all files, in their order. Raises ConfigError with every problem of every file.

    paths          files, not patterns; one that stands twice is read once
    language       what compiles their expressions; None leaves them as text
    legacy_names   only names of letters, digits and `_` are taken
    lenient        keys that are not known are warnings
    ruler          files of Loki's ruler
    warnings       is given what does not keep a file from being used
    """
    reading = Reading(language, legacy_names, lenient, ruler)
    groups: list[LoadedGroup] = []
    problems: list[ConfigProblem] = []
    for path in dict.fromkeys(map(str, paths)):
        try:
            found = read_rule_file(path, reading)
        except ConfigError as error:
            problems += error.problems
            continue
        groups += found.groups
        if warnings is not None:
            warnings += found.warnings
    if problems:
        raise ConfigError(problems)
    return groups


def _named(problem: ConfigProblem, root: Node) -> ConfigProblem:
    """The problem with the names of the group and the rule that it stands in."""
    found = _RULE_PATH.match(problem.path)
    if found is None:
        return problem
    group = _item(_value(root, "groups"), int(found[1]))
    parts = [f'group "{shortened(name)}"'] if (name := _name(group, "name")) else []
    if found[2] is not None:
        rule = _item(_value(group, "rules"), int(found[2]))
        for key in ("alert", "record"):
            if name := _name(rule, key):
                parts.append(f'{key} "{shortened(name)}"')
                break
    if not parts:
        return problem
    first, newline, rest = problem.message.partition("\n")
    return dataclasses.replace(problem, message=f"{first} ({', '.join(parts)}){newline}{rest}")


def _value(node: Node | None, key: str) -> Node | None:
    if not isinstance(node, MappingNode):
        return None
    return next((value for name, value in node.pairs if getattr(name, "value", None) == key), None)


def _item(node: Node | None, index: int) -> Node | None:
    return node.items[index] if isinstance(node, SequenceNode) and index < len(node.items) else None


def _name(node: Node | None, key: str) -> str:
    value = getattr(_value(node, key), "value", "")
    return value if isinstance(value, str) else ""
