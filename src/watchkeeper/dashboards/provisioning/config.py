"""Grafana's YAML of `provisioning/dashboards` and `provisioning/datasources`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from watchkeeper.core.config.decode import Load, SectionPlace, decode
from watchkeeper.core.config.kinds import Anything, Boolean, Integer, ListOf, Nested, Number, Text
from watchkeeper.core.config.schema import section, setting
from watchkeeper.dashboards.errors import Refused
from watchkeeper.dashboards.names import checked_uid

SUFFIXES: Final = (".yaml", ".yml")
MIN_INTERVAL_S: Final = 1
DEFAULT_INTERVAL_S: Final = 10
_VARIABLE: Final = re.compile(r"\$\$|\$__(env|file)\{([^}]*)\}|\$\{([A-Za-z_]\w*)\}|\$([A-Za-z_]\w*)")


@section
class FolderOptions:
    """`options` of a provider."""

    path: str = setting(Text(), default="")
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
        if not self.options.path:
            at.report("options", "path is needed: the folder that holds the dashboards' JSON files")
        if self.folder_uid:
            try:
                checked_uid(self.folder_uid, "folderUid")
            except Refused as error:
                at.report("folderUid", str(error))
        return self

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
    secure_json_data: Any = setting(Anything(), key="secureJsonData", default=None)
    version: int = setting(Integer(), default=1)
    editable: bool = setting(Boolean(), default=False)
    correlations: Any = setting(Anything(), default=None)


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
    text = path.read_text("utf-8", "replace")
    return decode(DashboardsFile, _expanded(text, environ), Load(str(path), lenient=True)).providers


def read_datasources_file(path: Path, environ: Mapping[str, str]) -> DatasourcesFile:
    """What a file says of datasources. Raises ConfigError and OSError."""
    text = path.read_text("utf-8", "replace")
    return decode(DatasourcesFile, _expanded(text, environ), Load(str(path), lenient=True))


def _expanded(text: str, environ: Mapping[str, str]) -> str:
    """`$VAR`, `${VAR}`, `$__env{VAR}` and `$__file{path}` replaced; `$$` is a dollar sign. Source: Grafana's docs."""

    def value(match: re.Match[str]) -> str:
        if match[0] == "$$":
            return "$"
        if match[1] == "file":
            try:
                return Path(match[2]).read_text("utf-8", "replace").strip()
            except (OSError, ValueError):
                return ""
        return environ.get(match[2] or match[3] or match[4], "")

    return _VARIABLE.sub(value, text)
