"""Blocks on disk: names, cleaning up after failure, what refuses to open, deletes that last."""

from __future__ import annotations

import resource
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from watchkeeper.core.model.errors import CorruptionError, LimitExceeded, QueryCanceled
from watchkeeper.core.model.label_sets import LabelSets
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.model.matcher import Matcher, MatchType
from watchkeeper.metrics.interface import Budget, Series
from watchkeeper.metrics.tsdb.block import Block
from watchkeeper.metrics.tsdb.block_meta import BlockMeta, BlockParent, read_meta
from watchkeeper.metrics.tsdb.block_writer import write_block
from watchkeeper.metrics.tsdb.layout import is_block_name, new_ulid
from watchkeeper.metrics.tsdb.tombstones import Tombstones

NOW_MS = 1_700_000_000_000
CELLS = 20


def part(names: list[str], per_name: int = 100) -> Series:
    n = len(names) * per_name
    labels = LabelSets.of([Labels.of(__name__=name, i=f"{i:03}") for name in names for i in range(per_name)])
    at = CELLS * np.arange(n)
    return Series(
        labels, 1000 * np.arange(CELLS), np.arange(n * CELLS, dtype=np.float64), at, at + CELLS, np.zeros(n, np.int64)
    )


def write(directory: Path, parts: Iterator[Series], max_time_ms: int = 20_000) -> BlockMeta | None:
    return write_block(
        directory, parts, min_time_ms=0, max_time_ms=max_time_ms, level=1, sources=(), parents=(), now_ms=NOW_MS
    )


@pytest.fixture
def block(tmp_path: Path) -> Block:
    meta = write(tmp_path, iter([part(["a", "b"]), part(["c"])]))
    assert meta is not None
    return Block(tmp_path / meta.ulid)


def test_names_sort_by_time() -> None:
    names = [new_ulid(NOW_MS + i) for i in range(5)]
    assert names == sorted(names)
    assert all(map(is_block_name, names))
    assert new_ulid(NOW_MS)[:10] == "01HF7YAT00"
    assert not is_block_name("wal")
    assert not is_block_name(names[0].lower())
    assert not is_block_name(names[0] + ".tmp-for-creation")


def test_meta_comes_back(tmp_path: Path) -> None:
    meta = BlockMeta(new_ulid(1), -5, 7, sources=("x", "y"), level=3, parents=(BlockParent("p", 1, 2),))
    (tmp_path / "meta.json").write_bytes(meta.encoded())
    assert read_meta(tmp_path) == meta


def test_nothing_to_write_leaves_nothing(tmp_path: Path) -> None:
    assert write(tmp_path, iter([])) is None
    assert write(tmp_path, iter([part(["a"])]), max_time_ms=0) is None
    assert list(tmp_path.iterdir()) == []


def test_a_failure_leaves_nothing(tmp_path: Path) -> None:
    def failing() -> Iterator[Series]:
        yield part(["a"])
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        write(tmp_path, failing())
    with pytest.raises(ValueError, match="sorted by metric name"):
        write(tmp_path, iter([part(["b", "a"])]))
    assert list(tmp_path.iterdir()) == []


def test_only_needed_groups_are_read(block: Block) -> None:
    path = block.directory / "chunks"
    data = bytearray(path.read_bytes())
    data[40] ^= 1  # In the first group of `a`.
    path.write_bytes(data)
    block = Block(block.directory)

    def select(name: str) -> Series:
        return block.select([Matcher("__name__", MatchType.EQUAL, name)], 0, 20_000, Budget())

    assert len(select("c").labels) == 100
    with pytest.raises(CorruptionError) as caught:
        select("a")
    assert caught.value.file == str(path)
    assert caught.value.offset == 8
    with pytest.raises(CorruptionError):
        block.verify()


def test_missing_files_refuse_to_open(block: Block) -> None:
    for name in ("meta.json", "index", "chunks"):
        path = block.directory / name
        data = path.read_bytes()
        path.unlink()
        with pytest.raises(CorruptionError, match="missing"):
            Block(block.directory)
        path.write_bytes(b"")
        with pytest.raises(CorruptionError):
            Block(block.directory)
        path.write_bytes(data)
    assert Block(block.directory).n_series == 300


def test_the_budget_is_asked_first(block: Block) -> None:
    def refuse(_: int) -> None:
        raise LimitExceeded("too many samples")

    def cancel() -> None:
        raise QueryCanceled("gone")

    with pytest.raises(LimitExceeded):
        block.select([], 0, 20_000, Budget(charge=refuse))
    with pytest.raises(QueryCanceled):
        block.select([], 0, 20_000, Budget(check=cancel))


def test_deletes_last_and_count(block: Block) -> None:
    everything = [Matcher("__name__", MatchType.EQUAL, "b")]
    assert block.delete(everything, -(1 << 62), 1 << 62) == 100
    assert block.delete(everything, 50_000, 60_000) == 0
    again = Block(block.directory)
    assert again.meta.stats.num_tombstones == 100
    for opened in (block, again):
        assert opened.label_values("__name__", [[]], 0, 20_000) == ["a", "c"]
        assert len(opened.select([], 0, 20_000, Budget()).labels) == 200
        assert len(opened.series([], 0, 20_000)) == 200


def test_a_released_block_answers_again(block: Block) -> None:
    before = block.label_names([], 0, 20_000)
    block.release()
    assert block.label_names([[]], 0, 20_000) == before
    assert block.size_bytes > 1000


def test_tombstones_that_touch_become_one() -> None:
    rows = np.array([1, 3])
    stones = Tombstones.none()
    for start, end in [(10, 19), (40, 50), (20, 25), (26, 39), (100, 110), (0, 200)]:
        stones = stones.with_range(rows, start, end)
    assert stones.rows.tolist() == [1, 3]
    assert (stones.start_ms.tolist(), stones.end_ms.tolist()) == ([0, 0], [200, 200])
    stones = Tombstones.none().with_range(rows, 0, 5).with_range(np.array([3]), 7, 9)
    assert stones.of_rows(np.array([2, 3])).rows.tolist() == [1, 1]
    assert len(stones.of_rows(np.array([2]))) == 0


def test_threads_share_a_block(block: Block) -> None:
    expected = float(block.select([], 0, 20_000, Budget()).values.sum())

    def ask(_: int) -> float:
        block.release()
        return float(block.select([], 0, 20_000, Budget()).values.sum())

    with ThreadPoolExecutor(4) as threads:
        assert set(threads.map(ask, range(40))) == {expected}


def test_a_full_disk_is_an_error_and_leaves_nothing(tmp_path: Path) -> None:
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (400, limit[1]))
    try:
        with pytest.raises(OSError):
            write(tmp_path, iter([part(["a", "b"])]))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        signal.signal(signal.SIGXFSZ, before)
    assert list(tmp_path.iterdir()) == []
