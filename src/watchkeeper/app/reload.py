"""The configuration in force: loaded at the start, replaced only by one that can be used."""

from __future__ import annotations

import asyncio
import glob
import hashlib
import os
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from watchkeeper.app.embedded import prometheus_yml
from watchkeeper.app.options import Options
from watchkeeper.app.prometheus_yml import PrometheusConfig, load_prometheus_yml, parse_prometheus_yml
from watchkeeper.core.model.errors import ConfigError
from watchkeeper.core.telemetry.log import get_logger
from watchkeeper.core.telemetry.metrics import Registry

log = get_logger("config")


class Configuration:
    """Holds the current configuration; a reload that fails keeps it and says why."""

    def __init__(self, options: Options, registry: Registry) -> None:
        """Raises ConfigError where there is nothing usable to start with."""
        self._options = options
        self._successful = registry.gauge(
            "prometheus_config_last_reload_successful", "Whether the last configuration reload attempt was successful."
        )
        self._successful_s = registry.gauge(
            "prometheus_config_last_reload_success_timestamp_seconds",
            "Timestamp of the last successful configuration reload.",
        )
        self.current: PrometheusConfig = self._load()
        self._note(True)

    async def reload(self, check: Callable[[PrometheusConfig], None] = lambda config: None) -> PrometheusConfig:
        """The configuration as the file has it now. Raises ConfigError and keeps the old one.

        check   reads what else the configuration needs, on a worker thread; what it raises keeps the old one too
        """

        def load() -> PrometheusConfig:
            loaded = self._load()
            check(loaded)
            return loaded

        try:
            loaded = await asyncio.get_running_loop().run_in_executor(None, load)
        except (ConfigError, OSError):
            self._note(False)
            raise
        self.current = loaded
        self._note(True)
        log.info("configuration loaded", file=self._options.config_file or "embedded")
        return loaded

    async def watch(self, reload: Callable[[], Awaitable[None]]) -> None:
        """With an auto-reload interval: reloads when the bytes of the file or of those that it names change."""
        path, interval_ms = self._options.config_file, self._options.auto_reload_interval_ms
        if path is None or not interval_ms:
            return
        loop = asyncio.get_running_loop()
        seen = await loop.run_in_executor(None, self._digest, path)
        while True:
            await asyncio.sleep(interval_ms / 1000)
            if (now := await loop.run_in_executor(None, self._digest, path)) == seen:
                continue
            seen = now
            try:
                await reload()
            except (ConfigError, OSError) as error:
                log.error("the configuration was not reloaded; the old one stays", error=error)

    def _load(self) -> PrometheusConfig:
        path = self._options.config_file
        if path is None:
            return parse_prometheus_yml(prometheus_yml(self._options), "embedded configuration", environ=os.environ)
        return load_prometheus_yml(path, environ=os.environ, files_checked=True)

    def _digest(self, path: Path) -> bytes:
        """Of all files that a reload would read."""
        patterns = (*self.current.rule_files, *self.current.scrape_config_files)
        digest = hashlib.sha256()
        for file in (str(path), *sorted({file for pattern in patterns for file in glob.glob(pattern)})):
            content = _bytes_of(Path(file))
            digest.update(f"{len(file)} {len(content)} {file}".encode("utf-8", "surrogateescape") + content)
        return digest.digest()

    def _note(self, good: bool) -> None:
        self.last_good = good
        self._successful.set(good)
        if good:
            self.last_good_s = time.time()
            self._successful_s.set(self.last_good_s)


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
