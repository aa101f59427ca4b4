import threading

import pytest

from watchkeeper.core.model.errors import CorruptionError, UnavailableError
from watchkeeper.core.telemetry.metrics import Registry
from watchkeeper.logs.store.cache import PAGE_BYTES, SegmentCache

SIZE = 4 * PAGE_BYTES + 1000


def content(name, size=SIZE):
    return (f"{name}:".encode() * (size // len(name) + 1))[:size]


class Remote:
    """A bucket that says what it was asked for."""

    def __init__(self):
        self.asked = []
        self.is_up = True

    def fetch(self, name, offset, size):
        self.asked.append((name, offset, size))
        if not self.is_up:
            raise UnavailableError("down")
        return content(name)[offset : offset + size]


@pytest.fixture
def remote():
    return Remote()


@pytest.fixture
def cache(tmp_path, remote):
    made = SegmentCache(tmp_path / "cache", 3 * SIZE, remote.fetch, Registry())
    made.open()
    return made


def read(cache, name, offset, size):
    return bytes(cache.read(name, SIZE, offset, size))


def test_pages_are_fetched_once(cache, remote):
    assert read(cache, "a", 10, 20) == content("a")[10:30]
    assert read(cache, "a", PAGE_BYTES - 5, 5) == content("a")[PAGE_BYTES - 5 : PAGE_BYTES]
    assert remote.asked == [("a", 0, PAGE_BYTES)]
    assert cache.size_bytes == PAGE_BYTES


def test_neighbouring_pages_come_in_one_request_without_those_that_are_there(cache, remote):
    read(cache, "a", PAGE_BYTES, 1)
    remote.asked.clear()
    assert read(cache, "a", 0, SIZE) == content("a")
    assert remote.asked == [("a", 0, PAGE_BYTES), ("a", 2 * PAGE_BYTES, SIZE - 2 * PAGE_BYTES)]
    assert cache.size_bytes == SIZE


@pytest.mark.parametrize(("offset", "size"), [(-1, 5), (SIZE, 1), (SIZE - 1, 2), (0, -1)])
def test_what_is_beyond_the_segment_is_no_read(cache, remote, offset, size):
    with pytest.raises(CorruptionError):
        read(cache, "a", offset, size)
    assert remote.asked == []


def test_nothing_is_a_read_without_a_request(cache, remote):
    assert read(cache, "a", SIZE, 0) == b""
    assert remote.asked == []


def test_a_failed_fetch_leaves_no_trace(cache, remote):
    remote.is_up = False
    with pytest.raises(UnavailableError):
        read(cache, "a", 0, 10)
    remote.is_up = True
    assert read(cache, "a", 0, 10) == content("a")[:10]


def test_the_segment_read_longest_ago_goes(cache, remote):
    for name in ("a", "b", "c"):
        read(cache, name, 0, SIZE)
    read(cache, "a", 0, 1)
    read(cache, "d", 0, SIZE)
    assert cache.size_bytes <= 3 * SIZE
    assert [cache.has(name) for name in "abcd"] == [True, False, True, True]
    assert sorted(path.name for path in cache.directory.iterdir()) == ["a", "c", "d"]
    remote.asked.clear()
    assert read(cache, "b", 5, 5) == content("b")[5:10]
    assert remote.asked == [("b", 0, PAGE_BYTES)]


def test_views_outlive_their_segments(cache):
    view = cache.read("a", SIZE, 100, 50)
    cache.drop("a")
    assert list(cache.directory.iterdir()) == []
    assert bytes(view) == content("a")[100:150]


def test_a_segment_larger_than_the_cache_is_read_all_the_same(tmp_path, remote):
    cache = SegmentCache(tmp_path / "small", PAGE_BYTES, remote.fetch, Registry())
    cache.open()
    assert read(cache, "a", 0, SIZE) == content("a")
    assert cache.size_bytes <= PAGE_BYTES
    assert read(cache, "a", 7, 7) == content("a")[7:14]


def test_whole_segments_serve_after_a_restart_and_parts_go(cache, remote):
    read(cache, "whole", 0, SIZE)
    read(cache, "part", 0, 1)
    cache.close()
    again = SegmentCache(cache.directory, 3 * SIZE, remote.fetch, Registry())
    again.open()
    remote.asked.clear()
    assert read(again, "whole", 3, 9) == content("whole")[3:12]
    assert remote.asked == []
    assert not again.has("part")
    assert sorted(path.name for path in cache.directory.iterdir()) == ["whole"]


def test_after_a_kill_parts_go_too(cache, remote):
    read(cache, "part", 0, 1)
    again = SegmentCache(cache.directory, 3 * SIZE, remote.fetch, Registry())
    again.open()
    assert again.size_bytes == 0


def test_a_file_of_another_size_is_fetched_anew(cache, remote):
    (cache.directory / "a").write_bytes(b"short")
    cache.open()
    assert read(cache, "a", 0, 10) == content("a")[:10]
    assert remote.asked == [("a", 0, PAGE_BYTES)]


def test_a_file_that_was_brought_up_moves_in(cache, remote, tmp_path):
    path = tmp_path / "segment"
    path.write_bytes(content("a"))
    cache.take(path, "a")
    assert not path.exists()
    assert read(cache, "a", 0, SIZE) == content("a")
    assert remote.asked == []
    assert cache.size_bytes == SIZE


def test_where_parts_can_not_be_fetched_the_whole_is_fetched_once(tmp_path, remote):
    cache = SegmentCache(tmp_path / "c", 3 * SIZE, remote.fetch, Registry(), reads_ranges=lambda: False)
    cache.open()
    assert read(cache, "a", SIZE - 9, 9) == content("a")[-9:]
    assert read(cache, "a", 0, SIZE) == content("a")
    assert remote.asked == [("a", 0, SIZE)]
    assert cache.size_bytes == SIZE


def test_without_room_on_the_disk_reads_go_to_the_bucket(cache, remote, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.pwrite", full)
    assert read(cache, "a", 5, 5) == content("a")[5:10]
    monkeypatch.setattr("os.ftruncate", full)
    assert read(cache, "b", 5, 5) == content("b")[5:10]


def test_many_threads_read_what_is_there(cache):
    wrong = []

    def work(seed):
        for i in range(60):
            name = "abcdef"[(seed + i) % 6]
            offset = (seed * 7919 + i * 104729) % (SIZE - 1000)
            if read(cache, name, offset, 1000) != content(name)[offset : offset + 1000]:
                wrong.append((name, offset))

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert cache.size_bytes <= 3 * SIZE
