"""Stores for tests: a clock that stands still, no threads, small sizes."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tests.oracle.log_store import Row, batch_of, read
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.model.matcher import Matcher
from watchkeeper.core.telemetry.metrics import Registry
from watchkeeper.logs.store.config import parse_loki_yaml
from watchkeeper.logs.store.limits import Limits
from watchkeeper.logs.store.options import DAY_NS, HOUR_NS, StoreOptions
from watchkeeper.logs.store.overrides import Overrides
from watchkeeper.logs.store.store import LogStore
from watchkeeper.logs.wire.kinds import DECODERS

T0 = 1_700_000_000_000_000_000
APP = Labels.of(app="shop", service_name="shop")
DATABASE = Labels.of(app="db", service_name="db")
OPEN_LIMITS = Limits(
    reject_old_samples=False,
    creation_grace_period_ns=10_000 * DAY_NS,
    ingestion_rate_mb=0.0,
    ingestion_burst_size_mb=0.0,
    per_stream_rate_limit=0,
    per_stream_rate_limit_burst=0,
)
CONFIG = """
compactor: {retention_enabled: true, delete_request_store: filesystem, delete_request_cancel_period: 24h}
"""
SMALL = StoreOptions(fsync_interval_s=1000, reserve_bytes=0, merge_segments=2)


@dataclass
class Stores:
    """One directory, and the store that is open on it."""

    path: Path
    config: str = CONFIG
    limits: Limits = OPEN_LIMITS
    options: StoreOptions = SMALL
    now_ns: int = T0 + HOUR_NS
    registry: Registry = field(default_factory=Registry)
    make_keep: Any = None
    background: bool = False
    store: LogStore = field(init=False)

    def __post_init__(self) -> None:
        self.open()

    def open(self) -> LogStore:
        self.registry = Registry()
        self.store = LogStore(
            self.path, parse_loki_yaml(self.config), Overrides(self.limits), self.registry, lambda: self.now_ns,
            DECODERS, options=self.options, make_keep=self.make_keep,
        )  # fmt: skip
        self.store.open(background=self.background)
        return self.store

    def reopen(self, **changes: Any) -> LogStore:
        self.store.close()
        for name, value in changes.items():
            setattr(self, name, value)
        return self.open()

    def kill(self) -> LogStore:
        """Go on with what was on disk before the store was closed."""
        copy = self.path.with_name(self.path.name + "-killed")
        shutil.copytree(self.path, copy)
        self.store.close()
        self.path = copy
        return self.open()

    def with_options(self, **changes: Any) -> LogStore:
        return self.reopen(options=replace(self.options, **changes))

    def push(self, labels: Labels | str, *rows: Row, tenant: str = "t", with_body: bool = False) -> None:
        self.store.push(tenant, batch_of([(labels, rows)], with_body=with_body))

    def lines(self, *matchers: Matcher, tenant: str = "t", **range_ns: int) -> list[bytes]:
        """All lines, stream by stream."""
        found = read(self.store.querier(tenant), matchers, **range_ns)
        return [line for _, rows in sorted(found.items()) for _, line, _ in rows]

    def segments(self) -> list[Path]:
        return sorted((self.path / "segments").glob("*.wkl"))

    def metric(self, name: str) -> float:
        """The sum of a metric's children."""
        for family in self.registry.collect():
            if family.name == name:
                return sum(value for _, _, _, value in family.samples)
        raise KeyError(name)


def row(second: float, line: str | bytes, **metadata: str) -> Row:
    """An entry, so many seconds after T0."""
    return T0 + int(second * 1e9), line.encode() if isinstance(line, str) else line, tuple(metadata.items())
