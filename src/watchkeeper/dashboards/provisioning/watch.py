"""All that Grafana's provisioning folder declares, looked at again as it changes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from watchkeeper.core.model.errors import ConfigError, describe_os_error
from watchkeeper.dashboards.catalog import Catalog, Files
from watchkeeper.dashboards.datasource import Datasource, Datasources, of_config
from watchkeeper.dashboards.entry import Origin
from watchkeeper.dashboards.provisioning.config import (
    FolderOptions,
    Provider,
    read_dashboards_file,
    read_datasources_file,
    yaml_files,
)
from watchkeeper.dashboards.provisioning.dashboard_files import DashboardFiles
from watchkeeper.dashboards.provisioning.leftovers import Leftovers

BUILTIN: Final = Path(__file__).parent.parent / "builtin"
ONE_ORG: Final = "is not read: there is one organization here, with the id 1, and it has another orgId"
BUILTIN_FOLDER: Final = ""  # At the top: they are the first thing to see.

# Files are looked at this often, whatever longer interval a provider says, where looking takes no more of the time.
LOOK_S: Final = 2.0
MOST_OF_TIME: Final = 0.01

_States = tuple[tuple[str, int, int], ...]


class Provisioning:
    """All methods may be called on any thread, and may wait for the disk and for each other."""

    def __init__(
        self,
        folder: Path | None,
        catalog: Catalog,
        datasources: Datasources,
        environ: Mapping[str, str],
        *,
        builtin: Path | None = BUILTIN,
        leftovers: Leftovers | None = None,
        now_ms: Callable[[], int] = lambda: 0,
    ) -> None:
        """
        folder      Grafana's, with `dashboards` and `datasources` in it; None for none
        leftovers   what keeps dashboards whose files are gone; None where nothing does
        """
        self._lock = threading.RLock()
        self._folder = folder
        self._catalog = catalog
        self._datasources = datasources
        self._environ = environ
        self._leftovers = leftovers
        self._now_ms = now_ms
        self._builtin = None if builtin is None else DashboardFiles(
            Provider(name="watchkeeper", folder=BUILTIN_FOLDER, options=FolderOptions(path=str(builtin))),
            Origin.BUILTIN,
        )  # fmt: skip
        self._providers: list[DashboardFiles] = []
        self._states: dict[str, _States] = {}
        self._due_s: dict[int, float] = {}
        self._yaml_due_s = 0.0
        self._problems: list[str] = []
        self._away: dict[str, list[str]] = {}  # By what they are: declared for an organisation that is not here.
        self.problems: tuple[str, ...] = ()

    def start(self) -> None:
        """The first look. Raises ConfigError where a YAML file can't be used."""
        if self._folder is not None and not self._folder.is_dir():
            raise OSError(2, "there is no such folder", str(self._folder))
        self.reload_datasources()
        self.reload_dashboards()
        if self._builtin is not None:
            self._builtin.scan()
        self._publish()

    def tick(self, now_s: float) -> bool:
        """Looks at what is due; whether something has changed. What is broken keeps what it had, and is a problem."""
        with self._lock:
            has_changed = False
            if now_s >= self._yaml_due_s:
                self._yaml_due_s = now_s + 1
                has_changed = self._follow_yaml()
            for files in self._providers:
                if now_s >= self._due_s.get(id(files), 0.0):
                    began_s = time.perf_counter()
                    has_changed |= files.scan()
                    cheap_s = max(LOOK_S, (time.perf_counter() - began_s) / MOST_OF_TIME)
                    self._due_s[id(files)] = now_s + min(files.provider.interval_s, cheap_s)
            if has_changed:
                self._publish()
            return has_changed

    def reload_dashboards(self) -> None:
        """Reads the dashboards' YAML again, and all files. Raises ConfigError and OSError."""
        with self._lock:
            providers: list[Provider] = []
            away: list[str] = []
            for path in yaml_files(self._folder / "dashboards") if self._folder else ():
                for provider in read_dashboards_file(path, self._environ):
                    if provider.org_id > 1:
                        away.append(f"{path}: provider {provider.name}: {ONE_ORG}")
                    else:
                        providers.append(provider)
            self._away["dashboards"] = away
            old = {files.provider: files for files in self._providers}
            self._providers = [old.get(provider) or DashboardFiles(provider) for provider in providers]
            self._states["dashboards"] = self._state("dashboards")
            self._due_s = {}
            for files in self._providers:
                files.scan()
            self._publish()

    def reload_datasources(self) -> None:
        """Reads the datasources' YAML again. Raises ConfigError and OSError."""
        with self._lock:
            found: list[Datasource] = []
            away: list[str] = []
            gone: set[str] = set()
            for path in yaml_files(self._folder / "datasources") if self._folder else ():
                file = read_datasources_file(path, self._environ)
                names = {deleted.name for deleted in file.delete if deleted.org_id <= 1}
                found = [one for one in found if one.name not in names]
                gone |= names
                for config in file.datasources:
                    if config.org_id > 1:
                        away.append(f"{path}: {config.name}: {ONE_ORG}")
                    else:
                        found.append(of_config(config))
            self._states["datasources"] = self._state("datasources")
            self._away["datasources"] = away
            self._datasources.forget(gone)
            self._datasources.follow(found)

    def _follow_yaml(self) -> bool:
        has_changed = False
        for name, read in (("dashboards", self.reload_dashboards), ("datasources", self.reload_datasources)):
            if self._states.get(name) == (now := self._state(name)):
                continue
            self._problems = [text for text in self._problems if not text.startswith(f"{name}: ")]
            try:
                read()
            except ConfigError as error:
                self._problems += [f"{name}: {problem}" for problem in error.problems]
            except OSError as error:
                self._problems.append(f"{name}: {describe_os_error(error)}")
            self._states[name] = now
            has_changed = True
        return has_changed

    def _state(self, name: str) -> _States:
        if self._folder is None:
            return ()
        found = []
        for path in yaml_files(self._folder / name):
            try:
                state = path.stat()
            except OSError:
                continue
            found.append((str(path), state.st_mtime_ns, state.st_size))
        return tuple(found)

    def _not_read(self) -> list[str]:
        """What Grafana would read, and this does not."""
        found = [text for away in self._away.values() for text in away]
        if self._folder is not None and (first := next(iter(yaml_files(self._folder / "alerting")), None)):
            found.append(f"{first}: is not read: rules and receivers stand in Prometheus' and Alertmanager's files")
        return found

    def _publish(self) -> None:
        if self._leftovers is not None:
            self._leftovers.follow(self._providers, self._now_ms())
        files = [*self._providers, *([self._builtin] if self._builtin is not None else [])]
        problems = [*self._problems, *self._not_read(), *(problem for one in files for problem in one.problems)]
        self.problems = tuple(problems)
        self._catalog.follow(
            Files(
                tuple(entry for one in files for entry in one.entries),
                tuple(folder for one in files for folder in one.folders.values()),
                self.problems,
            )
        )
