"""Rule groups as files: one folder a tenant, one file a namespace, as upstream's local rule storage has them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, unquote

from watchkeeper.core.config.decode import Load, SectionPlace, decode
from watchkeeper.core.config.dump import dump, plain
from watchkeeper.core.config.kinds import Duration, Integer, ListOf, MapOf, Nested, Text
from watchkeeper.core.config.schema import section, setting
from watchkeeper.core.disk.atomic import write_atomically
from watchkeeper.core.model.errors import ConfigError, NotFoundError, WatchkeeperError
from watchkeeper.core.model.labels import is_legacy_name

NO_GROUPS: Final = "no rule groups found"
NO_GROUP: Final = "group does not exist"
BAD_GROUP: Final = "unable to decoded rule group"  # So upstream says it, and clients may look for it.
SUFFIXES: Final = (".yaml", ".yml")


class RuleError(WatchkeeperError):
    """A rule group that can't be taken."""


@section
class Rule:
    """One recording or alerting rule."""

    record: str = setting(Text(), default="")
    alert: str = setting(Text(), default="")
    expr: str = setting(Text())
    for_ms: int = setting(Duration(), key="for", default=0)
    keep_firing_for_ms: int = setting(Duration(), key="keep_firing_for", default=0)
    labels: dict[str, str] = setting(MapOf(Text()), default_factory=dict)
    annotations: dict[str, str] = setting(MapOf(Text()), default_factory=dict)

    def checked(self, at: SectionPlace) -> Rule:
        """Reports what is missing, excludes each other, or is no name."""
        if self.record and self.alert:
            at.report("alert", "only one of 'record' and 'alert' must be set", involves=("record",))
        if not self.record and not self.alert:
            at.report("alert", "one of 'record' or 'alert' must be set", involves=("record",))
        if self.record and not is_legacy_name(self.record, colon=True):
            at.report("record", f"invalid recording rule name: {self.record}")
        if self.record and (self.annotations or self.for_ms):
            at.report(
                "record", "invalid field 'for' or 'annotations' in recording rule", involves=("annotations", "for")
            )
        for name in self.labels:
            if not is_legacy_name(name) or name == "__name__":
                at.report("labels", f"invalid label name: {name}")
        return self


@section
class RuleGroup:
    """Rules that are evaluated together."""

    name: str = setting(Text())
    interval_ms: int = setting(Duration(), key="interval", default=0)
    query_offset_ms: int = setting(Duration(), key="query_offset", default=0)
    limit: int = setting(Integer(0), default=0)
    labels: dict[str, str] = setting(MapOf(Text()), default_factory=dict)
    rules: tuple[Rule, ...] = setting(ListOf(Nested(Rule)), default=())


@section
class RuleFile:
    """All groups of one namespace."""

    groups: tuple[RuleGroup, ...] = setting(ListOf(Nested(RuleGroup)), default=())


class RuleFiles:
    """Groups of all tenants below one folder. Reads always see whole files."""

    def __init__(self, folder: Path, check_expression: Callable[[str], None]) -> None:
        """`check_expression` raises QueryError for what is no query."""
        self._folder = folder
        self._check_expression = check_expression
        self._lock = threading.Lock()

    def groups(self, tenant: str, namespace: str = "") -> dict[str, tuple[RuleGroup, ...]]:
        """Groups by namespace, of one or of all of them."""
        found = {}
        for path in self._files(tenant):
            name = namespace_of(path)
            if not namespace or name == namespace:
                groups = self._read(path).groups
                if groups:
                    found[name] = groups
        return dict(sorted(found.items()))

    def group(self, tenant: str, namespace: str, name: str) -> RuleGroup:
        """One group. Raises NotFoundError."""
        for group in self.groups(tenant, namespace).get(namespace, ()):
            if group.name == name:
                return group
        raise NotFoundError(NO_GROUP)

    def put(self, tenant: str, namespace: str, text: str, *, max_rules: int = 0, max_groups: int = 0) -> None:
        """Stores one group, in place of one with its name. Raises RuleError where it can't be taken, and OSError."""
        group = self._decoded(text)
        if max_rules and len(group.rules) > max_rules:
            raise RuleError(
                f"per-user rules per rule group limit (limit: {max_rules} actual: {len(group.rules)}) exceeded"
            )
        with self._lock:
            everything = self.groups(tenant)
            mine = everything.get(namespace, ())
            is_new = all(known.name != group.name for known in mine)
            n_groups = sum(map(len, everything.values())) + is_new
            if max_groups and n_groups > max_groups:
                raise RuleError(f"per-user rule groups limit (limit: {max_groups} actual: {n_groups}) exceeded")
            kept = [known for known in mine if known.name != group.name]
            self._write(tenant, namespace, (*kept, group))

    def delete_group(self, tenant: str, namespace: str, name: str) -> None:
        """Removes a group. Raises NotFoundError, and OSError."""
        with self._lock:
            groups = self.groups(tenant, namespace).get(namespace, ())
            kept = tuple(group for group in groups if group.name != name)
            if len(kept) == len(groups):
                raise NotFoundError(NO_GROUP)
            self._write(tenant, namespace, kept)

    def delete_namespace(self, tenant: str, namespace: str) -> None:
        """Removes all groups of a namespace. Raises NotFoundError, and OSError."""
        with self._lock:
            if not self.groups(tenant, namespace):
                raise NotFoundError(NO_GROUPS)
            self._write(tenant, namespace, ())

    def files(self) -> dict[str, list[Path]]:
        """The files of all tenants that have any."""
        if not self._folder.is_dir():
            return {}
        tenants = [unquote(path.name) for path in sorted(self._folder.iterdir()) if path.is_dir()]
        return {tenant: paths for tenant in tenants if (paths := list(self._files(tenant)))}

    def _decoded(self, text: str) -> RuleGroup:
        try:
            group = decode(RuleGroup, text, Load("rules"))
        except ConfigError as error:
            shown = "; ".join(str(problem).removeprefix("rules:") for problem in error.problems)
            raise RuleError(f"{BAD_GROUP}: {shown}") from None
        if not group.name:
            raise RuleError("rule group name must not be empty")
        if not group.rules:
            raise RuleError(f"rule group '{group.name}' has no rules")
        for rule in group.rules:
            try:
                self._check_expression(rule.expr)
            except WatchkeeperError as error:
                kind, name = ("record", rule.record) if rule.record else ("alert", rule.alert)
                raise RuleError(
                    f"could not parse expression for {kind} '{name}' in group '{group.name}': {error}"
                ) from None
        return group

    def _files(self, tenant: str) -> Iterator[Path]:
        folder = self._folder / _file_name(tenant)
        if folder.is_dir():
            yield from (path for path in sorted(folder.iterdir()) if path.suffix in SUFFIXES and path.is_file())

    def _read(self, path: Path) -> RuleFile:
        try:
            return decode(RuleFile, path.read_text("utf-8"), Load(str(path)))
        except FileNotFoundError:
            return RuleFile()

    def _write(self, tenant: str, namespace: str, groups: tuple[RuleGroup, ...]) -> None:
        folder = self._folder / _file_name(tenant)
        old = next((path for path in self._files(tenant) if namespace_of(path) == namespace), None)
        path = old or folder / f"{_file_name(namespace)}.yaml"
        if not groups:
            path.unlink(missing_ok=True)
            return
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(path, dump(replace(RuleFile(), groups=groups)).encode())


def group_text(group: RuleGroup) -> str:
    """A group as YAML."""
    return dump(group)


def group_data(group: RuleGroup) -> dict[str, Any]:
    """A group as plain data."""
    return plain(group)


def _file_name(name: str) -> str:
    """A name that is one file's, whatever is in it."""
    return quote(name, safe=" ()[]{}+,=@~!").replace(".", "%2E")


def namespace_of(path: Path) -> str:
    """The namespace whose groups a file has."""
    return unquote(path.name.removesuffix(path.suffix)) if "%" in path.name else path.name.removesuffix(path.suffix)
