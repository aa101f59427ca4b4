"""What the metrics API needs of the rest of the program, handed in at construction."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar
from urllib.parse import urlsplit

from watchkeeper.core.model.matcher import Matcher
from watchkeeper.core.model.metadata import Metadata
from watchkeeper.core.telemetry.metrics import Registry
from watchkeeper.metrics.interface import Appender, ExemplarQuerier, Querier
from watchkeeper.metrics.promql.engine import Engine
from watchkeeper.metrics.remote.otlp import OtlpReceiver
from watchkeeper.metrics.remote.receive import MessageType, Receiver
from watchkeeper.metrics.scrape.manager import ScrapeManager
from watchkeeper.rules.views import AlertView, GroupView
from watchkeeper.web.lifecycle import Lifecycle
from watchkeeper.web.prometheus.gate import QueryGate
from watchkeeper.web.prometheus.notifications import Notifications

T = TypeVar("T")


class Store(Protocol):
    """What administration and the status pages ask of the store."""

    def delete(self, matcher_sets: Sequence[Sequence[Matcher]], start_ms: int, end_ms: int) -> None:
        """Mark samples as deleted."""
        ...

    def clean_tombstones(self) -> None:
        """Rewrite blocks without what was deleted."""
        ...

    def snapshot(self, skip_head: bool) -> str:
        """Hard links of the blocks, and the head as a block; the name of the folder."""
        ...

    def status(self, limit: int) -> Mapping[str, Any]:
        """Figures of cardinality, in the shape of status/tsdb."""
        ...

    def block_metas(self) -> list[Mapping[str, Any]]:
        """The metas of the blocks that serve."""
        ...

    def replay_progress(self) -> tuple[int, int, int]:
        """First, last and current WAL segment of the replay."""
        ...


class Rules(Protocol):
    """What the API shows of rules and of where their alerts go. Safe to call from any thread."""

    def groups(self) -> Sequence[GroupView]:
        """All groups, with their rules and alerts as they are now."""
        ...

    def alerts(self) -> Sequence[AlertView]:
        """All alerts that are pending or firing."""
        ...

    def alertmanagers(self) -> tuple[Sequence[str], Sequence[str]]:
        """URLs of those that get alerts, and of those that relabelling dropped."""
        ...


class NoRules:
    """Where no rules are evaluated."""

    def groups(self) -> Sequence[GroupView]:
        """None."""
        return ()

    def alerts(self) -> Sequence[AlertView]:
        """None."""
        return ()

    def alertmanagers(self) -> tuple[Sequence[str], Sequence[str]]:
        """None."""
        return (), ()


@dataclass(slots=True)
class Settings:
    """What flags decide about the API."""

    enable_lifecycle: bool = False
    enable_admin_api: bool = False
    enable_remote_write_receiver: bool = False
    enable_otlp_receiver: bool = False
    accepted_write_messages: tuple[MessageType, ...] = (MessageType.V1,)
    cors_origin: str = ".*"
    route_prefix: str = ""
    external_url: str = ""
    listen_port: int = 9090
    read_timeout_s: float = 300.0
    features: frozenset[str] = frozenset()
    search_max_limit: int = 10_000
    page_title: str = "watchkeeper"
    query_timeout_ms: int = 120_000
    lookback_ms: int = 300_000
    remote_read_concurrency: int = 10
    remote_read_sample_limit: int = 50_000_000
    remote_read_frame_bytes: int = 1 << 20
    max_body_bytes: int = 32 << 20

    def __post_init__(self) -> None:
        """Where no other is given, the prefix is the path of the external URL."""
        path = (self.route_prefix or urlsplit(self.external_url).path).strip("/")
        self.route_prefix = f"/{path}" if path else ""


@dataclass(slots=True)
class Backend:
    """Collaborators of the metrics API.

    run          runs short synchronous work on a worker thread
    run_read     the same for reads of the store, which may take their time, on threads of their own
    queries      runs what the engine does
    notifications  notices for the pages
    reload       applies the configuration file; raises ConfigError and keeps the old one
    quit         asks the process to stop
    """

    settings: Settings
    lifecycle: Lifecycle
    registry: Registry
    engine: Engine
    querier: Callable[[], Querier]
    appender: Appender
    exemplars: ExemplarQuerier
    store: Store
    receiver: Receiver
    otlp: OtlpReceiver
    scrape: ScrapeManager
    run: Callable[[Callable[[], Any]], Awaitable[Any]]
    run_read: Callable[[Callable[[], Any]], Awaitable[Any]]
    queries: QueryGate
    notifications: Notifications
    reload: Callable[[], Awaitable[None]]
    quit: Callable[[], None]
    config_text: Callable[[], str]
    pool_config_text: Callable[[str], str | None]
    external_labels: Callable[[], dict[str, str]]
    metadata: Callable[[], dict[str, list[Metadata]]]
    flags: Mapping[str, str]
    runtime: Callable[[], Mapping[str, Any]]
    now_ms: Callable[[], int]
    rules: Rules = field(default_factory=NoRules)
    read_gate: asyncio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        """Remote reads above the number wait."""
        self.read_gate = asyncio.Semaphore(self.settings.remote_read_concurrency)
