"""What goes into the tee comes out at a real receiver, whatever the receiver does meanwhile."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager

import numpy as np
import pytest
from aiohttp import web

from tests.unit.metrics.remote.receiver_double import Store, receiver, remote
from watchkeeper.core.model.histogram import Histogram
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.model.metadata import Exemplar, Metadata
from watchkeeper.core.model.stale import MISSING, STALE, STALE_BITS
from watchkeeper.core.telemetry.metrics import Registry
from watchkeeper.metrics.interface import SampleBatch
from watchkeeper.metrics.remote.manager import RemoteWriteManager

NOW_MS = 1_700_000_000_000


def manager(path, registry=None, **more):
    more.setdefault("now_ms", lambda: NOW_MS)
    return RemoteWriteManager(path, registry or Registry(), user_agent="watchkeeper/test", **more)


@asynccontextmanager
async def sending(path, config, external=None, **more):
    made = manager(path, **more)
    await made.apply([config], external or {})
    try:
        yield made, made.tee(Store())
    finally:
        await made.close(5)


async def until(condition, timeout_s=10.0):
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end, "nothing came"
        await asyncio.sleep(0.01)


def series(n, name="m"):
    return [Labels.of(__name__=name, i=str(i)) for i in range(n)]


def samples(series, times, values, **more):
    return SampleBatch(
        series, np.zeros(len(times), np.int32), np.array(times, np.int64), np.array(values, np.float64), **more
    )


def exposed(registry, name):
    lines = [line for line in registry.exposition().decode().splitlines() if line.startswith(name)]
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines)


async def test_rows_and_batches_arrive_bit_for_bit(tmp_path):
    registry = Registry()
    async with receiver() as got:
        async with sending(tmp_path, remote(got.url, "name: r"), registry=registry) as (_, tee):
            writer = tee.source("t")
            writer.columns(series(3))
            writer.append(1000, np.array([1.5, MISSING, -0.0]))
            writer.append(2000, np.array([STALE, 7.0, np.inf]))
            writer.columns(series(4))
            writer.append(3000, np.array([2.0, 8.0, np.nan, 1e300]))
            assert writer.append(3000, np.zeros(4)) != 0
            tee.append(samples(series(1, "b"), [5, 6, -1], [1.0, 2.0, 3.0]))
            await until(lambda: got.n_samples() == 11)
        rows = {
            str(labels): [(t, np.uint64(b).view(np.float64)) for t, b in kept] for labels, kept in got.samples.items()
        }
        assert rows['{__name__="m", i="0"}'][0] == (1000, 1.5)
        assert got.samples[series(1)[0]][1] == (2000, STALE_BITS)
        assert rows['{__name__="m", i="1"}'] == [(2000, 7.0), (3000, 8.0)]
        assert np.signbit(rows['{__name__="m", i="2"}'][0][1])
        assert rows['{__name__="m", i="3"}'] == [(3000, 1e300)]
        assert rows['{__name__="b", i="0"}'] == [(5, 1.0), (6, 2.0)]
        head = got.headers[0]
        assert head["Content-Encoding"] == "snappy"
        assert head["Content-Type"] == "application/x-protobuf"
        assert head["X-Prometheus-Remote-Write-Version"] == "0.1.0"
        assert head["User-Agent"] == "watchkeeper/test"
    assert exposed(registry, 'prometheus_remote_storage_samples_total{remote_name="r"') == 11
    assert exposed(registry, "prometheus_remote_storage_samples_in_total") == 11
    assert 'prometheus_wal_watcher_current_segment{consumer="r"} 0' in registry.exposition().decode()
    assert exposed(registry, "prometheus_remote_storage_samples_pending") == 0
    assert exposed(registry, "prometheus_remote_storage_highest_timestamp_in_seconds") == 3
    assert exposed(registry, "prometheus_remote_storage_queue_highest_sent_timestamp_seconds") == 3
    assert exposed(registry, "prometheus_remote_storage_sent_batch_duration_seconds_count") == got.requests
    assert exposed(registry, "prometheus_remote_storage_bytes_total") > 0


async def test_external_labels_and_relabelling(tmp_path):
    rules = """
write_relabel_configs:
- {source_labels: [i], regex: "1", action: drop}
- {source_labels: [cluster], target_label: where}
"""
    async with receiver() as got:
        async with sending(tmp_path, remote(got.url, rules), {"cluster": "eu", "i": "no"}) as (_, tee):
            writer = tee.source("t")
            writer.columns(series(3))
            writer.append(1, np.array([1.0, 2.0, 3.0]))
            tee.append(samples([series(2)[1]], [9], [1.0]))
            tee.append(samples([Labels.of(__name__="x")], [9], [1.0]))
            await until(lambda: got.n_samples() == 3)
        assert {str(labels) for labels in got.samples} == {
            '{__name__="m", cluster="eu", i="0", where="eu"}',
            '{__name__="m", cluster="eu", i="2", where="eu"}',
            '{__name__="x", cluster="eu", i="no", where="eu"}',
        }


async def test_histograms_exemplars_and_metadata_when_asked_for(tmp_path):
    histogram = Histogram(0, 3, 4.5, 0.001, 1, ((0, 2),), (1.0, 1.0))
    batch = samples(
        series(1),
        [5],
        [1.0],
        histograms=[(0, 6, histogram)],
        exemplars=[(0, Exemplar(Labels.of(trace="t"), 0.5, 7))],
    )
    told = {"m": Metadata("counter", "Help.", "seconds")}
    for version in ("prometheus.WriteRequest", "io.prometheus.write.v2.Request"):
        both = f"send_exemplars: true\nsend_native_histograms: true\nprotobuf_message: {version}\n"
        async with receiver() as got:
            config = remote(got.url, both, metadata=True)
            async with sending(tmp_path / version, config, metadata=lambda: told) as (_, tee):
                tee.append(batch)
                await until(lambda got=got: got.exemplars and got.metadata)
            assert got.metadata == told
            assert [(labels, exemplar) for labels, exemplar in got.exemplars] == [(series(1)[0], batch.exemplars[0][1])]
            ((labels, time_ms, value),) = got.histograms
            assert (labels, time_ms, value.sum, value.positive) == (series(1)[0], 6, 4.5, (1.0, 1.0))
            assert got.n_samples() == 1
    async with receiver() as got:
        async with sending(tmp_path / "without", remote(got.url)) as (_, tee):
            tee.append(batch)
            await until(lambda: got.n_samples() == 1)
        assert not got.histograms
        assert not got.exemplars
        assert not got.metadata


async def test_a_receiver_that_fails_gets_everything_in_the_end(tmp_path):
    registry = Registry()
    async with receiver() as got:
        got.answer = lambda number: web.Response(status=503, text="not now") if number < 4 else None
        async with sending(tmp_path, remote(got.url), registry=registry) as (_, tee):
            writer = tee.source("t")
            writer.columns(series(2))
            for second in range(50):
                writer.append(second * 1000, np.array([second, -second], np.float64))
            await until(lambda: got.n_samples() == 100)
        assert all([t for t, _ in kept] == sorted(t for t, _ in kept) for kept in got.samples.values())
        assert got.headers[1]["Retry-Attempt"] == "1"
    assert exposed(registry, "prometheus_remote_storage_samples_retried_total") > 0
    assert exposed(registry, "prometheus_remote_storage_samples_failed_total") == 0


async def test_what_a_receiver_refuses_is_counted_and_not_sent_again(tmp_path):
    registry = Registry()
    async with receiver() as got:
        got.answer = lambda number: web.Response(status=400, text="bad\x1b[31m") if number == 1 else None
        async with sending(tmp_path, remote(got.url), registry=registry) as (_, tee):
            tee.append(samples(series(1), [1], [1.0]))
            await until(lambda: got.requests == 1)
            await asyncio.sleep(0.15)
            tee.append(samples(series(1), [2], [1.0]))
            await until(lambda: got.n_samples() == 1)
        assert got.requests == 2
    assert exposed(registry, "prometheus_remote_storage_samples_failed_total") == 1


async def test_429_and_retry_after(tmp_path):
    queue = "queue_config: {batch_send_deadline: 20ms, retry_on_http_429: true}"
    for text, expected in ((queue, 1), ("", 0)):
        async with receiver() as got:
            answers = [web.Response(status=429, headers={"Retry-After": "1"})]
            got.answer = lambda number, answers=answers: answers.pop() if answers else None
            async with sending(tmp_path / str(expected), remote(got.url, text)) as (_, tee):
                began = time.monotonic()
                tee.append(samples(series(1), [1], [1.0]))
                await until(lambda got=got: got.requests == 1)
                if expected:
                    await until(lambda got=got: got.n_samples() == 1)
                    assert time.monotonic() - began >= 1
            assert got.n_samples() == expected


async def test_an_outage_longer_than_the_memory_of_the_queue(tmp_path):
    text = "queue_config: {capacity: 50, max_samples_per_send: 20, batch_send_deadline: 20ms, max_backoff: 30ms}"
    async with receiver() as got:
        port = got.port
        await got.stop()
        async with sending(tmp_path, remote(f"http://127.0.0.1:{port}/write", text)) as (_, tee):
            writer = tee.source("t")
            writer.columns(series(10))
            for second in range(200):
                writer.append(second * 1000, np.full(10, float(second)))
            await asyncio.sleep(0.1)
            await got.start(port)
            await until(lambda: got.n_samples() == 2000)
            assert max(got.sizes) == 20
        assert all(len(kept) == 200 for kept in got.samples.values())


async def test_a_restart_sends_what_was_not_acknowledged(tmp_path):
    async with receiver() as got:
        got.answer = lambda number: web.Response(status=500)
        config = remote(got.url)
        for run in range(3):
            async with sending(tmp_path, config) as (_, tee):
                writer = tee.source("t")
                writer.columns(series(4))
                writer.append(run * 1000 + 1, np.arange(4.0))
                tee.append(samples(series(1, "b"), [run * 1000 + 1], [1.0]))
                await until(lambda before=got.requests: got.requests > before)
        assert got.n_samples() == 0
        got.answer = lambda number: None
        async with sending(tmp_path, config):
            await until(lambda: got.n_samples() == 15)
        assert len([path for path in next(tmp_path.iterdir()).iterdir() if path.name.isdigit()]) <= 2


async def test_what_was_sent_but_not_acknowledged_does_not_take_newer_samples_with_it(tmp_path):
    """As after a kill: the receiver has rows whose acknowledgement never came."""
    async with receiver() as got:
        config = remote(got.url, "queue_config: {batch_send_deadline: 20ms, max_samples_per_send: 40}")
        got.answer = lambda number: web.Response(status=500)
        async with sending(tmp_path, config) as (_, tee):
            writer = tee.source("t")
            writer.columns(series(10))
            for second in range(10):
                writer.append(second * 1000, np.arange(10.0))
            await until(lambda: got.requests)
        # Rows 0 to 5 are there already.
        for labels, value in zip(series(10), np.arange(10.0), strict=True):
            got.samples[labels] = [(second * 1000, int(value.view(np.uint64))) for second in range(6)]
        got.answer = lambda number: None
        async with sending(tmp_path, config):
            await until(lambda: got.n_samples() == 100)
        assert all([t for t, _ in kept] == [s * 1000 for s in range(10)] for kept in got.samples.values())


async def test_series_keep_their_order_over_shards(tmp_path):
    text = "queue_config: {min_shards: 4, max_shards: 4, max_samples_per_send: 7, batch_send_deadline: 20ms}"
    async with receiver() as got:

        async def slow(number):
            await asyncio.sleep(0.001 * (number % 5))

        got.answer = slow
        async with sending(tmp_path, remote(got.url, text)) as (_, tee):
            writer = tee.source("t")
            writer.columns(series(40))
            for second in range(30):
                writer.append(second * 1000, np.full(40, float(second)))
            await until(lambda: got.n_samples() == 1200)
        assert all([t for t, _ in kept] == [s * 1000 for s in range(30)] for kept in got.samples.values())
        assert max(got.sizes) <= 7


async def test_more_shards_when_sending_is_slow(tmp_path, monkeypatch):
    monkeypatch.setattr("watchkeeper.metrics.remote.queue.UPDATE_S", 0.2)
    monkeypatch.setattr("watchkeeper.metrics.remote.queue.SYNC_S", 0.1)
    monkeypatch.setattr("watchkeeper.metrics.remote.shard_count.UPDATE_S", 0.2)
    registry = Registry()
    text = "queue_config: {max_shards: 8, capacity: 20, max_samples_per_send: 5, batch_send_deadline: 20ms}"
    async with receiver() as got:

        async def slow(number):
            await asyncio.sleep(0.02)

        got.answer = slow
        async with sending(tmp_path, remote(got.url, text), registry=registry) as (_, tee):
            writer = tee.source("t")
            writer.columns(series(40))
            for minute in range(50):
                writer.append(minute * 60_000, np.full(40, float(minute)))
            await until(lambda: got.n_samples() == 2000, 20)
            assert exposed(registry, "prometheus_remote_storage_shards{") > 1
        assert all([t for t, _ in kept] == [m * 60_000 for m in range(50)] for kept in got.samples.values())


async def test_samples_that_grew_too_old_are_dropped(tmp_path):
    registry = Registry()
    text = "queue_config: {batch_send_deadline: 20ms, sample_age_limit: 1m}"
    async with receiver() as got, sending(tmp_path, remote(got.url, text), registry=registry) as (_, tee):
        tee.append(samples(series(1), [NOW_MS - 70_000, NOW_MS - 50_000], [1.0, 2.0]))
        await until(lambda: got.n_samples() == 1)
    dropped = "prometheus_remote_storage_samples_dropped_total{"
    assert exposed(registry, dropped) == 1
    assert b'reason="too_old"' in registry.exposition()


async def test_reload_keeps_what_is_the_same_and_what_waits(tmp_path):
    async with receiver() as one, receiver() as two:
        made = manager(tmp_path)
        tee = made.tee(Store())
        writer = tee.source("t")

        def ask():
            if writer.generation != ask.seen:
                ask.seen = writer.generation
                writer.columns(series(2))

        ask.seen = -1
        ask()
        writer.append(0, np.ones(2))
        await made.apply([remote(one.url)], {})
        ask()
        writer.append(1000, np.ones(2))
        await made.apply([remote(one.url), remote(two.url)], {})
        writer.append(2000, np.ones(2))
        ask()
        writer.append(3000, np.ones(2))
        before = writer.generation
        await made.apply([remote(one.url), remote(two.url)], {})
        assert writer.generation == before
        await made.apply([remote(one.url, "headers: {x: y}"), remote(two.url)], {})
        writer.append(4000, np.ones(2))
        ask()
        writer.append(5000, np.ones(2))
        await until(lambda: one.n_samples() == 10)
        await until(lambda: two.n_samples() == 6)
        assert one.headers[-1]["x"] == "y"
        await made.apply([], {})
        assert list(tmp_path.iterdir()) == []
        writer.append(6000, np.ones(2))
        await made.close(1)


async def test_renumbered_columns(tmp_path):
    async with receiver() as got:
        async with sending(tmp_path, remote(got.url)) as (made, _):
            store = Store()
            tee = made.tee(store)
            writer = tee.source("t")
            writer.columns(series(2))
            writer.append(1000, np.array([10.0, 11.0]))
            before = writer.generation
            store.writers[0].renumber()
            assert writer.generation != before
            writer.append(2000, np.array([]))
            writer.columns(series(3)[1:])
            writer.append(3000, np.array([31.0, 32.0]))
            await until(lambda: got.n_samples() == 4)
        values = {
            labels.get("i"): [(t, np.uint64(b).view(np.float64)) for t, b in kept]
            for labels, kept in got.samples.items()
        }
        assert values == {"0": [(1000, 10.0)], "1": [(1000, 11.0), (3000, 31.0)], "2": [(3000, 32.0)]}


async def test_segments_change_and_go(tmp_path, monkeypatch):
    from watchkeeper.metrics.remote import spool

    monkeypatch.setitem(spool.Spool.__init__.__kwdefaults__, "segment_bytes", 2000)
    async with receiver() as got:
        async with sending(tmp_path, remote(got.url)) as (_, tee):
            writer = tee.source("t")
            writer.columns(series(20))
            for second in range(100):
                writer.append(second * 1000, np.random.default_rng(second).random(20))
                tee.append(samples(series(2, "b"), [second], [1.0]))
            await until(lambda: got.n_samples() == 2100)
        assert all(len(kept) == 100 for kept in got.samples.values())
        assert len([path for path in next(tmp_path.iterdir()).iterdir() if path.name.isdigit()]) <= 2


async def test_a_full_spool_drops_the_oldest_and_says_so(tmp_path, monkeypatch, capsys):
    from watchkeeper.metrics.remote import spool

    monkeypatch.setitem(spool.Spool.__init__.__kwdefaults__, "segment_bytes", 2000)
    registry = Registry()
    async with receiver() as got:
        got.answer = lambda number: web.Response(status=500)
        config = remote(got.url, "queue_config: {capacity: 20, max_samples_per_send: 20, batch_send_deadline: 20ms}")
        async with sending(tmp_path, config, registry=registry, spool_limit_bytes=10_000) as (_, tee):
            writer = tee.source("t")
            writer.columns(series(20))
            for second in range(300):
                writer.append(second * 1000, np.random.default_rng(second).random(20))
            size = sum(path.stat().st_size for path in next(tmp_path.iterdir()).iterdir())
            assert size < 15_000
            dropped = exposed(registry, "prometheus_remote_storage_samples_dropped_total")
            assert dropped > 1000
            got.answer = lambda number: None
            await until(lambda: got.n_samples() + dropped == 6000)
    assert "spool is full" in capsys.readouterr().err


async def test_nothing_configured_costs_nothing(tmp_path):
    made = manager(tmp_path / "remote")
    await made.apply([], {})
    store = Store()
    tee = made.tee(store)
    writer = tee.source("t")
    writer.columns(series(2))
    writer.append(1000, np.ones(2))
    tee.append(samples(series(1), [1], [1.0]))
    assert len(store.batches) == 1
    assert not (tmp_path / "remote").exists()
    await made.close()


async def test_a_password_stands_neither_in_metrics_nor_in_folders(tmp_path, capsys):
    registry = Registry()
    made = manager(tmp_path, registry)
    await made.apply([remote("http://user:hunter2@127.0.0.1:1/write")], {})
    made.tee(Store()).append(samples(series(1), [1], [1.0]))
    await until(lambda: exposed(registry, "prometheus_remote_storage_samples_retried_total") > 0)
    await made.close(0.1)
    captured = capsys.readouterr()
    assert "wait on the disk" in captured.err
    assert "hunter2" not in captured.err + registry.exposition().decode()
    assert not any(b"hunter2" in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


def test_hostile_configuration_of_two_equal_remotes_gets_two_folders():
    from watchkeeper.metrics.remote.manager import _keys

    keys = _keys([remote("http://a/w"), remote("http://a/w"), remote("http://b/w")])
    assert len(set(keys)) == 3


@pytest.mark.parametrize("header", ["", "x", "-5", "5 minutes", "Wed, 99 Foo"])
def test_retry_after_that_says_nothing(header):
    from watchkeeper.metrics.remote.sender import retry_after_s

    assert retry_after_s(header) == 0


async def test_a_part_that_version_2_took_counts_as_sent(tmp_path):
    registry = Registry()
    async with receiver() as got:
        headers = {"X-Prometheus-Remote-Write-Samples-Written": "2"}
        got.answer = lambda number: web.Response(status=400, headers=headers)
        config = remote(got.url, "protobuf_message: io.prometheus.write.v2.Request")
        async with sending(tmp_path, config, registry=registry) as (_, tee):
            tee.append(samples(series(1), [1, 2, 3], [1.0, 2.0, 3.0]))
            await until(lambda: exposed(registry, "prometheus_remote_storage_samples_failed_total") == 1)
    assert exposed(registry, "prometheus_remote_storage_samples_total") == 2


async def test_damage_in_the_spool_costs_only_itself(tmp_path, capsys):
    async with receiver() as got:
        got.answer = lambda number: web.Response(status=500)
        async with sending(tmp_path, remote(got.url)) as (_, tee):
            for second in range(20):
                tee.append(samples(series(1, f"m{second}"), [second], [1.0]))
            await until(lambda: got.requests)
        (spool,) = tmp_path.iterdir()
        segment = next(path for path in spool.iterdir() if path.name.isdigit() and path.stat().st_size > 100)
        data = bytearray(segment.read_bytes())
        data[data.index(b"m9")] ^= 0x55
        segment.write_bytes(bytes(data) + b"\x01torn")
        got.answer = lambda number: None
        async with sending(tmp_path, remote(got.url)) as (_, tee):
            await until(lambda: got.n_samples() >= 18)
            tee.append(samples(series(1, "new"), [100], [1.0]))
            await until(lambda: Labels.of(__name__="new", i="0") in got.samples)
        assert got.n_samples() >= 19
    assert "spool is damaged" in capsys.readouterr().err


async def test_a_batch_that_can_not_be_encoded_costs_only_itself(tmp_path, monkeypatch):
    from watchkeeper.metrics.remote.batch import Batch

    encode, broken = Batch.encode_v1, [True]

    def sometimes(batch):
        if broken:
            broken.pop()
            raise ValueError("no")
        return encode(batch)

    monkeypatch.setattr(Batch, "encode_v1", sometimes)
    registry = Registry()
    async with receiver() as got, sending(tmp_path, remote(got.url), registry=registry) as (_, tee):
        tee.append(samples(series(1), [1], [1.0]))
        await until(lambda: not broken)
        tee.append(samples(series(1), [2], [1.0]))
        await until(lambda: got.n_samples() == 1)
    assert exposed(registry, "prometheus_remote_storage_samples_failed_total") == 1


async def test_a_damaged_row_or_definition_never_gives_other_values_or_labels(tmp_path):
    config_text = "queue_config: {batch_send_deadline: 20ms, min_backoff: 5ms, max_backoff: 20ms}"
    rng = np.random.default_rng(1)
    for round_ in range(12):
        folder = tmp_path / str(round_)
        truth = {}
        async with receiver() as got:
            got.answer = lambda number: web.Response(status=500)
            async with sending(folder, remote(got.url, config_text)) as (_, tee):
                writer = tee.source("t")
                for second in range(100):
                    writer.columns(series(3 + second // 10))
                    row = rng.random(3 + second // 10)
                    writer.append(second, row)
                    tee.append(samples(series(1, f"b{second}"), [second], [float(second)]))
                    truth |= {
                        (labels, second): bits
                        for labels, bits in zip(series(len(row)), row.view(np.uint64).tolist(), strict=True)
                    }
                    truth[series(1, f"b{second}")[0], second] = int(np.float64(second).view(np.uint64))
                await until(lambda got=got: got.requests)
            (spool,) = folder.iterdir()
            segment = max(
                (path for path in spool.iterdir() if path.name.isdigit()), key=lambda path: path.stat().st_size
            )
            data = bytearray(segment.read_bytes())
            for at in rng.integers(8, len(data), 2).tolist():
                data[at] ^= 1 << int(rng.integers(8))
            segment.write_bytes(bytes(data))
            got.answer = lambda number: None
            async with sending(folder, remote(got.url, config_text)) as (_, tee):
                tee.append(samples(series(1, "last"), [1], [1.0]))
                await until(lambda got=got: Labels.of(__name__="last", i="0") in got.samples)
            del got.samples[Labels.of(__name__="last", i="0")]
            assert all(truth[labels, time_ms] == bits for labels, kept in got.samples.items() for time_ms, bits in kept)
            assert got.n_samples() > 0
