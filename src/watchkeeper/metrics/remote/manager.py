"""All remote-write queues of a process, kept in step with the configuration."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from watchkeeper.core.http.client import without_user
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.relabel import Relabeler
from watchkeeper.core.telemetry.log import get_logger
from watchkeeper.core.telemetry.metrics import Registry
from watchkeeper.metrics.interface import Appender
from watchkeeper.metrics.remote.config import RemoteWriteConfig
from watchkeeper.metrics.remote.queue import MetadataFunc, Queue
from watchkeeper.metrics.remote.spool import SPOOL_LIMIT_BYTES, Kinds, Rewrite, Spool
from watchkeeper.metrics.remote.tee import Outlet, Outlets, Tee
from watchkeeper.metrics.remote.telemetry import QueueMetrics, RemoteMetrics

FLUSH_DEADLINE_S: Final = 60.0

log = get_logger("remote")


@dataclass(slots=True)
class _Remote:
    config: RemoteWriteConfig
    external_labels: Mapping[str, str]
    spool: Spool
    metrics: QueueMetrics
    outlet: Outlet
    queue: Queue


class RemoteWriteManager:
    """Owns the queues. `tee` may be called at once; `apply` and `close` belong to one event loop.

    directory   one folder for each remote is made there
    metadata    type, help and unit by family, as it is to be told to the remotes
    """

    def __init__(
        self,
        directory: Path,
        registry: Registry,
        *,
        now_ms: Callable[[], int],
        user_agent: str,
        metadata: MetadataFunc = dict,
        spool_limit_bytes: int = SPOOL_LIMIT_BYTES,
    ) -> None:
        self._directory = directory
        self._metrics = RemoteMetrics(registry)
        self._now_ms = now_ms
        self._user_agent = user_agent
        self._metadata = metadata
        self._limit_bytes = spool_limit_bytes
        self._outlets = Outlets(self._metrics.saw)
        self._remotes: dict[str, _Remote] = {}
        self._lock = asyncio.Lock()

    def tee(self, appender: Appender) -> Tee:
        """The appender to give to all who write: it stores, and feeds the queues there are at that time."""
        return Tee(appender, self._outlets)

    async def apply(self, configs: Sequence[RemoteWriteConfig], external_labels: Mapping[str, str]) -> None:
        """Follow a new list of remotes. Those that stay the same run on; a changed one keeps what waits for it.

        Raises OSError where a spool can't be opened.
        """
        async with self._lock:
            wanted = dict(zip(_keys(configs), configs, strict=True))
            for key in [key for key in self._remotes if key not in wanted]:
                await self._remove(key)
            self._remove_strangers(set(wanted))
            for key, config in wanted.items():
                known = self._remotes.get(key)
                if known is None:
                    self._add(key, config, external_labels)
                elif known.config != config or known.external_labels != external_labels:
                    await self._change(known, config, external_labels)
            # The new remotes are seen by writers before the first of them sends.
            if [remote.outlet for remote in self._remotes.values()] != list(self._outlets.current):
                self._outlets.replace([remote.outlet for remote in self._remotes.values()])

    def _add(self, key: str, config: RemoteWriteConfig, external_labels: Mapping[str, str]) -> None:
        metrics = self._metrics.of(config.name or key[:6], without_user(config.url.reveal()))
        spool = Spool(self._directory / key, metrics, limit_bytes=self._limit_bytes)
        queue = self._queue(config, spool, metrics)
        outlet = _outlet(config, spool, external_labels)
        self._remotes[key] = _Remote(config, dict(external_labels), spool, metrics, outlet, queue)
        queue.start()

    async def _change(self, remote: _Remote, config: RemoteWriteConfig, external_labels: Mapping[str, str]) -> None:
        await remote.queue.close(0.0)
        remote.config, remote.external_labels = config, dict(external_labels)
        remote.outlet = _outlet(config, remote.spool, external_labels)
        remote.queue = self._queue(config, remote.spool, remote.metrics)
        remote.queue.start()

    async def _remove(self, key: str) -> None:
        remote = self._remotes.pop(key)
        self._outlets.replace([other.outlet for other in self._remotes.values()])
        await remote.queue.close(0.0)
        remote.spool.close()
        remote.metrics.remove()
        shutil.rmtree(remote.spool.directory, ignore_errors=True)

    def _remove_strangers(self, keys: set[str]) -> None:
        """What waits for remotes that are configured no more."""
        if not self._directory.is_dir():
            return
        for path in self._directory.iterdir():
            if path.name not in keys and path.is_dir():
                log.info("samples that wait for a remote that is configured no more are removed", directory=path)
                shutil.rmtree(path, ignore_errors=True)

    def _queue(self, config: RemoteWriteConfig, spool: Spool, metrics: QueueMetrics) -> Queue:
        return Queue(
            config,
            spool,
            metrics,
            user_agent=self._user_agent,
            now_ms=self._now_ms,
            metadata=self._metadata,
        )

    async def close(self, flush_deadline_s: float = FLUSH_DEADLINE_S) -> None:
        """Sends what is left, as long as the receivers take it and the deadline lasts. Call it after the writers."""
        async with self._lock:
            await asyncio.gather(*(remote.queue.close(flush_deadline_s) for remote in self._remotes.values()))
            self._outlets.replace([])
            for remote in self._remotes.values():
                try:
                    remote.spool.close()
                except OSError as error:
                    log.error("a spool was not closed well", error=error)
            self._remotes = {}


def _outlet(config: RemoteWriteConfig, spool: Spool, external_labels: Mapping[str, str]) -> Outlet:
    kinds = Kinds(histograms=config.send_native_histograms, exemplars=config.send_exemplars)
    return Outlet(spool, rewriter(config, external_labels), kinds)


def rewriter(config: RemoteWriteConfig, external_labels: Mapping[str, str]) -> Rewrite:
    """External labels where a series has no such label, then the relabelling; None where nothing is left."""
    rules = Relabeler(config.write_relabel_configs)

    def rewrite(labels: Labels) -> Labels | None:
        if external_labels:
            labels = Labels({**external_labels, **labels.as_dict()}.items())
        changed = rules.relabel(labels)
        return changed if changed else None

    return rewrite


def _keys(configs: Sequence[RemoteWriteConfig]) -> list[str]:
    """A folder's name for each remote: of its name and URL, without what may be secret; the same in every run."""
    keys: list[str] = []
    for config in configs:
        text = f"{config.name}\n{without_user(config.url.reveal())}".encode("utf-8", "surrogatepass")
        key, number = hashlib.blake2b(text, digest_size=8).hexdigest(), 2
        while key in keys:
            key = hashlib.blake2b(text + b"\n%d" % number, digest_size=8).hexdigest()
            number += 1
        keys.append(key)
    return keys
