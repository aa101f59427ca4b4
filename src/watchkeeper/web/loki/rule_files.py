"""Rule groups as files: one folder a tenant, one file a namespace, as upstream's local rule storage has them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, unquote

from watchkeeper.core.config.document import read_text
from watchkeeper.core.config.dump import dump, plain
from watchkeeper.core.disk.atomic import write_atomically
from watchkeeper.core.model.errors import ConfigError, NotFoundError, QueryError, WatchkeeperError

# The rules are imported where a tenant has any: a log server without them has no need of them in memory.
if TYPE_CHECKING:
    from watchkeeper.rules.files.rule_file import Reading, RulerFile, RulerGroupConfig

NO_GROUPS: Final = "no rule groups found"
NO_GROUP: Final = "group does not exist"
BAD_GROUP: Final = "unable to decoded rule group"  # So upstream says it, and clients may look for it.
SUFFIXES: Final = (".yaml", ".yml")


class RuleError(WatchkeeperError):
    """A rule group that can't be taken."""


class BadFileError(RuleError):
    """A rule file that stands there and can't be used as it is."""


class RuleFiles:
    """Groups of all tenants below one folder. Reads always see whole files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()

    def groups(self, tenant: str, namespace: str = "") -> dict[str, tuple[RulerGroupConfig, ...]]:
        """Groups by namespace, of one or of all of them. Files that can't be used are left out, as long as theirs is
        not the one namespace that was asked for. Raises BadFileError."""
        found = {}
        for path in self._files(tenant):
            name = namespace_of(path)
            if namespace and name != namespace:
                continue
            try:
                groups = self._read(path).groups
            except ConfigError as error:
                if namespace:
                    said = f"the rule file of namespace '{name}' can't be used: {_shown(error)}"
                    raise BadFileError(said) from None
                continue
            if groups:
                found[name] = groups
        return dict(sorted(found.items()))

    def namespaces(self, tenant: str) -> set[str]:
        """Those that have a file, whatever is in it."""
        return {namespace_of(path) for path in self._files(tenant)}

    def group(self, tenant: str, namespace: str, name: str) -> RulerGroupConfig:
        """One group. Raises NotFoundError and BadFileError."""
        for each in self.groups(tenant, namespace).get(namespace, ()):
            if each.group.name == name:
                return each
        raise NotFoundError(NO_GROUP)

    def put(self, tenant: str, namespace: str, text: str, *, max_rules: int = 0, max_groups: int = 0) -> None:
        """Stores one group, in place of one with its name. Raises RuleError where it can't be taken, and OSError."""
        given = _checked(text)
        n_rules, name = len(given.group.rules), given.group.name
        if max_rules and n_rules > max_rules:
            raise RuleError(f"per-user rules per rule group limit (limit: {max_rules} actual: {n_rules}) exceeded")
        with self._lock:
            mine = self.groups(tenant, namespace).get(namespace, ())
            kept = tuple(known for known in mine if known.group.name != name)
            n_groups = sum(map(len, self.groups(tenant).values())) + (len(kept) == len(mine))
            if max_groups and n_groups > max_groups:
                raise RuleError(f"per-user rule groups limit (limit: {max_groups} actual: {n_groups}) exceeded")
            self._write(tenant, namespace, (*kept, given))

    def delete_group(self, tenant: str, namespace: str, name: str) -> None:
        """Removes a group. Raises NotFoundError, BadFileError, and OSError."""
        with self._lock:
            groups = self.groups(tenant, namespace).get(namespace, ())
            kept = tuple(known for known in groups if known.group.name != name)
            if len(kept) == len(groups):
                raise NotFoundError(NO_GROUP)
            self._write(tenant, namespace, kept)

    def delete_namespace(self, tenant: str, namespace: str) -> None:
        """Removes all groups of a namespace, also where its file can't be used. Raises NotFoundError, and OSError."""
        with self._lock:
            if namespace not in self.namespaces(tenant):
                raise NotFoundError(NO_GROUPS)
            self._write(tenant, namespace, ())

    def files(self) -> dict[str, list[Path]]:
        """The files of all tenants that have any."""
        if not self._folder.is_dir():
            return {}
        tenants = [unquote(path.name) for path in sorted(self._folder.iterdir()) if path.is_dir()]
        return {tenant: paths for tenant in tenants if (paths := list(self._files(tenant)))}

    def _files(self, tenant: str) -> Iterator[Path]:
        folder = self._folder / _file_name(tenant)
        if folder.is_dir():
            yield from (path for path in sorted(folder.iterdir()) if path.suffix in SUFFIXES and path.is_file())

    def _read(self, path: Path) -> RulerFile:
        from watchkeeper.rules.files.load import read_as
        from watchkeeper.rules.files.rule_file import RulerFile

        try:
            return read_as(RulerFile, read_text(path), path.name, _reading())[0]
        except ConfigError:
            if not path.exists():
                return RulerFile()
            raise

    def _write(self, tenant: str, namespace: str, groups: tuple[RulerGroupConfig, ...]) -> None:
        from watchkeeper.rules.files.rule_file import RulerFile

        folder = self._folder / _file_name(tenant)
        old = next((path for path in self._files(tenant) if namespace_of(path) == namespace), None)
        path = old or folder / f"{_file_name(namespace)}.yaml"
        if not groups:
            path.unlink(missing_ok=True)
            return
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(path, dump(RulerFile(groups=groups)).encode())


def _reading() -> Reading:
    """Expressions stay texts: what is written is what was sent."""
    from watchkeeper.rules.files.rule_file import Reading

    return Reading(ruler=True)


def _checked(text: str) -> RulerGroupConfig:
    """The group of a text. Raises RuleError where it can't be taken."""
    from watchkeeper.rules.files.load import read_as
    from watchkeeper.rules.files.rule_file import RulerGroupConfig
    from watchkeeper.rules.files.syntax import LogQLSyntax

    try:
        given, _ = read_as(RulerGroupConfig, text, "rules", _reading())
    except ConfigError as error:
        raise RuleError(f"{BAD_GROUP}: {_shown(error)}") from None
    group, language = given.group, LogQLSyntax()
    if not group.rules:
        raise RuleError(f"rule group '{group.name}' has no rules")
    for rule in group.rules:
        try:
            language.compile(rule.expr)
        except QueryError as error:
            kind, name = ("record", rule.record) if rule.record else ("alert", rule.alert)
            said = f"could not parse expression for {kind} '{name}' in group '{group.name}': {error}"
            raise RuleError(said) from None
    return given


def _shown(error: ConfigError) -> str:
    return "; ".join(str(problem).removeprefix("rules:") for problem in error.problems)


def group_text(group: RulerGroupConfig) -> str:
    """A group as YAML."""
    return dump(group)


def group_data(group: RulerGroupConfig) -> dict[str, Any]:
    """A group as plain data."""
    return plain(group)


def _file_name(name: str) -> str:
    """A name that is one file's, whatever is in it."""
    return quote(name, safe=" ()[]{}+,=@~!").replace(".", "%2E")


def namespace_of(path: Path) -> str:
    """The namespace whose groups a file has."""
    return unquote(path.name.removesuffix(path.suffix)) if "%" in path.name else path.name.removesuffix(path.suffix)
