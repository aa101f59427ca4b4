"""Segments in a bucket: what is brought up when, and what is served after whichever loss."""

from __future__ import annotations

import itertools
import shutil
import time

import numpy as np
import pytest

from tests.unit.core.objects.s3 import s3_server
from watchkeeper.core.kernels.line_block import Block
from watchkeeper.core.model.errors import UnavailableError
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.objects.bucket import Bucket
from watchkeeper.core.objects.objects import ObjectError
from watchkeeper.core.objects.settings import FolderSettings
from watchkeeper.core.telemetry.metrics import Registry
from watchkeeper.logs.store.block_cache import BlockCache
from watchkeeper.logs.store.bucket import DELETE_DELAY_S, BucketSegments
from watchkeeper.logs.store.bucket_list import LIST
from watchkeeper.logs.store.bucket_reader import DOWN_S
from watchkeeper.logs.store.manifest import FILE
from watchkeeper.logs.store.metrics import StoreMetrics
from watchkeeper.logs.store.segment import SegmentInfo
from watchkeeper.logs.store.segment_writer import SealedBlock, SegmentWriter
from watchkeeper.logs.store.segments import Segments
from watchkeeper.logs.store.streams import Streams, pack_key

DAY_NS = 86_400 * 10**9
MOMENTS = itertools.count(DAY_NS)


class Switched:
    """Objects that can be switched off, and that say what was asked."""

    def __init__(self, objects):
        self._objects = objects
        self.is_up = True
        self.fails_at = None
        self.asked = []

    def __getattr__(self, name):
        found = getattr(self._objects, name)
        if not callable(found):
            return found

        def call(*args):
            self.asked.append((name, args[0] if args else ""))
            if not self.is_up or (self.fails_at is not None and len(self.asked) >= self.fails_at):
                raise ObjectError("connection refused", retryable=True)
            return found(*args)

        return call


class Store:
    """The part of a log store that has segments; opened in a folder, over a bucket."""

    def __init__(self, directory, objects, cache_bytes=1 << 30, pauses_ns=(10**10, 10**11)):
        self.now_s = 1000.0
        self.directory = directory
        self.registry = Registry()
        local = directory / "segments"
        self.bucket = BucketSegments(
            objects,
            local,
            directory / "cache",
            cache_bytes,
            self.registry,
            pauses_ns=pauses_ns,
            clock_s=lambda: self.now_s,
        )
        self.segments = Segments(
            local, directory, Streams(), BlockCache(1 << 20), StoreMetrics(self.registry), open_source=self.bucket.open,
            on_written=self.bucket.on_written, on_removed=self.bucket.on_removed,
        )  # fmt: skip
        directory.mkdir(parents=True, exist_ok=True)
        self.segments.open_all()
        self.bucket.attach(self.segments, local_counts=self.segments.was_listed)
        self.segments.choose_log()

    def write(self, text, replaces=()):
        """A segment of one line, in the place of others."""
        block = Block()
        data = text.encode()
        places = np.array([0], np.int64), np.array([len(data)], np.int64)
        block.append(data, *places, np.array([DAY_NS], np.int64))
        sealed, words = block.seal()
        name = self.segments.new_name(DAY_NS, next(MOMENTS))
        path = self.segments.directory / name
        with SegmentWriter(path, log_id=self.segments.log_id, parents=[one.name for one in replaces]) as writer:
            writer.start_stream(pack_key("fake", Labels.of(app="a")), 0)
            writer.add(SealedBlock(sealed, words, DAY_NS, DAY_NS, 1, len(data)))
            footer = writer.finish()
        self.segments.replace(list(replaces), [SegmentInfo.of(name, path.stat().st_size, footer)])
        return next(one for one in self.segments.current if one.name == name)

    def merge(self, text):
        """One segment in the place of all."""
        return self.write(text, self.segments.current)

    def lines(self):
        """All lines that are served."""
        found = []
        for segment in self.segments.loaded(self.segments.current):
            block = segment.block(0)
            found += [line.decode() for line in block.lines(np.arange(block.n_rows, dtype=np.int32))]
        return sorted(found)

    def value(self, name):
        (family,) = [one for one in self.registry.collect() if one.name == name]
        return family.samples[0][3]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with s3_server(tmp_path_factory.mktemp("s3") / "buckets") as running:
        yield running


@pytest.fixture(params=["folder", "s3"])
def objects(request, tmp_path):
    if request.param == "folder":
        return Switched(Bucket(FolderSettings(directory=tmp_path / "bucket")))
    server = request.getfixturevalue("server")
    return Switched(Bucket(server.settings(bucket=server.new_bucket(), prefix="loki")))


@pytest.fixture
def folder(tmp_path):
    return Switched(Bucket(FolderSettings(directory=tmp_path / "bucket")))


def keys(objects):
    return [info.key for info in objects._objects.list()]


def test_segments_are_brought_up_and_serve_from_the_cache(tmp_path, objects):
    store = Store(tmp_path / "a", objects)
    first, second = store.write("one"), store.write("two")
    assert store.value("watchkeeper_logs_bucket_waiting_segments") == 2
    store.bucket.sync()
    assert keys(objects) == [LIST, f"segments/{first.name}", f"segments/{second.name}"]
    assert list((tmp_path / "a/segments").iterdir()) == []
    assert store.lines() == ["one", "two"]
    assert not [key for name, key in objects.asked if name.startswith("get") and key.startswith("segments/")]
    assert store.value("watchkeeper_logs_bucket_waiting_segments") == 0


def test_all_that_was_brought_up_survives_the_loss_of_the_local_folder(tmp_path, objects):
    store = Store(tmp_path / "a", objects)
    store.write("one")
    store.write("two")
    store.bucket.sync()
    store.write("three, and never brought up")
    store.bucket.stop()
    shutil.rmtree(tmp_path / "a")
    again = Store(tmp_path / "a", objects)
    assert again.lines() == ["one", "two"]
    again.write("four")
    again.bucket.sync()
    assert Store(tmp_path / "b", objects).lines() == ["four", "one", "two"]


def test_a_store_in_a_new_folder_reads_only_what_it_is_asked_for(tmp_path, objects):
    store = Store(tmp_path / "a", objects)
    for i in range(5):
        store.write(f"line {i}")
    store.bucket.sync()
    objects.asked.clear()
    again = Store(tmp_path / "b", objects)
    assert [key for name, key in objects.asked if name.startswith("get") and key.startswith("segments/")] == []
    assert len(again.segments.current) == 5
    again.segments.current[0].load()
    assert len([name for name, key in objects.asked if name.startswith("get") and key.startswith("segments/")]) == 1


def test_the_local_manifest_counts_after_a_restart(tmp_path, folder):
    store = Store(tmp_path / "a", folder)
    store.write("one")
    store.bucket.sync()
    store.write("waits")
    store.bucket.stop()
    again = Store(tmp_path / "a", folder)
    assert again.lines() == ["one", "waits"]
    again.bucket.sync()
    assert again.lines() == ["one", "waits"]
    assert len(keys(folder)) == 3


def test_while_the_bucket_does_not_answer_segments_wait_and_serve(tmp_path, objects, capsys):
    store = Store(tmp_path / "a", objects)
    objects.is_up = False
    store.write("one")
    assert store.bucket._round() is False
    assert store.bucket._round() is False
    store.write("two")
    assert store.lines() == ["one", "two"]
    with pytest.raises(UnavailableError, match="the bucket does not answer: connection refused"):
        store.bucket.flush()
    objects.is_up = True
    assert store.bucket._round() is True
    assert len(keys(objects)) == 3
    assert store.lines() == ["one", "two"]
    shown = capsys.readouterr().err
    assert shown.count("the bucket does not answer; segments wait on the disk") == 1
    assert shown.count("the bucket answers again") == 1
    assert store.value("watchkeeper_logs_bucket_failures_total") == 2


def test_a_store_starts_while_the_bucket_does_not_answer_and_serves_what_it_has(tmp_path, folder):
    store = Store(tmp_path / "a", folder)
    store.write("in the bucket")
    store.bucket.sync()
    store.write("waits")
    store.bucket.stop()
    folder.is_up = False
    again = Store(tmp_path / "a", folder)
    assert again.lines() == ["in the bucket", "waits"]
    shutil.rmtree(tmp_path / "a/cache")
    without_cache = Store(tmp_path / "a", folder)
    assert without_cache.lines() == ["waits"]
    folder.is_up = True
    without_cache.now_s += DOWN_S
    assert without_cache.lines() == ["in the bucket", "waits"]


def test_a_bucket_that_does_not_answer_is_asked_by_one_read_and_not_by_each(tmp_path, folder):
    store = Store(tmp_path / "a", folder)
    for i in range(10):
        store.write(f"line {i}")
    store.bucket.sync()
    shutil.rmtree(tmp_path / "a/cache")
    again = Store(tmp_path / "a", folder)
    folder.is_up = False
    folder.asked.clear()
    assert again.lines() == []
    assert len([1 for name, _ in folder.asked if name == "get_range"]) == 1


def test_a_new_folder_serves_once_the_bucket_answers(tmp_path, folder):
    store = Store(tmp_path / "a", folder)
    store.write("one")
    store.bucket.sync()
    folder.is_up = False
    again = Store(tmp_path / "b", folder)
    assert again.lines() == []
    again.write("meanwhile")
    folder.is_up = True
    assert again.bucket._round() is True
    assert again.lines() == ["meanwhile", "one"]


def test_merged_segments_go_from_the_bucket_after_a_while(tmp_path, objects):
    store = Store(tmp_path / "a", objects)
    old = [store.write("one"), store.write("two")]
    store.bucket.sync()
    reader = old[0]
    new = store.merge("one and two")
    store.bucket.sync()
    assert reader.block(0).n_rows == 1  # A query that began before.
    assert len(keys(objects)) == 4
    store.now_s += DELETE_DELAY_S
    store.bucket.sync()
    assert keys(objects) == [LIST, f"segments/{new.name}"]
    assert store.lines() == ["one and two"]
    assert sorted(path.name for path in (tmp_path / "a/cache").iterdir()) == [new.name]


def test_a_segment_that_is_merged_before_it_was_brought_up_never_is(tmp_path, folder):
    store = Store(tmp_path / "a", folder)
    store.write("one")
    new = store.merge("one, merged")
    store.bucket.sync()
    assert keys(folder) == [LIST, f"segments/{new.name}"]


class Killed(Exception):
    """The process ends here."""


@pytest.mark.parametrize("n_calls", range(12))
def test_a_loss_at_any_moment_leaves_each_line_once(tmp_path, folder, n_calls):
    """Whatever the last request before the loss of the folder was: the bucket has each of its lines once."""
    store = Store(tmp_path / "a", folder)
    store.write("one")
    store.write("two")
    store.bucket.sync()
    store.merge("one and two")
    store.write("three")
    folder.asked.clear()
    plain = folder._objects

    class Dying:
        reads_ranges = True

        def __getattr__(self, name):
            if len(folder.asked) >= n_calls:
                raise Killed
            folder.asked.append((name, ""))
            return getattr(plain, name)

    store.bucket._objects = Dying()
    try:
        store.bucket.sync()
        store.merge("all three")
        store.now_s += DELETE_DELAY_S
        store.bucket.sync()
    except Killed:
        pass
    shutil.rmtree(tmp_path / "a")
    assert Store(tmp_path / "a", folder).lines() in (["one", "two"], ["one and two", "three"], ["all three"])


def test_a_damaged_object_is_set_aside_and_others_serve(tmp_path, folder):
    store = Store(tmp_path / "a", folder)
    bad, good = store.write("bad"), store.write("good")
    store.bucket.sync()
    path = tmp_path / "bucket/segments" / bad.name
    data = bytearray(path.read_bytes())
    data[-9] ^= 1
    path.write_bytes(data)
    again = Store(tmp_path / "b", folder)
    assert again.lines() == ["good"]
    assert [one.name for one in again.segments.current] == [good.name]


@pytest.mark.parametrize("at", [20, -9])
def test_where_only_the_local_copy_is_damaged_the_bucket_is_asked_again(tmp_path, folder, at):
    store = Store(tmp_path / "a", folder)
    name = store.write("whole in the bucket").name
    store.bucket.sync()
    path = tmp_path / "a/cache" / name
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)
    assert store.lines() == ["whole in the bucket"]
    assert store.value("watchkeeper_logs_corrupt_blocks_total") == 0


def test_small_files_survive_the_loss_of_the_folder(tmp_path, folder):
    store = Store(tmp_path / "a", folder)
    (tmp_path / "a/deletes.json").write_bytes(b"requests")
    store.write("one")
    store.bucket.sync()
    assert "state/deletes.json" in keys(folder)
    again = Store(tmp_path / "b", folder)
    assert (tmp_path / "b/deletes.json").read_bytes() == b"requests"
    (tmp_path / "b/deletes.json").write_bytes(b"more requests")
    again.bucket.sync()
    assert (tmp_path / "bucket/state/deletes.json").read_bytes() == b"more requests"
    n_puts = len([1 for call, _ in folder.asked if call == "put"])
    again.bucket.sync()
    assert len([1 for call, _ in folder.asked if call == "put"]) == n_puts


def test_an_object_that_is_cut_short_is_not_served(tmp_path, folder, capsys):
    store = Store(tmp_path / "a", folder)
    bad = store.write("bad")
    store.write("good")
    store.bucket.sync()
    path = tmp_path / "bucket/segments" / bad.name
    path.write_bytes(path.read_bytes()[:-1])
    assert Store(tmp_path / "b", folder).lines() == ["good"]


def test_an_object_that_is_missing_is_told(tmp_path, folder, capsys):
    store = Store(tmp_path / "a", folder)
    gone = store.write("gone")
    store.write("good")
    store.bucket.sync()
    (tmp_path / "bucket/segments" / gone.name).unlink()
    assert Store(tmp_path / "b", folder).lines() == ["good"]
    assert f'a segment is missing in the bucket; others serve" segment={gone.name}' in capsys.readouterr().err


@pytest.mark.parametrize("damage", ["missing", "damaged"])
def test_without_its_list_the_bucket_is_asked_segment_by_segment(tmp_path, folder, damage):
    store = Store(tmp_path / "a", folder)
    store.write("one")
    store.write("two")
    store.bucket.sync()
    store.merge("one and two")
    store.write("three")
    store.bucket.sync()
    path = tmp_path / "bucket" / LIST
    path.unlink() if damage == "missing" else path.write_bytes(b"{}\n00000000\n")
    assert len(keys(folder)) == 4 + (damage == "damaged")
    assert Store(tmp_path / "b", folder).lines() == ["one and two", "three"]


def test_a_damaged_local_manifest_does_not_empty_the_bucket(tmp_path, folder):
    store = Store(tmp_path / "a", folder)
    store.write("one")
    store.bucket.sync()
    store.write("waits")
    store.bucket.stop()
    (tmp_path / "a" / FILE).write_bytes(b"damage")
    again = Store(tmp_path / "a", folder)
    again.now_s += 10 * DELETE_DELAY_S
    again.bucket.sync()
    assert again.lines() == ["one", "waits"]


def test_two_stores_in_one_bucket_are_told_and_remove_nothing(tmp_path, folder):
    first = Store(tmp_path / "a", folder)
    first.write("one")
    first.bucket.sync()
    second = Store(tmp_path / "b", folder)
    second.write("two")
    second.bucket.sync()
    first.write("three")
    with pytest.raises(ObjectError, match="another store writes to this bucket and prefix"):
        first.bucket.sync()
    assert second.lines() == ["one", "two"]
    assert first.lines() == ["one", "three"]


def test_the_cache_is_bounded_and_everything_serves(tmp_path, objects):
    store = Store(tmp_path / "a", objects, cache_bytes=2000)
    texts = sorted(f"line {i} " + "x" * 300 for i in range(20))
    for text in texts:
        store.write(text)
    store.bucket.sync()
    assert store.bucket.cache.size_bytes <= 2000
    assert store.lines() == texts
    assert store.bucket.cache.size_bytes <= 2000


def wait_for(check):
    deadline = time.monotonic() + 10
    while not check():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_the_thread_brings_up_what_is_written(tmp_path, folder):
    store = Store(tmp_path / "a", folder)
    store.bucket.start()
    store.write("one")
    wait_for(lambda: len(keys(folder)) == 2)
    store.bucket.stop()
    assert Store(tmp_path / "b", folder).lines() == ["one"]


def test_the_thread_brings_up_at_once_what_waits_from_an_earlier_run(tmp_path, folder):
    store = Store(tmp_path / "a", folder)
    store.write("one")
    store.bucket.stop()
    again = Store(tmp_path / "a", folder)
    again.bucket.start()
    wait_for(lambda: len(keys(folder)) == 2)
    again.bucket.stop()


def test_the_thread_tries_again_by_itself(tmp_path, folder):
    store = Store(tmp_path / "a", folder, pauses_ns=(10_000_000, 20_000_000))
    folder.is_up = False
    store.bucket.start()
    store.write("one")
    wait_for(lambda: store.value("watchkeeper_logs_bucket_failures_total") >= 3)
    folder.is_up = True
    wait_for(lambda: len(keys(folder)) == 2)
    store.bucket.stop()
