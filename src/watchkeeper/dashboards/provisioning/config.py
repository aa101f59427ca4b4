"""Grafana's YAML of `provisioning/dashboards` and `provisioning/datasources`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

from watchkeeper.core.config.decode import Load, Place, SectionPlace
from watchkeeper.core.config.document import MappingNode, Node, ScalarNode, SequenceNode, compose, is_null
from watchkeeper.core.config.kinds import Anything, Boolean, Integer, ListOf, MapOf, Nested, Number, Text
from watchkeeper.core.config.schema import Invalid, section, setting
from watchkeeper.core.model.errors import describe_os_error
from watchkeeper.dashboards.errors import Refused
from watchkeeper.dashboards.names import checked_uid

T = TypeVar("T")

# Their values are data of any shape: what looks like a number in an environment variable is a text there.
FREE_KEYS: Final = ("jsonData", "secureJsonData")
# As they were written before there was an apiVersion.
OLD_KEYS: Final = {
    "org_id": "orgId", "basic_auth": "basicAuth", "basic_auth_user": "basicAuthUser", "is_default": "isDefault",
    "with_credentials": "withCredentials", "json_data": "jsonData", "secure_json_data": "secureJsonData",
    "delete_datasources": "deleteDatasources",
}  # fmt: skip
SUFFIXES: Final = (".yaml", ".yml")
MIN_INTERVAL_S: Final = 1
DEFAULT_INTERVAL_S: Final = 10
_VARIABLE: Final = re.compile(r"\$\$|\$__(env|file)\{([^}]*)\}|\$\{([A-Za-z_]\w*)\}|\$([A-Za-z_]\w*)")


class Secrets(MapOf[str]):
    """A map of texts, of which no error says what stands there."""

    def read(self, at: Place) -> dict[str, str]:
        if not isinstance(at.node, MappingNode):
            raise Invalid("expected a mapping from the names of secrets to texts")
        return super().read(at)


@section
class FolderOptions:
    """`options` of a provider."""

    path: str = setting(Text(), default="")
    folder: str = setting(Text(), default="")  # The older name of the same.
    folders_from_files: bool = setting(Boolean(), key="foldersFromFilesStructure", default=False)


@section
class Provider:
    """One folder of dashboard files."""

    name: str = setting(Text(), default="")
    type: str = setting(Text(), default="file")
    org_id: int = setting(Integer(), key="orgId", default=1)
    folder: str = setting(Text(), default="")
    folder_uid: str = setting(Text(), key="folderUid", default="")
    editable: bool = setting(Boolean(), default=False)
    disable_deletion: bool = setting(Boolean(), key="disableDeletion", default=False)
    allow_ui_updates: bool = setting(Boolean(), key="allowUiUpdates", default=False)
    update_interval_s: float = setting(Number(), key="updateIntervalSeconds", default=DEFAULT_INTERVAL_S)
    options: FolderOptions = setting(Nested(FolderOptions), default_factory=FolderOptions)

    def checked(self, at: SectionPlace) -> Provider:
        """Reports what can't work."""
        if self.type != "file":
            at.report("type", f'"{self.type}" is not known; only file is')
        if not self.where:
            at.report("options", "path is needed: the folder that holds the dashboards' JSON files")
        if self.folder_uid:
            try:
                checked_uid(self.folder_uid, "folderUid")
            except Refused as error:
                at.report("folderUid", str(error))
        return self

    @property
    def where(self) -> str:
        """The folder that holds its files."""
        return self.options.path or self.options.folder

    @property
    def interval_s(self) -> float:
        """How often its files are looked at."""
        return max(MIN_INTERVAL_S, self.update_interval_s or DEFAULT_INTERVAL_S)


@section
class DashboardsFile:
    """A file of `dashboards/`."""

    api_version: int = setting(Integer(), key="apiVersion", default=0)
    providers: tuple[Provider, ...] = setting(ListOf(Nested(Provider)), default=())


@section
class DatasourceConfig:
    """One datasource."""

    name: str = setting(Text(filled=True))
    type: str = setting(Text(filled=True))
    uid: str = setting(Text(), default="")
    access: str = setting(Text(), default="proxy")
    org_id: int = setting(Integer(), key="orgId", default=1)
    url: str = setting(Text(), default="")
    user: str = setting(Text(), default="")
    database: str = setting(Text(), default="")
    basic_auth: bool = setting(Boolean(), key="basicAuth", default=False)
    basic_auth_user: str = setting(Text(), key="basicAuthUser", default="")
    with_credentials: bool = setting(Boolean(), key="withCredentials", default=False)
    is_default: bool = setting(Boolean(), key="isDefault", default=False)
    json_data: Any = setting(Anything(), key="jsonData", default=None)
    secure_json_data: dict[str, str] = setting(Secrets(Text()), key="secureJsonData", default_factory=dict)
    version: int = setting(Integer(), default=1)
    editable: bool = setting(Boolean(), default=False)
    correlations: Any = setting(Anything(), default=None)

    def checked(self, at: SectionPlace) -> DatasourceConfig:
        """Reports what can't work."""
        if self.uid:
            try:
                checked_uid(self.uid)
            except Refused as error:
                at.report("uid", str(error))
        return self


@section
class Deleted:
    """A datasource that is to go."""

    name: str = setting(Text(), default="")
    org_id: int = setting(Integer(), key="orgId", default=1)


@section
class DatasourcesFile:
    """A file of `datasources/`."""

    api_version: int = setting(Integer(), key="apiVersion", default=0)
    prune: bool = setting(Boolean(), default=False)
    datasources: tuple[DatasourceConfig, ...] = setting(ListOf(Nested(DatasourceConfig)), default=())
    delete: tuple[Deleted, ...] = setting(ListOf(Nested(Deleted)), key="deleteDatasources", default=())


def yaml_files(folder: Path) -> list[Path]:
    """The YAML files of a folder, by name; none where there is no folder."""
    try:
        return sorted(path for path in folder.iterdir() if path.suffix in SUFFIXES and path.is_file())
    except OSError:
        return []


def read_dashboards_file(path: Path, environ: Mapping[str, str]) -> tuple[Provider, ...]:
    """The providers of a file, paths relative to the working directory as Grafana has them. Raises ConfigError,
    OSError."""
    return _read(DashboardsFile, path, environ).providers


def read_datasources_file(path: Path, environ: Mapping[str, str]) -> DatasourcesFile:
    """What a file says of datasources. Raises ConfigError and OSError."""
    return _read(DatasourcesFile, path, environ)


def _read(cls: type[T], path: Path, environ: Mapping[str, str]) -> T:
    load = Load(str(path), lenient=True)
    root = compose(path.read_text("utf-8", "replace"), str(path))
    if root is None or is_null(root):
        root = MappingNode(1, 1)
    if cls is DashboardsFile and isinstance(root, SequenceNode):
        # Before there was an apiVersion, the list stood alone.
        root = MappingNode(1, 1, [(ScalarNode(1, 1, "providers", True), root)])
    _rename(root)
    _expand(root, environ, load)
    made = Place(load, root, "").read(Nested(cls))
    load.finish()
    assert isinstance(made, cls)
    return made


def _rename(root: Node) -> None:
    """Keys of files without an apiVersion are those of today from here on; what stands in data stays."""
    if not isinstance(root, MappingNode):
        return
    found = [value for key, value in root.pairs if isinstance(key, ScalarNode) and key.value == "apiVersion"]
    if found and isinstance(found[0], ScalarNode) and found[0].value not in ("", "0"):
        return
    parts: list[Node] = [root]
    for _, value in root.pairs:
        parts += value.items if isinstance(value, SequenceNode) else ()
    for part in parts:
        for key, _ in part.pairs if isinstance(part, MappingNode) else ():
            if isinstance(key, ScalarNode):
                key.value = OLD_KEYS.get(key.value, key.value)


def _expand(root: Node, environ: Mapping[str, str], load: Load) -> None:
    """`$VAR`, `${VAR}`, `$__env{VAR}` and `$__file{path}` of all values replaced; `$$` is a dollar sign. What comes in
    is a text, whatever it looks like, but for settings that are no texts. Source: Grafana's docs."""
    seen: set[int] = set()
    waiting: list[tuple[Node, str, bool]] = [(root, "", False)]
    while waiting:
        node, path, is_free = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        match node:
            case MappingNode():
                for key, value in node.pairs:
                    name = key.value if isinstance(key, ScalarNode) else ""
                    at = f"{path}.{name}" if path else name
                    waiting.append((value, at, is_free or name in FREE_KEYS))
            case SequenceNode():
                waiting += [(item, f"{path}[{at}]", is_free) for at, item in enumerate(node.items)]
            case ScalarNode() if "$" in node.value:
                node.value = _VARIABLE.sub(partial(_value, node, path, environ, load), node.value)
                node.is_plain = node.is_plain and not is_free
            case _:
                pass


def _value(node: Node, path: str, environ: Mapping[str, str], load: Load, match: re.Match[str]) -> str:
    if match[0] == "$$":
        return "$"
    if match[1] != "file":
        return environ.get(match[2] or match[3] or match[4], "")
    try:
        return Path(match[2]).read_text("utf-8", "replace").strip()
    except OSError as error:
        load.report(node, path, describe_os_error(error))
    except ValueError as error:
        load.report(node, path, f"{match[2]!r}: {error}")
    return ""
