"""The store as a whole: what was acknowledged is answered, once, after whatever happened."""

from __future__ import annotations

import errno
import io
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.oracle.log_store import batch_of
from tests.unit.logs.store.stores import APP, DATABASE, OPEN_LIMITS, T0, Stores, row
from watchkeeper.core.disk.lock import DirectoryLocked
from watchkeeper.core.disk.wal import WriteFailed
from watchkeeper.core.model.errors import CorruptionError, UnavailableError
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.model.matcher import Matcher, MatchType
from watchkeeper.core.telemetry.log import configure
from watchkeeper.logs.interface import PushError, TailBatch
from watchkeeper.logs.store.head import EMPTY_BLOCK_BYTES
from watchkeeper.logs.store.limits import Limits
from watchkeeper.logs.store.options import DAY_NS, HOUR_NS

SHOP = Matcher("app", MatchType.EQUAL, "shop")


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    configure("error", stream=io.StringIO())
    yield
    configure()


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Stores]:
    made = Stores(tmp_path / "logs")
    yield made
    made.store.close()


def test_a_push_is_answered_at_once_after_a_kill_and_from_a_segment(stores: Stores) -> None:
    stores.push(APP, row(2, "second"), row(1, "first", user="7"), with_body=True)
    stores.push(DATABASE, row(1, b"\xff\x00 raw"))
    expected = [b"\xff\x00 raw", b"first", b"second"]
    assert stores.lines() == expected
    stores.kill()
    assert stores.lines() == expected
    stores.store.flush()
    assert stores.lines() == expected
    assert not any(slice_.is_head for slice_ in stores.store.querier("t").select([], T0, T0 + HOUR_NS))
    stores.kill()
    assert stores.lines() == expected
    assert stores.metric("loki_ingester_memory_chunks") == 0


def test_the_end_of_a_range_is_not_in_it(stores: Stores) -> None:
    stores.push(APP, row(0, "a"), row(1, "b"), row(2, "c"))
    for _ in range(2):
        assert stores.lines(start_ns=T0, end_ns=T0 + 2 * 10**9) == [b"a", b"b"]
        assert stores.lines(start_ns=T0 + 1, end_ns=T0 + 10**9 + 1) == [b"b"]
        stores.store.flush()


def test_tenants_do_not_see_each_other(stores: Stores) -> None:
    stores.push(APP, row(1, "mine"))
    stores.push(APP, row(1, "yours"), tenant="other")
    for _ in range(2):
        assert stores.lines() == [b"mine"]
        assert stores.lines(tenant="other") == [b"yours"]
        assert stores.lines(tenant="nobody") == []
        assert stores.store.tenants() == ["other", "t"]
        stores.store.flush()
    stores.reopen()
    assert stores.store.tenants() == ["other", "t"]


def test_matchers_choose_streams(stores: Stores) -> None:
    stores.push(APP, row(1, "s"))
    stores.push(DATABASE, row(1, "d"))
    for _ in range(2):
        assert stores.lines(SHOP) == [b"s"]
        assert stores.lines(Matcher("app", MatchType.NOT_REGEX, "sh.*")) == [b"d"]
        assert stores.lines(Matcher("zone", MatchType.EQUAL, "")) == [b"d", b"s"]
        stores.store.flush()


def test_rows_that_came_twice_count_once_wherever_they_stand(stores: Stores) -> None:
    stores.push(APP, row(1, "a"), row(2, "b", user="1"))
    stores.push(APP, row(2, "b", user="1"), row(2, "b", user="2"))
    assert stores.lines() == [b"a", b"b", b"b"]
    assert stores.metric("watchkeeper_logs_duplicate_entries_total") == 1
    stores.store.flush()
    stores.push(APP, row(1, "a"), row(1, "A"), row(2, "b", user="2"))
    assert stores.lines() == [b"A", b"a", b"b", b"b"]
    stores.store.flush()
    assert stores.lines() == [b"A", b"a", b"b", b"b"]
    (volume,) = stores.store.querier("t").volumes([], T0, T0 + HOUR_NS)
    assert volume[3] == 6  # By headers.
    stores.store.compact()
    assert len(stores.segments()) == 1
    assert stores.lines() == [b"A", b"a", b"b", b"b"]
    (volume,) = stores.store.querier("t").volumes([], T0, T0 + HOUR_NS)
    assert volume[3] == 4


def test_old_entries_are_taken_in_any_order(stores: Stores) -> None:
    for second in (50, 10, 30, 20, 40):
        stores.push(APP, row(second, f"{second}"))
        stores.store.flush()
    assert stores.lines() == [b"10", b"20", b"30", b"40", b"50"]
    stores.store.compact()
    assert stores.lines() == [b"10", b"20", b"30", b"40", b"50"]


def test_a_block_is_cut_at_its_size_also_within_one_huge_push(stores: Stores) -> None:
    stores.with_options(cut_raw_bytes=1 << 20)
    line = b"x" * 1000
    rows = [(T0 + i, line + b"%d" % i, ()) for i in range(20_000)]
    stores.push(APP, *rows)
    blocks = stores.store.querier("t").select([], T0, T0 + HOUR_NS)
    assert len(blocks) >= 5
    assert max(block.raw_bytes for block in blocks) < 8 << 20
    assert len(stores.lines()) == 20_000
    stores.kill()
    assert len(stores.lines()) == 20_000


def test_a_kill_between_the_blocks_of_one_push_loses_nothing(stores: Stores) -> None:
    stores.with_options(cut_raw_bytes=1 << 20)
    rows = [(T0 + i, b"x" * 1000 + b"%d" % i, ()) for i in range(12_000)]
    stores.push(APP, *rows)
    assert stores.store._flusher._seal_one()
    stores.store._flusher._write()
    (segment,) = stores.store._segments.current
    assert 0 < segment.info.n_rows < 12_000
    stores.kill()
    assert stores.lines() == [line for _, line, _ in rows]
    stores.store.flush()
    assert len(stores.lines()) == 12_000


def test_a_block_that_can_not_be_sealed_stays_in_memory_and_in_the_log(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: object) -> None:
        raise ValueError("no")

    with monkeypatch.context() as patched:
        patched.setattr("watchkeeper.logs.store.stream.HeadBlock.seal", fail)
        stores.push(APP, row(1, "a"))
        stores.store.flush()
    stores.push(APP, row(2, "b"))
    stores.store.flush()
    assert stores.lines() == [b"a", b"b"]
    assert stores.metric("watchkeeper_logs_flushes_failed_total") == 1
    stores.kill()
    assert stores.lines() == [b"a", b"b"]


def test_the_memory_of_open_blocks_has_a_bound(stores: Stores) -> None:
    stores.with_options(max_open_bytes=200_000, max_waiting_bytes=0)
    for i in range(50):
        labels = Labels.of(app=f"a{i}", service_name="s")
        stores.push(labels, *(row(j, f"line {j} of stream {i} {'y' * 40} {i * j}") for j in range(400)))
    head = stores.store._head
    assert head.open_bytes <= 200_000 + 50 * EMPTY_BLOCK_BYTES
    assert head.waiting_bytes > 0
    stores.store.tick()
    assert head.waiting_bytes == 0
    assert len(stores.lines()) == 20_000


def test_blocks_are_cut_when_they_are_idle_or_old(stores: Stores) -> None:
    stores.push(APP, row(1, "a"))
    stores.now_ns += 29 * 60 * 10**9
    stores.push(DATABASE, row(1, "b"))
    stores.store.tick()
    assert not stores.segments()
    stores.now_ns += 61 * 10**9
    stores.store.tick()
    assert len(stores.segments()) == 1
    assert stores.metric("loki_ingester_memory_chunks") == 1
    for _ in range(8):  # Never idle.
        stores.now_ns += 15 * 60 * 10**9
        stores.push(DATABASE, row(1, "c"))
        stores.store.tick()
    assert stores.metric("loki_ingester_memory_chunks") == 0
    assert stores.lines() == [b"b", b"c", b"a"]


def test_a_stream_without_entries_leaves_memory(stores: Stores) -> None:
    stores.push(APP, row(1, "a"))
    assert stores.metric("loki_ingester_memory_streams") == 1
    stores.store.flush()
    stores.now_ns += HOUR_NS
    stores.store.tick()
    assert stores.metric("loki_ingester_memory_streams") == 0
    assert stores.lines() == [b"a"]


def test_the_log_stays_short_although_a_stream_is_slow(stores: Stores) -> None:
    stores.with_options(wal_segment_bytes=4_000, max_wal_bytes=20_000, cut_raw_bytes=8_000, flush_bytes=1)
    stores.push(DATABASE, row(0, "slow"))
    for i in range(60):
        stores.push(APP, *(row(i + j / 20, f"{i} {j} {os.urandom(20).hex()}") for j in range(20)))
        stores.store.tick()
    assert stores.metric("loki_ingester_wal_bytes_in_use") < 40_000
    assert len(stores.kill().querier("t").streams([], T0, T0 + HOUR_NS)) == 2
    assert len(stores.lines()) == 1201


def test_a_torn_end_of_the_log_is_cut_and_told(stores: Stores) -> None:
    stores.push(APP, row(1, "whole"))
    stores.push(APP, row(2, "torn"))
    stores.store.close()
    (newest,) = [path for path in sorted((stores.path / "wal").iterdir()) if path.stat().st_size > 8]
    os.truncate(newest, newest.stat().st_size - 3)
    stores.open()
    assert stores.lines() == [b"whole"]
    assert stores.metric("loki_ingester_wal_corruptions_total") == 1
    stores.push(APP, row(3, "after"))
    stores.kill()
    assert stores.lines() == [b"whole", b"after"]


def test_a_damaged_block_is_set_aside_and_others_serve(stores: Stores) -> None:
    stores.push(DATABASE, row(1, "d"))
    stores.push(APP, row(1, "s"))
    stores.store.flush()
    stores.store.close()
    (path,) = stores.segments()
    data = bytearray(path.read_bytes())
    data[12] ^= 0xFF  # Within the first block, which is of the stream that sorts first.
    path.write_bytes(data)
    stores.open()
    with pytest.raises(CorruptionError):
        stores.lines()
    assert stores.lines() == [b"s"]
    assert stores.metric("watchkeeper_logs_corrupt_blocks_total") == 1
    stores.reopen()
    assert stores.lines() == [b"s"]
    stores.push(APP, row(2, "t"))
    stores.store.flush()
    stores.store.compact()
    assert stores.lines() == [b"s", b"t"]
    assert len(list((stores.path / "segments").glob("*.corrupt"))) == 1


@pytest.mark.parametrize("damage", ["cut", "footer", "empty"])
def test_a_damaged_segment_is_set_aside_and_others_serve(stores: Stores, damage: str) -> None:
    stores.push(APP, row(1, "gone"))
    stores.store.flush()
    stores.push(APP, row(2, "here"))
    stores.store.flush()
    stores.store.close()
    path = stores.segments()[0]
    data = path.read_bytes()
    path.write_bytes({"cut": data[:-20], "footer": data[:-60] + b"?" + data[-59:], "empty": b""}[damage])
    for log in (stores.path / "wal").iterdir():  # Else its entries would come back from there.
        log.unlink()
    stores.open()
    assert stores.lines() == [b"here"]
    assert path.with_name(path.name + ".corrupt").exists()
    assert stores.metric("watchkeeper_logs_corruptions_total") == 1


def test_entries_of_a_lost_segment_come_back_from_the_log(stores: Stores) -> None:
    stores.push(APP, row(1, "a"))
    stores.store.flush()
    stores.store.close()
    stores.segments()[0].unlink()
    stores.open()
    assert stores.lines() == [b"a"]


@pytest.mark.parametrize("damaged", [True, False])
def test_without_a_manifest_segments_tell_what_there_is(stores: Stores, damaged: bool) -> None:
    for second in (1, 2):
        stores.push(APP, row(second, f"{second}"))
        stores.store.flush()
    inputs = [(path, path.read_bytes()) for path in stores.segments()]
    stores.store.compact()
    stores.store.close()
    for path, data in inputs:  # As if a crash had come before they were removed.
        path.write_bytes(data)
    manifest = stores.path / "manifest.json"
    if damaged:
        manifest.write_bytes(manifest.read_bytes().replace(b"min_ns", b"max_ns", 1))
    else:
        manifest.unlink()
    stores.open()
    assert stores.lines() == [b"1", b"2"]
    assert len(stores.segments()) == 1


def test_a_segment_that_never_counted_goes(stores: Stores) -> None:
    stores.push(APP, row(1, "a"))
    stores.store.flush()
    (path,) = stores.segments()
    data = path.read_bytes()
    stores.store.close()
    path.with_name("20230101-0000000000000001.wkl").write_bytes(data)
    path.with_name("x.wkl.tmp").write_bytes(b"half")
    stores.open()
    assert stores.segments() == [path]
    assert not list((stores.path / "segments").glob("*.tmp"))


def test_a_second_process_is_refused(stores: Stores) -> None:
    with pytest.raises(DirectoryLocked):
        Stores(stores.path)
    assert stores.lines() == []


def test_a_full_disk_refuses_pushes_and_answers_queries(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    stores.push(APP, row(1, "a"))
    full = OSError(errno.ENOSPC, "No space left on device")

    def fail(*arguments: object) -> int:
        raise full

    with monkeypatch.context() as patched:
        patched.setattr("watchkeeper.core.disk.wal.os.write", fail)
        with pytest.raises(UnavailableError, match="No space left"):
            stores.push(APP, row(2, "b"))
        assert stores.lines() == [b"a"]
    assert stores.metric("loki_ingester_wal_disk_full_failures_total") == 1
    with monkeypatch.context() as patched:
        patched.setattr("watchkeeper.logs.store.segment_writer.os.replace", fail)
        with pytest.raises(OSError, match="No space left"):
            stores.store.flush()
        stores.store.tick()
        assert stores.lines() == [b"a"]
        assert not stores.segments()
    stores.push(APP, row(3, "c"))
    stores.store.flush()
    assert stores.lines() == [b"a", b"c"]
    assert len(stores.segments()) == 1
    stores.kill()
    assert stores.lines() == [b"a", b"c"]


def test_what_waits_for_segments_that_can_not_be_written_has_a_bound(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    stores.with_options(max_pending_bytes=1000)

    def fail(*arguments: object, **keywords: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    with monkeypatch.context() as patched:
        patched.setattr("watchkeeper.logs.store.flush.SegmentWriter", fail)
        refused = ""
        for i in range(50):
            try:
                stores.push(APP, *(row(i + j / 50, os.urandom(40).hex()) for j in range(20)))
            except UnavailableError as error:
                refused = str(error)
                break
            with pytest.raises(OSError, match="Read-only"):
                stores.store.flush()
        assert "Read-only file system" in refused
    before = stores.lines()
    assert before
    stores.store.flush()
    stores.push(APP, row(100, "again"))
    assert sorted(stores.lines()) == sorted([*before, b"again"])


def test_the_last_room_on_the_disk_is_kept_for_segments(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = io.StringIO()
    configure(stream=shown)
    stores.with_options(reserve_bytes=1 << 20)
    room = [1 << 19]
    monkeypatch.setattr(
        "watchkeeper.logs.store.head.os.statvfs",
        lambda path: os.statvfs_result((4096, 4096, 1 << 20, 0, room[0] // 4096, 0, 0, 0, 0, 255)),
    )
    for _ in range(3):
        with pytest.raises(WriteFailed, match="No space left on device"):
            stores.push(APP, row(1, "a"))
    room[0] = 1 << 30
    stores.push(APP, row(1, "a"))
    assert stores.lines() == [b"a"]
    told = shown.getvalue()
    assert told.count("pushes are refused: their lines can't be kept") == 1
    assert told.count("pushes are taken again") == 1


def test_what_memory_would_refuse_is_not_in_the_log(stores: Stores) -> None:
    batch = batch_of([(APP, [row(1, "a"), row(2, "b")])])
    wide = np.zeros((2, 2), np.int64)
    wide[:, 0] = batch.times_ns
    batch.times_ns = wide[:, 0]  # Not contiguous.
    stores.store.push("t", batch)
    assert stores.lines() == [b"a", b"b"]
    stores.kill()
    assert stores.lines() == [b"a", b"b"]
    assert stores.metric("loki_ingester_wal_corruptions_total") == 0


def test_the_good_entries_of_a_push_are_kept(tmp_path: Path) -> None:
    limits = Limits(reject_old_samples=True, reject_old_samples_max_age_ns=2 * HOUR_NS)
    stores = Stores(tmp_path / "logs", limits=limits)
    with pytest.raises(PushError) as caught:
        stores.push(APP, row(1, "good"), (T0 - DAY_NS, b"old", ()), row(2, "good too"), with_body=True)
    assert caught.value.status == 400
    for _ in range(2):
        assert stores.lines() == [b"good", b"good too"]
        stores.kill()
    stores.store.close()


def test_levels_are_those_of_the_push_also_after_a_replay(stores: Stores) -> None:
    stores.push(APP, row(1, "level=error msg=x"), row(2, "level=info msg=y"))

    def levels() -> list[str]:
        (slice_,) = stores.store.querier("t").select([], T0, T0 + HOUR_NS)
        block, rows = slice_.load()
        coded = block.metadata_values(int(block.shape_of(rows)[0]), 0, rows)
        return [coded.values[code].decode() for code in coded.codes.tolist()]

    assert levels() == ["error", "info"]
    stores.limits = Limits(discover_log_levels=False, reject_old_samples=False)
    stores.kill()
    assert levels() == ["error", "info"]


def test_a_tail_sees_what_is_stored(stores: Stores) -> None:
    seen: list[TailBatch] = []
    end = stores.store.subscribe("t", [SHOP], seen.append)
    stores.push(APP, row(1, "a"), row(2, "b"))
    stores.push(DATABASE, row(1, "d"))
    stores.push(APP, row(2, "b"), row(3, "c"))
    stores.push(APP, row(4, "x"), tenant="other")
    assert [list(batch.block.lines(batch.rows)) for batch in seen] == [[b"a", b"b"], [b"c"]]
    assert {batch.stream.text for batch in seen} == {str(APP)}
    end()
    stores.push(APP, row(5, "e"))
    assert len(seen) == 2


def test_a_needle_leaves_out_blocks_that_surely_lack_it(stores: Stores) -> None:
    for i in range(20):
        labels = Labels.of(app=f"a{i}", service_name="s")
        stores.push(labels, *(row(j, f"request {j} of word{i} done") for j in range(50)))
    stores.store.flush()
    querier = stores.store.querier("t")
    found = querier.select([], T0, T0 + HOUR_NS, [b" word7 "])
    assert "a7" in {slice_.stream.labels.get("app") for slice_ in found}
    assert len(found) < 5
    assert len(querier.select([], T0, T0 + HOUR_NS, [b"ord"])) == 20


def test_volumes_count_blocks_by_their_share(stores: Stores) -> None:
    stores.push(APP, row(0, "0123456789"), row(100, "0123456789"))
    for _ in range(2):
        querier = stores.store.querier("t")
        assert [volume[1:] for volume in querier.volumes([], T0, T0 + HOUR_NS)] == [(1, 20, 2)]
        ((stream, chunks, size, entries),) = querier.volumes([], T0, T0 + 50 * 10**9)
        assert (stream.text, chunks, size, entries) == (str(APP), 1, 10, 1)
        assert querier.volumes([], T0 + 101 * 10**9, T0 + HOUR_NS) == []
        stores.store.flush()


def test_a_query_that_began_before_a_merge_ends_well(stores: Stores) -> None:
    for second in (1, 2):
        stores.push(APP, row(second, f"{second}"))
        stores.store.flush()
    slices = stores.store.querier("t").select([], T0, T0 + HOUR_NS)
    stores.store.compact()
    assert len(stores.segments()) == 1
    lines = [line for slice_ in slices for line in slice_.load()[0].lines(slice_.load()[1])]
    assert lines == [b"1", b"2"]


def test_threads_do_the_same(tmp_path: Path) -> None:
    stores = Stores(tmp_path / "logs", background=True)
    stores.push(APP, row(1, "a"))
    stores.store.flush()
    stores.store.tick()
    stores.push(APP, row(2, "b"))
    stores.reopen()
    assert stores.lines() == [b"a", b"b"]
    stores.store.close()
    with pytest.raises(UnavailableError, match="once"):
        stores.store.open()
    with pytest.raises(UnavailableError):
        stores.push(APP, row(3, "c"))


def test_limits_of_streams_are_counted_in_memory(tmp_path: Path) -> None:
    import dataclasses

    limits = dataclasses.replace(OPEN_LIMITS, max_global_streams_per_user=1)
    stores = Stores(tmp_path / "logs", limits=limits)
    stores.push(APP, row(1, "a"))
    stores.push(APP, row(2, "b"))
    with pytest.raises(PushError, match="maximum active stream limit exceeded"):
        stores.push(DATABASE, row(1, "d"))
    assert stores.lines() == [b"a", b"b"]
    stores.store.close()
