"""Relabelling: rules that rewrite, keep or drop label sets.

Source of the semantics: Prometheus model/relabel. A rule is compiled once into a function over a dict of labels; the
rules of one configuration run as a tuple of such functions, without any object per step.
"""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from typing import Any, Final, TypeVar

from watchkeeper.core.config.decode import SectionPlace
from watchkeeper.core.config.kinds import Choice, Expression, Integer, ListOf, Text
from watchkeeper.core.config.schema import section, setting
from watchkeeper.core.model.labels import Labels, is_legacy_name
from watchkeeper.core.model.regex import compile_re2
from watchkeeper.core.model.replacement import Replacement

ACTIONS: Final = (
    "replace",
    "keep",
    "drop",
    "keepequal",
    "dropequal",
    "hashmod",
    "labelmap",
    "labeldrop",
    "labelkeep",
    "lowercase",
    "uppercase",
)
DEFAULT_REGEX: Final = "(.*)"
DEFAULT_REPLACEMENT: Final = "$1"
DEFAULT_SEPARATOR: Final = ";"


def check_label_name(name: str) -> None:
    """Raises ValueError for a name that no label may have (any text that UTF-8 can hold is a name, but the empty)."""
    if not is_valid_name(name):
        raise ValueError(f'"{name}" is not a valid label name')


def is_valid_name(name: str, *, legacy: bool = False) -> bool:
    """Whether a label may have this name."""
    if legacy:
        return is_legacy_name(name)
    if not name:
        return False
    return name.isascii() or not any("\ud800" <= char <= "\udfff" for char in name)


@section
class RelabelConfig:
    """One rule."""

    source_labels: tuple[str, ...] = setting(ListOf(Text(check_label_name), flow=True), default=())
    separator: str = setting(Text(), default=DEFAULT_SEPARATOR, show=True)
    regex: str = setting(Expression(), default=DEFAULT_REGEX, show=True)
    modulus: int = setting(Integer(0, 2**64 - 1), default=0)
    target_label: str = setting(Text(), default="")
    replacement: str = setting(Text(), default=DEFAULT_REPLACEMENT, show=True)
    action: str = setting(Choice(*ACTIONS, fold=True), default="replace", show=True)

    def checked(self, at: SectionPlace) -> RelabelConfig:
        """Reports rules that lack what their action needs, or hold what it ignores."""
        action, target = self.action, self.target_label
        if action == "hashmod" and self.modulus == 0:
            at.report("modulus", "relabel configuration for hashmod requires non-zero modulus", involves=("action",))
        needs_target = ("replace", "hashmod", "keepequal", "dropequal", "lowercase", "uppercase")
        if action in needs_target and not target:
            problem = f"relabel configuration for {action} action requires 'target_label' value"
            at.report("target_label", problem, involves=("action",))
        elif action in needs_target and not is_valid_name(target):
            problem = f"\"{target}\" is invalid 'target_label' for {action} action"
            at.report("target_label", problem, involves=("action",))
        if action in ("lowercase", "uppercase") and self.replacement != DEFAULT_REPLACEMENT:
            problem = f"'replacement' can not be set for {action} action"
            at.report("replacement", problem, involves=("action",))
        if action == "labelmap" and not is_valid_name(self.replacement):
            problem = f"\"{self.replacement}\" is invalid 'replacement' for labelmap action"
            at.report("replacement", problem, involves=("action",))
        allowed: tuple[str, ...] = _SETTABLE
        if action in ("labeldrop", "labelkeep"):
            allowed = ("regex",)
        elif action in ("keepequal", "dropequal"):
            allowed = ("source_labels", "target_label")
        for key, default in _DEFAULTS.items():
            if key not in allowed and getattr(self, key) != default:
                wanted = " and ".join(f"'{name}'" for name in allowed)
                problem = f"{action} action requires only {wanted}, and no other fields"
                at.report(key, problem, involves=("action",))
        return self


_DEFAULTS: Final[dict[str, Any]] = {
    item.name: item.default for item in dataclasses.fields(RelabelConfig) if item.name != "action"
}
_SETTABLE: Final = tuple(_DEFAULTS)


Rule = Callable[[MutableMapping[str, str]], bool]
"""Changes labels in place; False drops the whole label set."""

MEMO_ENTRIES: Final = 128  # For each rule: a scrape lists its series by name, so few are needed, and jobs are many.

T = TypeVar("T")
Test = Callable[[str], bool]

_LITERAL: Final = re.compile(r"[A-Za-z0-9_:/ -]*")


def compile_test(text: str) -> Test:
    """Whether a value matches an expression, anchored at both ends.

    Words, alternatives of words, and a word with `.*` or `.+` behind it need no expression: most rules are of these
    forms, and a comparison takes a tenth of a search.
    """
    inner = text[1:-1] if text.startswith("(") and text.endswith(")") and text.count("(") == 1 else text
    if inner == ".*":
        return lambda value: True
    if inner == ".+":
        return bool
    words = inner.split("|")
    if all(_LITERAL.fullmatch(word) for word in words):
        return words[0].__eq__ if len(words) == 1 else frozenset(words).__contains__
    if inner.endswith(".*") and _LITERAL.fullmatch(inner[:-2]):
        prefix = inner[:-2]
        return lambda value: value.startswith(prefix)
    if inner.endswith(".+") and _LITERAL.fullmatch(inner[:-2]):
        start, length = inner[:-2], len(inner) - 2
        return lambda value: value.startswith(start) and len(value) > length
    search = _search(compile_re2(f"^(?s:{text})$"))
    return _Memo(lambda value: search(value) is not None).__getitem__


def _search(pattern: Any) -> Callable[[str], Any]:
    # The wrapper counts characters for each match of a str, which takes longer than the search; bytes it leaves alone.
    search: Callable[[bytes], Any] = pattern.search
    return lambda value: search(value.encode())


class _Memo(dict[str, T]):
    """What a function gave for the last values: neighbouring series share their names and most of their labels."""

    __slots__ = ("_function",)

    def __init__(self, function: Callable[[str], T]) -> None:
        super().__init__()
        self._function = function

    def __missing__(self, value: str) -> T:
        if len(self) >= MEMO_ENTRIES:
            self.clear()
        found = self[value] = self._function(value)
        return found


def compile_rule(config: RelabelConfig, *, legacy_names: bool = False) -> Rule:
    """The function of one rule."""
    value_of = _joiner(config.source_labels, config.separator)
    target = config.target_label
    match config.action:
        case "replace":
            return _replace(config, value_of, legacy_names)
        case "keep":
            test = compile_test(config.regex)
            return lambda labels: test(value_of(labels))
        case "drop":
            test = compile_test(config.regex)
            return lambda labels: not test(value_of(labels))
        case "keepequal":
            return lambda labels: value_of(labels) == labels.get(target, "")
        case "dropequal":
            return lambda labels: value_of(labels) != labels.get(target, "")
        case "hashmod":
            modulus = config.modulus
            return _assign(lambda labels: str(hashmod(value_of(labels), modulus)), target)
        case "lowercase":
            return _assign(lambda labels: lower(value_of(labels)), target)
        case "uppercase":
            return _assign(lambda labels: upper(value_of(labels)), target)
        case "labelmap":
            return _labelmap(config)
        case "labeldrop":
            return _labels_by_name(compile_test(config.regex), drop_matching=True)
        case "labelkeep":
            return _labels_by_name(compile_test(config.regex), drop_matching=False)
        case _:
            raise ValueError(f'unknown relabel action "{config.action}"')


def lower(text: str) -> str:
    """Lower case, character by character as Go has it: the length in characters never changes."""
    if text.isascii():
        return text.lower()
    return "".join("i" if char == "\u0130" else char.lower() for char in text)


def upper(text: str) -> str:
    """Upper case, character by character as Go has it: `ß` stays."""
    if text.isascii():
        return text.upper()
    return "".join(_upper_char(char) for char in text)


def _upper_char(char: str) -> str:
    for changed in (char.upper(), char.title()):
        if len(changed) == 1:
            return changed
    return char


def hashmod(value: str, modulus: int) -> int:
    """The shard of a value: the last 8 bytes of its MD5 as a big-endian number, modulo `modulus`."""
    digest = hashlib.md5(value.encode("utf-8", "surrogateescape"), usedforsecurity=False).digest()
    return int.from_bytes(digest[8:], "big") % modulus


def _joiner(names: tuple[str, ...], separator: str) -> Callable[[Mapping[str, str]], str]:
    if not names:
        return lambda labels: ""
    if len(names) == 1:
        only = names[0]
        return lambda labels: labels.get(only, "")
    return lambda labels: separator.join([labels.get(name, "") for name in names])


def _set(labels: MutableMapping[str, str], name: str, value: str) -> None:
    if value:
        labels[name] = value
    else:
        labels.pop(name, None)


def _assign(value_of: Callable[[Mapping[str, str]], str], target: str) -> Rule:
    def rule(labels: MutableMapping[str, str]) -> bool:
        _set(labels, target, value_of(labels))
        return True

    return rule


def _replace(config: RelabelConfig, value_of: Callable[[Mapping[str, str]], str], legacy_names: bool) -> Rule:
    pattern = compile_re2(f"^(?s:{config.regex})$")
    search = _search(pattern)
    name = Replacement(config.target_label, pattern)
    text = Replacement(config.replacement, pattern)
    fixed_name, fixed_text = name.constant, text.constant

    if fixed_name is not None:
        if not is_valid_name(fixed_name, legacy=legacy_names):
            return lambda labels: True
        if config.regex == DEFAULT_REGEX and text.whole_group is not None:
            return _assign(value_of, fixed_name)
        if fixed_text is not None:
            return _assign_if(compile_test(config.regex), value_of, fixed_name, fixed_text)

    def outcome(value: str) -> tuple[str, str] | None:
        found = search(value)
        if found is None:
            return None
        target = fixed_name if fixed_name is not None else name.expand(found)
        return (target, text.expand(found)) if is_valid_name(target, legacy=legacy_names) else None

    remembered = _Memo(outcome).__getitem__

    def rule(labels: MutableMapping[str, str]) -> bool:
        change = remembered(value_of(labels))
        if change is not None:
            _set(labels, *change)
        return True

    return rule


def _assign_if(test: Test, value_of: Callable[[Mapping[str, str]], str], target: str, value: str) -> Rule:
    def rule(labels: MutableMapping[str, str]) -> bool:
        if test(value_of(labels)):
            _set(labels, target, value)
        return True

    return rule


def _labelmap(config: RelabelConfig) -> Rule:
    pattern = compile_re2(f"^(?s:{config.regex})$")
    search = _search(pattern)
    name = Replacement(config.replacement, pattern)

    def outcome(old: str) -> str:
        found = search(old)
        return "" if found is None else name.expand(found)

    remembered = _Memo(outcome).__getitem__

    def rule(labels: MutableMapping[str, str]) -> bool:
        for old, value in list(labels.items()):  # What is mapped is not mapped again.
            new = remembered(old)
            if new:
                labels[new] = value
        return True

    return rule


def _labels_by_name(test: Test, *, drop_matching: bool) -> Rule:
    def rule(labels: MutableMapping[str, str]) -> bool:
        for name in [name for name in labels if test(name) == drop_matching]:
            del labels[name]
        return True

    return rule


class Relabeler:
    """The rules of one configuration, compiled. Safe to use from many threads."""

    __slots__ = ("_rules",)

    def __init__(self, configs: Sequence[RelabelConfig], *, legacy_names: bool = False) -> None:
        self._rules = tuple(compile_rule(config, legacy_names=legacy_names) for config in configs)

    def __bool__(self) -> bool:
        return bool(self._rules)

    def apply(self, labels: MutableMapping[str, str]) -> bool:
        """Rewrite `labels` in place; False means that the set is dropped (and `labels` is as the dropping rule saw it).

        Values are never empty afterwards if they were not before.
        """
        for rule in self._rules:  # noqa: SIM110  # A generator would cost more than most rules.
            if not rule(labels):
                return False
        return True

    def relabel(self, labels: Labels) -> Labels | None:
        """The rewritten label set, or None where a rule drops it."""
        if not self._rules:
            return labels
        changed = dict(labels.pairs)
        if not self.apply(changed):
            return None
        return labels if tuple(changed.items()) == labels.pairs else Labels(changed.items())


def relabel(labels: Labels | Mapping[str, str], configs: Sequence[RelabelConfig]) -> Labels | None:
    """The label set after all rules, or None where one drops it. For many sets, compile a `Relabeler` once."""
    source = labels if isinstance(labels, Labels) else Labels.of(labels)
    return Relabeler(configs).relabel(source)
