"""A client against a server in the test: batches, tenants, limits, retries, the spool."""

import asyncio
import contextlib
import time

import pytest
import uvloop

from tests.unit.logs.agent.receiver import Receiver
from watchkeeper.core.disk.wal import WriteFailed
from watchkeeper.core.model.errors import WatchkeeperError
from watchkeeper.core.telemetry.metrics import Registry
from watchkeeper.logs.agent.config.promtail_yml import parse_promtail_yml
from watchkeeper.logs.agent.entries import Entries
from watchkeeper.logs.agent.positions import Mark, Positions
from watchkeeper.logs.agent.send.client import Client
from watchkeeper.logs.agent.send.outlet import Outlet
from watchkeeper.logs.agent.send.spool import Spool
from watchkeeper.logs.agent.telemetry import AgentMetrics


class Sending:
    """A running client, and what it counts."""

    def __init__(self, url, client="", limits="{}", spool=None, n_clients=1):
        wait = "" if "batchwait" in client else "batchwait: 50ms, "
        text = f"clients: [{{url: '{url}', timeout: 1s, {wait}{client} "
        text += f"backoff_config: {{min_period: 10ms, max_period: 20ms, max_retries: 3}}}}]\nlimits_config: {limits}"
        config = parse_promtail_yml(text)
        self.registry = Registry()
        self.positions = Positions(None, n_clients)
        self.client = Client(
            config.clients[0], 0, AgentMetrics(self.registry), self.positions, limits=config.limits_config, spool=spool
        )
        self.outlet = Outlet([self.client])
        self.order = 0

    def put(self, *lines, position=None, metadata=None, **labels):
        self.order += 1
        raw = [line.encode() for line in lines]
        entries = Entries.of(labels or {"job": "a"}, raw, list(range(1, len(raw) + 1)), metadata=metadata)
        self.outlet.put([entries] if raw else [], {} if position is None else {"f": Mark(self.order, str(position))})

    def value(self, name, *labels):
        for family in self.registry.collect():
            for suffix, _, values, value in family.samples:
                if family.name + suffix == name and (not labels or set(labels) <= set(values)):
                    return value
        return None


@contextlib.asynccontextmanager
async def sending(*args, **options):
    made = Sending(*args, **options)
    made.client.start()
    try:
        yield made
    finally:
        await made.client.stop()
        made.client.close()


async def until(is_true, timeout_s=5.0):
    deadline_s = time.monotonic() + timeout_s
    while not is_true():
        assert time.monotonic() < deadline_s, "it did not happen"
        await asyncio.sleep(0.01)


@pytest.fixture
def receiver():
    made = Receiver()
    yield made
    made.close()


async def test_a_batch_waits_for_more(receiver):
    async with sending(receiver.url) as one:
        one.put("a", "b", position=2)
        one.put("c", position=3, job="b")
        await until(lambda: receiver.n_requests)
        assert receiver.lines == [('{job="a"}', 1, "a"), ('{job="a"}', 2, "b"), ('{job="b"}', 1, "c")]
        await until(lambda: one.positions.get("f") == "3")
        assert receiver.n_requests == 1
        assert one.value("promtail_sent_entries_total") == 3
        assert receiver.headers[0]["Content-Type"] == "application/x-protobuf"


async def test_batches_of_a_size(receiver):
    async with sending(receiver.url, client="batchsize: 100, batchwait: 1h,") as one:
        one.put(*["x" * 30] * 10, position=10)
        await until(lambda: receiver.n_requests == 3)
        assert [len(batch) for batch in receiver.batches] == [3, 3, 3]
        assert one.positions.get("f") == ""
    assert [len(batch) for batch in receiver.batches] == [3, 3, 3, 1]
    assert one.positions.get("f") == "10"


async def test_a_batch_ends_between_reads(receiver):
    """A read that is sent in part would be read again after a kill."""
    async with sending(receiver.url, client="batchsize: 100, batchwait: 10s,") as one:
        one.put("a" * 30, "b" * 30, position=60)
        one.put("c" * 30, "d" * 30, position=120)
        await until(lambda: one.positions.get("f") == "60")
        assert [line[0] for line in receiver.texts()] == ["a", "b"]
        one.put("e" * 150, "f", position=272)
        one.put("g", position=273)
    assert [line[0] for line in receiver.texts()] == list("abcdefg")
    assert one.positions.get("f") == "273"


async def test_tenants_headers_and_external_labels(receiver):
    client = "tenant_id: main, external_labels: {cluster: eu, job: other}, headers: {X-A: b}, "
    client += "basic_auth: {username: u, password: p},"
    async with sending(receiver.url, client=client) as one:
        one.put("a")
        one.put("b", job="b", __tenant_id__="own")
        await until(lambda: len(receiver.lines) == 2)
        found = {
            headers["X-Scope-OrgID"]: batch for headers, batch in zip(receiver.headers, receiver.batches, strict=True)
        }
        assert found == {"main": ["a"], "own": ["b"]}
        assert {labels for labels, _, _ in receiver.lines} == {'{cluster="eu", job="a"}', '{cluster="eu", job="b"}'}
        assert receiver.headers[0]["X-A"] == "b"
        assert receiver.headers[0]["Authorization"] == "Basic dTpw"


async def test_metadata_goes_along(receiver):
    async with sending(receiver.url) as one:
        one.put("a", "b", metadata=[(("k", "v"),), ()])
        await until(lambda: receiver.metadata)
        assert receiver.metadata == [{"k": "v"}, {}]


async def test_limits(receiver):
    limits = "{max_line_size: 3, max_streams: 2}"
    async with sending(receiver.url, limits=limits) as one:
        one.put("1234", "123")
        one.put("b", job="b")
        one.put("c", job="c")
        await until(lambda: receiver.lines)
        assert receiver.texts() == ["123", "b"]
        assert one.value("promtail_dropped_entries_total", "line_too_long") == 1
        assert one.value("promtail_dropped_entries_total", "stream_limited") == 1
    async with sending(receiver.url, limits="{max_line_size: 3, max_line_size_truncate: true}") as one:
        one.put("1234")
        await until(lambda: receiver.texts()[-1] == "123" and len(receiver.texts()) == 3)
        assert one.value("promtail_mutated_bytes_total") == 1


@pytest.mark.parametrize(
    ("status", "reason"), [(400, "ingester_error"), (413, "ingester_error"), (401, "ingester_error")]
)
async def test_what_is_refused_is_dropped(receiver, status, reason):
    receiver.status = lambda number: status if number == 1 else 204
    async with sending(receiver.url) as one:
        one.put("a", position=1)
        await until(lambda: one.positions.get("f") == "1")
        assert one.value("promtail_dropped_entries_total", reason) == 1
        one.put("b", position=2)
        await until(lambda: receiver.texts() == ["b"])


async def test_without_a_spool_tries_end(receiver):
    receiver.status = lambda number: 500 if number < 4 else 204
    async with sending(receiver.url) as one:
        one.put("a", position=1)
        await until(lambda: one.positions.get("f") == "1")
        assert receiver.n_requests == 3
        assert one.value("promtail_dropped_entries_total", "ingester_error") == 1
        assert one.value("promtail_batch_retries_total") == 3


async def test_rate_limited_batches(receiver):
    receiver.status = lambda number: 429 if number == 1 else 204
    async with sending(receiver.url, client="drop_rate_limited_batches: true,") as one:
        one.put("a", position=1)
        await until(lambda: one.positions.get("f") == "1")
        assert one.value("promtail_dropped_entries_total", "rate_limited") == 1
    receiver.n_requests = 0
    async with sending(receiver.url) as one:
        one.put("b", position=2)
        await until(lambda: receiver.texts() == ["b"])


async def test_the_spool_keeps_order_and_counts_as_done(receiver, tmp_path):
    receiver.status = 503
    async with sending(receiver.url, spool=Spool(tmp_path)) as one:
        for i in range(5):
            one.put(f"line {i}", position=i + 1)
            await until(lambda i=i: one.positions.get("f") == str(i + 1))
        assert one.client._spool.n_batches == 5
        assert one.value("promtail_spool_batches") == 5
        receiver.status = 204
        await until(lambda: len(receiver.lines) == 5)
        one.put("line 5", position=6)
        await until(lambda: len(receiver.lines) == 6)
        assert receiver.texts() == [f"line {i}" for i in range(6)]
        await until(lambda: one.value("promtail_spool_batches") == 0)


async def test_the_spool_survives(receiver, tmp_path):
    receiver.status = 503
    async with sending(receiver.url, spool=Spool(tmp_path)) as one:
        one.put("a", position=1)
        await until(lambda: one.positions.get("f") == "1")
    again = Spool(tmp_path)
    assert again.recovered == {"f": Mark(0, "1")}
    receiver.status = 204
    async with sending(receiver.url, spool=again) as one:
        await until(lambda: receiver.texts() == ["a"])
    last = Spool(tmp_path)
    assert last.n_batches == 0
    last.close()


async def test_one_process_at_a_time(tmp_path):
    first = Spool(tmp_path)
    with pytest.raises(WatchkeeperError, match="in use by process"):
        Spool(tmp_path)
    first.close()
    Spool(tmp_path).close()


def test_a_spool_tells_beginnings_once_a_segment(tmp_path):
    spool = Spool(tmp_path)
    for offset, head in ((1, "aa"), (2, "aa"), (0, "bb"), (3, "bb")):
        spool.note({"f": Mark(offset, str(offset), head)})
    written = b"".join(path.read_bytes() for path in sorted(tmp_path.glob("0*")))
    assert (written.count(b'"aa"'), written.count(b'"bb"')) == (1, 1)
    spool.cut()
    spool.note({"f": Mark(9, "4", "bb"), "cursor": Mark(9, "c")})
    spool.release(spool.cut())
    spool.close()
    again = Spool(tmp_path)
    assert again.recovered == {}
    again.note({"f": Mark(9, "5", "bb")})
    again.close()
    last = Spool(tmp_path)
    assert last.recovered == {"f": Mark(0, "5", "bb")}
    last.close()


async def test_what_is_not_sent_at_the_end_is_kept(receiver, tmp_path):
    receiver.status = 503
    async with sending(receiver.url, client="batchwait: 1h,", spool=Spool(tmp_path)) as one:
        one.put("a", position=1)
        one.put("b", position=2, job="b", __tenant_id__="t")
    spool = Spool(tmp_path)
    assert spool.n_batches == 2
    assert spool.recovered == {"f": Mark(0, "2")}
    assert {spool.first().tenant, (spool.drop_first(), spool.first().tenant)[1]} == {"", "t"}
    spool.close()


async def test_a_disk_that_takes_nothing(receiver, tmp_path, monkeypatch):
    spool = Spool(tmp_path)

    def fail(*_):
        raise WriteFailed("no room")

    monkeypatch.setattr(spool, "add", fail)
    receiver.status = lambda number: 503 if number < 3 else 204
    async with sending(receiver.url, spool=spool) as one:
        one.put("a", position=1)
        await until(lambda: receiver.texts() == ["a"], 10)
        await until(lambda: one.positions.get("f") == "1")


async def test_a_full_disk_is_told_though_the_server_is_away_too(receiver, tmp_path, monkeypatch, capfd):
    spool = Spool(tmp_path)

    def fail(*_):
        raise WriteFailed("no room")

    monkeypatch.setattr(spool, "add", fail)
    receiver.status = 503
    async with sending(receiver.url, spool=spool) as one:
        one.put("a", position=1)
        await until(lambda: receiver.n_requests == 2)
        receiver.status = 204
    told = capfd.readouterr().err
    assert told.count("error sending batch, will retry") == 1
    assert told.count("a batch can't be kept on the disk; it waits in memory") == 1


async def test_a_full_spool_holds_reading_back(receiver, tmp_path, monkeypatch):
    monkeypatch.setattr("watchkeeper.logs.agent.send.client.MAX_WAITING_BYTES", 10_000)
    receiver.status = 503
    async with sending(receiver.url, client="batchsize: 1000,", spool=Spool(tmp_path, limit_bytes=1)) as one:
        one.put("a", position=1)
        await until(lambda: one.positions.get("f") == "1")
        one.put(*["x" * 900] * 20, position=2)
        assert one.client.is_full
        await asyncio.sleep(0.1)
        assert one.positions.get("f") == "1"
        receiver.status = 204
        await until(lambda: one.positions.get("f") == "2", 20)
        assert len(receiver.lines) == 21
        assert not one.client.is_full


async def test_a_server_that_is_not_there(tmp_path):
    gone = Receiver()
    gone.close()
    async with sending(gone.url, spool=Spool(tmp_path)) as one:
        one.put("a", position=1)
        await until(lambda: one.positions.get("f") == "1")
        assert one.value("promtail_request_duration_seconds_count", "-1") >= 1
        assert not one.client.is_reachable
        back = Receiver(gone.port)
        try:
            await until(lambda: back.texts() == ["a"])
        finally:
            back.close()


async def test_reads_without_lines_move_the_position(receiver):
    async with sending(receiver.url) as one:
        one.put(position=5)
        await until(lambda: one.positions.get("f") == "5")
        assert receiver.n_requests == 0


def test_on_the_loop_that_the_server_runs_on(receiver):
    async def run():
        async with sending(receiver.url) as one:
            one.put("a")
            await until(lambda: receiver.n_requests)

    uvloop.run(run())
    assert receiver.lines == [('{job="a"}', 1, "a")]
