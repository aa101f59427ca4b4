"""Target groups from files, read again within a second of a change."""

from __future__ import annotations

import asyncio
import glob
import os
import time
from pathlib import Path

from watchkeeper.core.model.errors import ConfigError
from watchkeeper.core.telemetry.log import get_logger
from watchkeeper.discovery.config import FileSDConfig, StaticConfig
from watchkeeper.discovery.groups import groups_from_json, groups_from_yaml, target_groups, with_gone
from watchkeeper.discovery.interface import Publish, TargetGroup
from watchkeeper.discovery.telemetry import DiscoveryMetrics

log = get_logger("discovery")

POLL_S = 1.0  # Asking the kernel to watch would miss network file systems and Kubernetes' swapped symbolic links.

State = tuple[int, int, int]


class FileDiscoverer:
    """Watches the files of one configuration.

    A file that can't be read or is broken keeps the groups it had; one that is gone takes its groups with it.
    """

    def __init__(self, config: FileSDConfig, metrics: DiscoveryMetrics, *, poll_s: float = POLL_S) -> None:
        self._config = config
        self._metrics = metrics
        self._poll_s = poll_s
        self._states: dict[str, State] = {}
        self._sources: dict[str, set[str]] = {}

    async def run(self, publish: Publish) -> None:
        """Publish all groups, then those of files that change; all again at each refresh interval."""
        interval_s = self._config.refresh_interval_ms / 1000
        publish(await asyncio.to_thread(self.scan, everything=True))
        full_s = time.monotonic() + interval_s
        while True:
            await asyncio.sleep(min(self._poll_s, max(0.0, full_s - time.monotonic())))
            everything = time.monotonic() >= full_s
            if everything:
                full_s = time.monotonic() + interval_s
            changed = await asyncio.to_thread(self.scan, everything=everything)
            if changed:
                publish(changed)

    def scan(self, *, everything: bool = False) -> list[TargetGroup]:
        """The groups of files that are new or have changed, and empty ones for what has gone.

        everything   whether unchanged files are read too
        """
        started = time.perf_counter()
        out: list[TargetGroup] = []
        paths = self._paths()
        for path in paths:
            state = _state(path)
            if state is None or (state == self._states.get(path) and not everything):
                continue
            groups = self._read(path)
            # Noted for broken files too, so that each breakage is reported once and not at every poll.
            self._states[path] = state
            if groups is not None:
                self._metrics.file_mtime.labels(path).set(state[0] / 1e9)
                out.extend(with_gone(groups, self._sources.get(path, set())))
                self._sources[path] = {group.source for group in groups}
        for path in self._sources.keys() - set(paths):
            out.extend(with_gone([], self._sources.pop(path)))
            self._metrics.file_mtime.remove(path)
        for path in self._states.keys() - set(paths):
            del self._states[path]
        self._metrics.file_scan_seconds.observe(time.perf_counter() - started)
        return out

    def _paths(self) -> list[str]:
        return sorted({path for pattern in self._config.files for path in glob.glob(pattern)})

    def _read(self, path: str) -> list[TargetGroup] | None:
        try:
            configs = read_groups(path)
        except (OSError, ValueError, ConfigError) as error:
            self._metrics.file_errors.inc()
            reason = error.strerror if isinstance(error, OSError) else str(error)
            log.error("error reading file of target groups; its old groups stay", path=path, err=reason)
            return None
        return target_groups(configs, path, {"__meta_filepath": path})


def read_groups(path: str) -> list[StaticConfig]:
    """The groups of one file. Raises OSError, ValueError (JSON, bytes that are no text) and ConfigError (YAML)."""
    raw = Path(path).read_bytes()
    if path.lower().endswith(".json"):
        return groups_from_json(raw)
    return groups_from_yaml(raw.decode("utf-8-sig"), path)


def _state(path: str) -> State | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
