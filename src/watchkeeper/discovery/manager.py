"""Runs the discoveries of all jobs, and tells one listener the target groups of each job."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from watchkeeper.core.telemetry.log import get_logger
from watchkeeper.core.telemetry.metrics import Registry
from watchkeeper.discovery.config import (
    DiscoveryConfig,
    DNSSDConfig,
    FileSDConfig,
    HTTPSDConfig,
    KubernetesSDConfig,
    StaticConfig,
)
from watchkeeper.discovery.file import FileDiscoverer
from watchkeeper.discovery.interface import Discoverer, TargetGroup
from watchkeeper.discovery.static import StaticDiscoverer
from watchkeeper.discovery.telemetry import DiscoveryMetrics

log = get_logger("discovery")

THROTTLE_S: Final = 5.0  # As upstream: a busy cluster must not make the listener sync at every change.
SETTLE_S: Final = 0.02  # First answers are passed on at once, but those that come together as one update.
RESTART_S: Final = 5.0

JobGroups = Mapping[str, Sequence[TargetGroup]]
OnUpdate = Callable[[JobGroups], None]
"""Called in the event loop with the groups of every job, also of those that have none."""

Config = DiscoveryConfig | tuple[StaticConfig, ...]
Make = Callable[[Config, str], Discoverer | None]


@dataclass(slots=True, eq=False)
class _Provider:
    """One running discovery, and the jobs that share it."""

    config: Config
    jobs: set[str]
    groups: dict[str, TargetGroup] = field(default_factory=dict)
    has_published: bool = False
    task: asyncio.Task[None] | None = None


class DiscoveryManager:
    """Owns the tasks of all discoveries of one kind of listener. All methods belong to one event loop."""

    def __init__(
        self,
        on_update: OnUpdate,
        *,
        registry: Registry,
        name: str = "scrape",
        make: Make | None = None,
        environ: Mapping[str, str] | None = None,
        user_agent: str = "",
        throttle_s: float = THROTTLE_S,
    ) -> None:
        """
        name        names the listener in metrics (`scrape`, `notify`)
        make        how a discoverer is made; None from it means that there is none for this configuration
        environ     where discoveries that look for a proxy in the environment look
        throttle_s  the shortest time between two updates, first answers excepted
        """
        self._on_update = on_update
        self._make = make or _Factory(DiscoveryMetrics(registry), environ, user_agent)
        self._throttle_s = throttle_s
        self._jobs: tuple[str, ...] = ()
        self._providers: list[_Provider] = []
        self._ending: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._due_s = 0.0
        self._sent_s = float("-inf")
        self._name = name
        self._targets = registry.gauge(
            "prometheus_sd_discovered_targets", "Current number of discovered targets.", ("name", "config")
        )
        self._failed = registry.gauge(
            "prometheus_sd_failed_configs",
            "Current number of service discovery configurations that failed to load.",
            ("name",),
        ).labels(name)
        self._received = registry.counter(
            "prometheus_sd_received_updates_total",
            "Total number of update events received from the SD providers.",
            ("name",),
        ).labels(name)
        self._delayed = registry.counter(
            "prometheus_sd_updates_delayed_total",
            "Total number of update events that couldn't be sent immediately.",
            ("name",),
        ).labels(name)
        self._sent = registry.counter(
            "prometheus_sd_updates_total", "Total number of update events sent to the SD consumers.", ("name",)
        ).labels(name)

    def apply(self, jobs: Mapping[str, Iterable[DiscoveryConfig]]) -> None:
        """Run exactly these discoveries: those whose configuration is as before go on untouched.

        A new discovery of a job takes over the groups of one of its kind that ends, until it publishes its own.
        """
        wanted = _providers_for(jobs)
        old = {id(provider): provider for provider in self._providers}
        by_text: dict[str, list[_Provider]] = {}
        for provider in self._providers:
            by_text.setdefault(repr(provider.config), []).append(provider)
        kept: list[_Provider] = []
        new: list[_Provider] = []
        for provider in wanted:
            # The text leaves secrets out, so equality decides.
            same = next((p for p in by_text.get(repr(provider.config), ()) if p.config == provider.config), None)
            if same is not None:
                same.jobs = provider.jobs
                del old[id(same)]
            else:
                new.append(provider)
            kept.append(same or provider)
        for job in set(self._jobs) - jobs.keys():
            self._targets.remove(self._name, job)
        self._jobs = tuple(jobs)
        self._providers = kept
        for provider in new:
            self._inherit(provider, old)
        for provider in old.values():
            self._end(provider)
        failed = sum(not self._start(provider) for provider in new)
        failed += sum(provider.task is None for provider in kept if provider not in new)
        self._failed.set(failed)
        self._schedule(SETTLE_S)

    def groups(self) -> dict[str, list[TargetGroup]]:
        """What is known now, by job."""
        found: dict[str, list[TargetGroup]] = {job: [] for job in self._jobs}
        for provider in self._providers:
            for job in provider.jobs:
                found[job].extend(provider.groups.values())
        return found

    async def close(self) -> None:
        """End all discoveries."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for provider in self._providers:
            self._end(provider)
        self._providers = []
        await asyncio.gather(*self._ending, return_exceptions=True)

    def _inherit(self, provider: _Provider, ending: Mapping[int, _Provider]) -> None:
        for other in ending.values():
            if type(other.config) is type(provider.config) and other.jobs & provider.jobs:
                provider.groups.update(other.groups)
                other.groups = {}  # Only one takes over.

    def _start(self, provider: _Provider) -> bool:
        discoverer = self._make(provider.config, min(provider.jobs))
        if discoverer is None:
            return False
        provider.task = asyncio.get_running_loop().create_task(self._run(provider, discoverer))
        return True

    async def _run(self, provider: _Provider, discoverer: Discoverer) -> None:
        while True:
            try:
                await discoverer.run(lambda groups: self._receive(provider, groups))
            except Exception:
                log.exception("a discovery failed; it starts again", job=min(provider.jobs))
            await asyncio.sleep(RESTART_S)

    def _end(self, provider: _Provider) -> None:
        task = provider.task
        if task is not None:
            task.cancel()
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)

    def _receive(self, provider: _Provider, groups: Sequence[TargetGroup]) -> None:
        self._received.inc()
        is_first = not provider.has_published
        if is_first:
            provider.groups = {}
            provider.has_published = True
        changed = is_first
        for group in groups:
            if not group.targets:
                changed = provider.groups.pop(group.source, None) is not None or changed
            elif provider.groups.get(group.source) != group:
                provider.groups[group.source] = group
                changed = True
        if not changed:
            return
        wait_s = self._sent_s + self._throttle_s - time.monotonic()
        if wait_s > SETTLE_S and not is_first:
            self._delayed.inc()
            self._schedule(wait_s)
        else:
            self._schedule(SETTLE_S)

    def _schedule(self, delay_s: float) -> None:
        loop = asyncio.get_running_loop()
        due_s = loop.time() + delay_s
        if self._timer is not None:
            if self._due_s <= due_s:
                return
            self._timer.cancel()
        self._due_s = due_s
        self._timer = loop.call_at(due_s, self._send)

    def _send(self) -> None:
        self._timer = None
        self._sent_s = time.monotonic()
        found = self.groups()
        for job, groups in found.items():
            self._targets.labels(self._name, job).set(sum(len(group.targets) for group in groups))
        self._sent.inc()
        self._on_update(found)


def _providers_for(jobs: Mapping[str, Iterable[DiscoveryConfig]]) -> list[_Provider]:
    """One for each different configuration; the static ones of a job are one."""
    found: dict[str, list[_Provider]] = {}
    for job, configs in jobs.items():
        listed = list(configs)
        static = tuple(config for config in listed if isinstance(config, StaticConfig))
        own: list[Config] = [config for config in listed if not isinstance(config, StaticConfig)]
        if static:
            own.append(static)
        for config in own:
            alike = found.setdefault(repr(config), [])
            same = next((provider for provider in alike if provider.config == config), None)
            if same is not None:
                same.jobs.add(job)
            else:
                alike.append(_Provider(config, {job}))
    return [provider for alike in found.values() for provider in alike]


class _Factory:
    """Makes the discoverer of a configuration."""

    def __init__(self, metrics: DiscoveryMetrics, environ: Mapping[str, str] | None, user_agent: str) -> None:
        self._metrics = metrics
        self._environ = environ
        self._user_agent = user_agent

    def __call__(self, config: Config, job: str) -> Discoverer | None:
        # Each mechanism is imported where it is first used, so that an idle server does not pay for all of them.
        match config:
            case tuple():
                return StaticDiscoverer(config)
            case FileSDConfig():
                return FileDiscoverer(config, self._metrics)
            case HTTPSDConfig():
                from watchkeeper.discovery.http import HTTPDiscoverer

                return HTTPDiscoverer(
                    config, self._metrics, job=job, user_agent=self._user_agent, environ=self._environ
                )
            case DNSSDConfig():
                from watchkeeper.discovery.dns import DNSDiscoverer

                return DNSDiscoverer(config, self._metrics, job=job)
            case KubernetesSDConfig():
                log.error(
                    "kubernetes_sd_configs are read but not discovered by this version", job=job, role=config.role
                )
                return None
            case StaticConfig():
                return StaticDiscoverer((config,))
