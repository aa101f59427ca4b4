"""A log store under random histories, against a set of rows: what was acknowledged is there once, whatever happens."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.oracle.log_store import Row, StoreModel, batch_of, read
from watchkeeper.core.kernels.line_block import Block
from watchkeeper.core.kernels.texts import Rows
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.model.matcher import Matcher, MatchType
from watchkeeper.core.telemetry.log import configure
from watchkeeper.core.telemetry.metrics import Registry
from watchkeeper.logs.interface import DeleteRequest, KeepRows
from watchkeeper.logs.store.config import LokiConfig, parse_loki_yaml
from watchkeeper.logs.store.limits import Limits
from watchkeeper.logs.store.options import HOUR_NS, StoreOptions
from watchkeeper.logs.store.overrides import Overrides
from watchkeeper.logs.store.store import LogStore
from watchkeeper.logs.wire.kinds import DECODERS

MEMORY = Path("/dev/shm")  # Hundreds of stores are opened: a disk would wait for each.

T0 = 1_700_000_000_000_000_000
STREAMS = [Labels.of(app=f"a{i % 3}", i=str(i), service_name="s") for i in range(6)]
TENANTS = ("one", "two")
CONFIG = parse_loki_yaml(
    "compactor: {retention_enabled: true, delete_request_store: filesystem, delete_request_cancel_period: 1h}"
)
LIMITS = Limits(
    reject_old_samples=False,
    creation_grace_period_ns=HOUR_NS * 24 * 365,
    ingestion_rate_mb=0.0,
    ingestion_burst_size_mb=0.0,
    per_stream_rate_limit=0,
    per_stream_rate_limit_burst=0,
)
SMALL = StoreOptions(
    cut_raw_bytes=300,
    max_open_bytes=12_000,
    flush_bytes=1_500,
    max_wal_bytes=2_000,
    wal_segment_bytes=1_000,
    merge_segments=2,
    merge_raw_bytes=2_000,
    max_segment_bytes=6_000,
    fsync_interval_s=1000,
    reserve_bytes=0,
    cache_bytes=20_000,
)

lines = st.sampled_from(
    [b"", b"zebra", b'{"a":1,"b":"x y"}', b"level=info msg=done n=17", b"\xff\x00 odd", b"took 15 ms at node-7 zebra"]
) | st.binary(max_size=40)
pairs = st.lists(st.tuples(st.sampled_from("ab"), st.text("xyz", min_size=1, max_size=3)), max_size=2).map(
    lambda some: tuple(dict(some).items())
)
rows = st.tuples(st.integers(0, 40).map(lambda s: T0 + s * 50_000_000_000), lines, pairs)
pushes = st.lists(st.tuples(st.sampled_from(STREAMS), st.lists(rows, max_size=8)), min_size=1, max_size=4)

operations = st.one_of(
    st.tuples(st.just("push"), st.sampled_from(TENANTS), pushes, st.booleans()),
    st.tuples(st.just("push"), st.sampled_from(TENANTS), pushes, st.booleans()),
    st.tuples(st.just("again")),
    st.tuples(st.just("tick"), st.sampled_from([1_000_000_000, HOUR_NS // 2, 3 * HOUR_NS])),
    st.tuples(st.just("flush")),
    st.tuples(st.just("kill")),
    st.tuples(st.just("restart")),
    st.tuples(
        st.just("delete"), st.sampled_from(TENANTS), st.integers(0, 2), st.integers(0, 40), st.integers(0, 40),
        st.booleans(),
    ),
    st.tuples(
        st.just("read"), st.sampled_from(TENANTS), st.integers(0, 3), st.integers(0, 40), st.integers(0, 40)
    ),
)  # fmt: skip


def keep_of(query: str) -> KeepRows | None:
    """A request's filter: `zebra` goes, or everything."""
    return without_zebra if "zebra" in query else None


def without_zebra(block: Block, rows: Rows, labels: Labels) -> Any:
    return np.array([b"zebra" not in line for line in block.lines(rows)], np.bool_)


class History:
    """A store and the model it must agree with."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.number = 0
        self.now_ns = T0 + 2 * HOUR_NS
        self.models = {tenant: StoreModel() for tenant in TENANTS}
        self.last: tuple[str, list[tuple[Labels, list[Row]]]] | None = None
        self.store = self.open()

    def open(self, config: LokiConfig = CONFIG) -> LogStore:
        store = LogStore(
            self.directory / str(self.number), config, Overrides(LIMITS), Registry(), lambda: self.now_ns, DECODERS,
            options=SMALL, make_keep=keep_of,
        )  # fmt: skip
        store.open(background=False)
        return store

    def push(self, tenant: str, streams: list[tuple[Labels, list[Row]]], with_body: bool) -> None:
        self.store.push(tenant, batch_of(streams, with_body=with_body))
        self.models[tenant].push(streams)
        self.last = (tenant, streams)

    def again(self) -> None:
        """The sender repeats its last push, as after an answer that was lost; only where nothing was deleted since."""
        if self.last is not None:
            self.push(*self.last, False)

    def tick(self, step_ns: int) -> None:
        self.now_ns += step_ns
        self.store.tick()

    def flush(self) -> None:
        self.store.flush()

    def kill(self) -> None:
        """Go on with what is on disk at this moment."""
        before = self.directory / str(self.number)
        self.number += 1
        shutil.copytree(before, self.directory / str(self.number))
        self.store.close()
        shutil.rmtree(before)
        self.store = self.open()

    def restart(self) -> None:
        self.store.close()
        self.store = self.open()

    def delete(self, tenant: str, app: int, lo: int, hi: int, only_zebra: bool) -> None:
        matchers = [Matcher("app", MatchType.EQUAL, f"a{app}")]
        start_ns, end_ns = (T0 + s * 50_000_000_000 for s in sorted((lo, hi)))
        query = f'{{app="a{app}"}}' + (' |= "zebra"' if only_zebra else "")
        request = DeleteRequest("", query, matchers, start_ns, end_ns, keep_of(query), self.now_ns)
        self.store.add_delete(tenant, request)
        self.models[tenant].delete(
            matchers, start_ns, end_ns, (lambda line: b"zebra" in line) if only_zebra else (lambda line: True)
        )
        # Until it is carried out a request also hides what comes after it: here nothing comes before that.
        self.now_ns += 2 * HOUR_NS
        self.check()
        self.store.tick()
        assert [one.status for one in self.store.list_deletes(tenant)][-1] == "processed"
        self.last = None

    def read(self, tenant: str, app: int, lo: int, hi: int) -> None:
        matchers = [Matcher("app", MatchType.EQUAL, f"a{app}")] if app < 3 else []
        start_ns, end_ns = (T0 + s * 50_000_000_000 for s in sorted((lo, hi)))
        found = read(self.store.querier(tenant), matchers, start_ns, end_ns)
        assert found == self.models[tenant].read(matchers, start_ns, end_ns)
        needle = b" zebra "
        some = read(self.store.querier(tenant), matchers, start_ns, end_ns, [needle])
        for text, expected in found.items():
            assert {row for row in expected if needle in row[1]} <= set(some.get(text, []))
        n_rows = sum(map(len, found.values()))
        assert (n_rows == 0) or self.store.querier(tenant).streams(matchers, start_ns, end_ns)

    def check(self) -> None:
        for tenant, model in self.models.items():
            assert read(self.store.querier(tenant), []) == model.read([])


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    configure("error")
    yield
    configure()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.lists(operations, min_size=3, max_size=25))
def test_a_store_holds_what_it_acknowledged(history: list[tuple[Any, ...]]) -> None:
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as name:
        it = History(Path(name))
        try:
            for operation, *arguments in history:
                getattr(it, operation)(*arguments)
                it.check()
            it.kill()
            it.check()
        finally:
            it.store.close()
