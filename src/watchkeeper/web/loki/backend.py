"""What the log API needs of the rest of the program, handed in at construction."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from watchkeeper.core.telemetry.exceeded import ExceededLimits
from watchkeeper.core.telemetry.metrics import Registry
from watchkeeper.logs.interface import DeleteRequest, EntryBatch, LiveTail, LogAppender, LogQuerier
from watchkeeper.logs.logql.answer import Answer, QueryLimits, Request
from watchkeeper.web.gate import Gate
from watchkeeper.web.lifecycle import Lifecycle
from watchkeeper.web.loki.rule_files import RuleFiles

if TYPE_CHECKING:
    from watchkeeper.logs.store.limits import Limits
    from watchkeeper.rules.views import GroupView

SINGLE_TENANT = "fake"  # Upstream's name for the tenant of a server without tenants; object keys begin with it.


class Store(LogAppender, LiveTail, Protocol):
    """What the API asks of the log store."""

    def querier(self, tenant: str) -> LogQuerier:
        """The read side, at this moment."""
        ...

    def flush(self) -> None:
        """Bring all that is in memory into segments, and those into the bucket."""
        ...

    def add_delete(self, tenant: str, request: DeleteRequest) -> None:
        """Take a delete request; from now on its lines are not answered."""
        ...

    def list_deletes(self, tenant: str) -> Sequence[DeleteRequest]:
        """All requests of a tenant, oldest first."""
        ...

    def cancel_delete(self, tenant: str, id: str) -> bool:
        """Forget a request that has not been applied; whether there was such a one."""
        ...

    def tenants(self) -> Sequence[str]:
        """All tenants with data."""
        ...


class QueryEngine(Protocol):
    """What evaluates queries."""

    def run(self, request: Request, querier: LogQuerier, limits: QueryLimits, cancelled: Callable[[], bool]) -> Answer:
        """The answer, computed in this thread. Raises QueryError."""
        ...


@dataclass(slots=True)
class Decoders:
    """What turns bodies into entries; each raises PushError.

    protobuf   of an unpacked PushRequest
    json       of a JSON body, of the old form where the second argument says so
    otlp       of a tenant's OTLP body with its content type
    """

    protobuf: Callable[[bytes], EntryBatch]
    json: Callable[[bytes, bool], EntryBatch]
    otlp: Callable[[str, bytes, str], EntryBatch]


@dataclass(slots=True)
class Settings:
    """What the configuration decides about the API.

    max_body_bytes           of a push as it comes
    max_unpacked_bytes       of a push unpacked
    max_memory_bytes         of one query's partial results
    """

    auth_enabled: bool = False
    single_tenant: str = SINGLE_TENANT
    multi_tenant_queries: bool = False
    route_prefix: str = ""
    page_title: str = "watchkeeper"
    read_timeout_s: float = 300.0
    max_body_bytes: int = 100 << 20
    max_unpacked_bytes: int = 100 << 20
    align_queries_with_step: bool = False
    tail_max_duration_s: float = 3600.0
    patterns_enabled: bool = True
    deletes_enabled: bool = True
    rules_enabled: bool = True
    rules_writable: bool = True
    max_delete_interval_ns: int = 0
    log_queries_longer_than_s: float = 0.0
    max_memory_bytes: int = 1 << 30
    allow_shutdown: bool = True


class ApiMetrics:
    """What the API counts beside its requests, under upstream's names."""

    def __init__(self, registry: Registry) -> None:
        self.exceeded = ExceededLimits(registry)
        self.panics = registry.counter("loki_panic_total", "The total number of panic triggered.")
        self.append_failures = registry.counter(
            "loki_distributor_ingester_append_failures_total",
            "The total number of failed batch appends sent to ingesters.",
        )
        self.index_seconds = registry.histogram(
            "loki_index_request_duration_seconds",
            "Time (in seconds) spent in serving index query requests.",
            (0.005, 0.02, 0.08, 0.32, 1.28, 5.12, 20.48),
            ("operation", "status_code"),
        )


@dataclass(slots=True)
class Backend:
    """Collaborators of the log API.

    limits       of a tenant
    run          runs short synchronous work on a worker thread
    run_read     the same for reads of the store, which may take their time
    run_push     the same for pushes, which may wait for the disk
    queries      runs what the engine does
    config_text  the configuration as YAML: whole, or only what differs from the defaults, or the defaults
    figures      numbers for the status page
    published_limits   of a tenant, by upstream's names
    rule_views   a tenant's groups as they are evaluated; their `file` is the path
    rules_changed   is told on the loop that rules were written
    quit         asks the process to stop
    """

    settings: Settings
    lifecycle: Lifecycle
    registry: Registry
    store: Store
    engine: QueryEngine
    decoders: Decoders
    limits: Callable[[str], Limits]
    rules: RuleFiles
    run: Callable[[Callable[[], Any]], Awaitable[Any]]
    run_read: Callable[[Callable[[], Any]], Awaitable[Any]]
    run_push: Callable[[Callable[[], Any]], Awaitable[Any]]
    queries: Gate
    config_text: Callable[[str], str]
    published_limits: Callable[[str], dict[str, Any]]
    figures: Callable[[], Mapping[str, Any]]
    quit: Callable[[], None]
    now_ns: Callable[[], int]
    rule_views: Callable[[str], Sequence[GroupView]] = lambda tenant: ()
    rules_changed: Callable[[], None] = lambda: None
    metrics: ApiMetrics = field(init=False)
    flushing: asyncio.Lock = field(init=False)

    def __post_init__(self) -> None:
        """Counters stand at zero from the start; one flush runs at a time, whoever asks for more."""
        self.metrics = ApiMetrics(self.registry)
        self.flushing = asyncio.Lock()
