"""The alerts part of a process: the alert manager, its configuration, its receivers, and Alertmanager's API."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import Mapping, Sequence
from functools import partial
from importlib import import_module
from typing import Any, Final
from urllib.parse import urlsplit

from watchkeeper import __version__
from watchkeeper.alerts.cluster.options import ClusterOptions
from watchkeeper.alerts.integrations.table import INTEGRATIONS
from watchkeeper.alerts.interface import Alert, Notifier, Surroundings
from watchkeeper.alerts.manager import AlertManager, MakeNotifier
from watchkeeper.alerts.options import AlertOptions
from watchkeeper.alerts.templates.templates import Templates
from watchkeeper.app.alertmanager_config import Loaded, Reloads, config_text, digest, load, mode_of
from watchkeeper.app.part import Shared
from watchkeeper.core.http.client import HTTPClient
from watchkeeper.core.http.config import HTTPClientConfig
from watchkeeper.core.model.errors import ConfigError
from watchkeeper.core.model.labels import EMPTY, Labels
from watchkeeper.core.telemetry.log import get_logger
from watchkeeper.web.alertmanager.backend import Backend, Settings
from watchkeeper.web.alertmanager.status import version_info
from watchkeeper.web.alertmanager.surface import AlertmanagerSurface

MS_NS: Final = 1_000_000
MODULES: Final = frozenset(INTEGRATIONS.values())
USER_AGENT: Final = f"watchkeeper/{__version__}"

log = get_logger("alerts")


def now_ns() -> int:
    """The clock: only this layer reads it."""
    return time.time_ns()


class AlertsPart:
    """What groups alerts and tells people of them."""

    def __init__(self, shared: Shared) -> None:
        """Raises ConfigError where the configuration file can't be used."""
        options, registry = shared.options, shared.registry
        self._shared = shared
        self._reloads = Reloads(registry)
        self._reloading = asyncio.Lock()
        self._watcher: asyncio.Task[None] | None = None
        self._loaded = load(options)
        self._templates = Templates(self._loaded.templates, self.external_url)
        self.manager = AlertManager(
            options.alerts_dir, registry, now_ns, self._alert_options(), self._make_notifier(self._templates)
        )
        self.surface = AlertmanagerSurface(self._backend())
        self._tell(self._loaded)
        info = version_info()
        registry.gauge(
            "alertmanager_build_info",
            "A metric with a constant '1' value labeled by version, revision, branch, goversion from which "
            "alertmanager was built, and the goos and goarch for the build.",
            ("version", "revision", "branch", "goversion", "goos", "goarch"),
        ).labels(
            info["version"], info["revision"], info["branch"], info["goVersion"], "linux", os.uname().machine
        ).set(1)  # fmt: skip

    @property
    def external_url(self) -> str:
        """What links in notifications start with: as the flag says, else this machine's name and the port."""
        options = self._shared.options
        if options.alerts_external_url is not None:
            return options.alerts_external_url.rstrip("/")
        return f"http://{socket.gethostname()}:{options.alerts_port}"

    def put(self, alerts: Sequence[Alert]) -> None:
        """Takes alerts of this process's rules, from any thread, and returns at once."""
        self.manager.put(alerts, is_counted=False)

    async def start(self) -> None:
        """Reads back what was known, and begins to notify. Raises OSError."""
        await self.manager.start()
        await self.manager.apply(self._loaded.config)
        self._reloads.good(self._loaded)
        if self._shared.options.alertmanager_config_file is not None and self._shared.options.auto_reload_interval_ms:
            self._watcher = self._shared.spawn(self._watch(self._shared.options.auto_reload_interval_ms / 1000))

    async def tick(self) -> None:
        """Nothing: the manager has its own times."""

    async def reload(self) -> None:
        """Applies alertmanager.yml; alerts, groups' pasts and silences stay. Raises ConfigError and OSError."""
        async with self._reloading:
            try:
                loaded = await self._shared.in_worker(partial(load, self._shared.options))
                templates = await self._shared.in_worker(partial(Templates, loaded.templates, self.external_url))
                await self.manager.apply(loaded.config, self._make_notifier(templates))
            except (ConfigError, OSError):
                self._reloads.bad()
                raise
            self._loaded, self._templates = loaded, templates
            self._reloads.good(loaded)
            self._tell(loaded)

    async def quiesce(self) -> None:
        """Follows its file no more. Alerts are taken until the ports are closed."""
        if self._watcher is not None:
            self._watcher.cancel()

    async def stop(self) -> None:
        """Lets what is being sent arrive, and brings everything to disk."""
        await self.manager.stop()

    async def _watch(self, interval_s: float) -> None:
        """Reloads when the file, or a template file that it names, changes."""

        seen = self._loaded.seen
        while True:
            await asyncio.sleep(interval_s)
            patterns = self._loaded.config.templates
            now = await self._shared.in_worker(partial(digest, self._shared.options, patterns))
            if now == seen:
                continue
            try:
                await self.reload()
            except (ConfigError, OSError) as error:
                log.error("the configuration was not reloaded; the old one stays", error=error)
                seen = now
            else:
                seen = self._loaded.seen

    def _alert_options(self) -> AlertOptions:
        options = self._shared.options
        return AlertOptions(
            retention_ns=options.alerts_retention_ms * MS_NS,
            maintenance_ns=options.alerts_maintenance_interval_ms * MS_NS,
            gc_ns=options.alerts_gc_interval_ms * MS_NS,
            per_alertname_limit=options.alerts_per_alertname_limit,
            start_delay_ns=options.dispatch_start_delay_ms * MS_NS,
            group_maintenance_ns=options.dispatch_maintenance_interval_ms * MS_NS,
            max_silences=options.silences_max_silences,
            max_silence_bytes=options.silences_max_silence_size_bytes,
            max_silence_matchers=options.silences_max_matchers,
            external_url=self.external_url,
            cluster=ClusterOptions(
                listen_address=options.cluster_listen_address,
                advertise_address=options.cluster_advertise_address,
                peers=options.cluster_peers,
                peer_timeout_s=options.cluster_peer_timeout_ms / 1000,
                gossip_interval_s=options.cluster_gossip_interval_ms / 1000,
                push_pull_interval_s=options.cluster_pushpull_interval_ms / 1000,
                settle_timeout_s=options.cluster_settle_timeout_ms / 1000,
                reconnect_interval_s=options.cluster_reconnect_interval_ms / 1000,
                reconnect_timeout_s=options.cluster_reconnect_timeout_ms / 1000,
                probe_interval_s=options.cluster_probe_interval_ms / 1000,
                probe_timeout_s=options.cluster_probe_timeout_ms / 1000,
                label=options.cluster_label,
            ),
        )

    def _make_notifier(self, templates: Templates) -> MakeNotifier:
        surroundings = Surroundings(templates, self.external_url, _client)

        def make(receiver: str, kind: str, index: int, section: Any) -> Notifier:
            if kind not in MODULES:
                raise ValueError(f"{receiver}: no such integration: {kind}")
            module = import_module(f"watchkeeper.alerts.integrations.{kind}")
            notifier: Notifier = module.NOTIFIER(section, surroundings)
            return notifier

        return make

    def _backend(self) -> Backend:
        shared, options = self._shared, self._shared.options
        path = "" if options.alerts_external_url is None else urlsplit(options.alerts_external_url).path.strip("/")
        return Backend(
            settings=Settings(
                route_prefix=f"/{path}" if path else "",
                page_title=options.page_title,
                get_concurrency=options.web_get_concurrency,
                timeout_s=options.web_timeout_ms / 1000,
                max_matchers=options.silences_max_matchers,
                started_s=shared.started_s,
                mode=mode_of(options),
            ),
            lifecycle=shared.lifecycle,
            registry=shared.registry,
            alerts=self.manager,
            receivers=self._receivers,
            config_text=lambda: config_text(self._loaded.config),
            reload=self.reload,
            run=shared.in_reader,
            now_ns=now_ns,
        )

    def _receivers(self) -> Mapping[str, Labels]:
        return {receiver.name: EMPTY for receiver in self._loaded.config.receivers}

    def _tell(self, loaded: Loaded) -> None:
        config = loaded.config
        for problem in config.warnings:
            log.warn("configuration", warning=problem)
        for warning in config.warnings_for(self._shared.options.alerts_retention_ms * MS_NS):
            log.warn("configuration", warning=warning)
        file = self._shared.options.alertmanager_config_file or "embedded"
        log.info("configuration loaded", file=file, receivers=len(config.receivers))


def _client(config: HTTPClientConfig) -> HTTPClient:
    return HTTPClient(config, user_agent=USER_AGENT)
