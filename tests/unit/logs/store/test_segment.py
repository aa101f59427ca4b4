"""Segment files: what was written is read with few reads; damaged ones are told, whatever the damage."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from tests.oracle.log_store import batch_of
from tests.unit.logs.store.stores import APP, DATABASE, T0, row
from watchkeeper.core.kernels.line_block import Block, tokens
from watchkeeper.core.model.errors import CorruptionError
from watchkeeper.logs.store.manifest import Manifest, read_manifest, write_manifest
from watchkeeper.logs.store.segment import Segment, SegmentInfo, read_footer
from watchkeeper.logs.store.segment_footer import MAGIC
from watchkeeper.logs.store.segment_source import LocalSource, local_sources
from watchkeeper.logs.store.segment_writer import SealedBlock, SegmentWriter
from watchkeeper.logs.store.streams import Streams, pack_key
from watchkeeper.logs.store.wal import position_of

KEYS = [pack_key("t", DATABASE), pack_key("t", APP), pack_key("u", APP)]


def sealed(*lines: str, second: int = 0) -> SealedBlock:
    batch = batch_of([(APP, [row(second + i, line) for i, line in enumerate(lines)])])
    block = Block()
    block.append(batch.data, batch.line_at, batch.line_end, batch.times_ns)
    data, words = block.seal()
    times = batch.times_ns
    return SealedBlock(data, words, int(times[0]), int(times[-1]), len(lines), block.raw_bytes)


def write(path: Path, parents: list[str] | None = None) -> SegmentInfo:
    with SegmentWriter(path, log_id=77, parents=parents) as writer:
        writer.start_stream(KEYS[0], position_of(3, 100))
        writer.add(sealed("one apple done", "two pears done"))
        writer.add(sealed("three plums done", second=10))
        writer.start_stream(KEYS[1], -1)
        writer.start_stream(KEYS[2], position_of(2, 8))
        writer.add(sealed("four apple done", second=5))
        footer = writer.finish()
    return SegmentInfo.of(path.name, path.stat().st_size, footer)


@pytest.fixture
def segment(tmp_path: Path) -> Segment:
    return Segment(write(tmp_path / "a.wkl", ["x.wkl", "y.wkl"]), local_sources(tmp_path), Streams())


def lines_of(block: Block) -> list[bytes]:
    return list(block.lines(np.arange(block.n_rows, dtype=np.int32)))


def test_what_was_written_is_read(segment: Segment) -> None:
    footer = segment.load().footer
    assert footer.keys == KEYS
    assert footer.stream.tolist() == [0, 0, 2]
    assert footer.min_ns.tolist() == [T0, T0 + 10 * 10**9, T0 + 5 * 10**9]
    assert footer.n_rows.tolist() == [2, 1, 1]
    assert footer.parents == ["x.wkl", "y.wkl"]
    assert [lines_of(segment.block(i))[0] for i in range(3)] == [
        b"one apple done",
        b"three plums done",
        b"four apple done",
    ]
    assert segment.load() is segment.load()


def test_the_info_says_what_the_footer_says(segment: Segment) -> None:
    info = segment.info
    assert (info.min_ns, info.max_ns, info.n_rows, info.n_blocks, info.n_streams) == (T0, T0 + 10 * 10**9, 4, 3, 3)
    assert info.tenants == ("t", "u")
    assert info.holds_log(77, 3)
    assert not info.holds_log(77, 4)
    assert not info.holds_log(78, 3)
    assert SegmentInfo.from_json(info.as_json()) == info


def test_a_footer_needs_one_read(tmp_path: Path) -> None:
    write(tmp_path / "a.wkl")
    reads = []

    class Counting(LocalSource):
        def read(self, offset: int, size: int) -> memoryview:
            reads.append((offset, size))
            return super().read(offset, size)

    read_footer(Counting(tmp_path / "a.wkl"), "a.wkl")
    assert len(reads) == 1


def test_filters_leave_out_blocks(segment: Segment) -> None:
    numbers = np.array([0, 1, 2])
    assert segment.may_contain(numbers, tokens(b" apple ")).tolist() == [True, False, True]
    assert segment.may_contain(np.array([0, 2]), tokens(b" plums ")).tolist() == [False, False]
    assert segment.may_contain(np.array([1]), tokens(b" plums ")).tolist() == [True]
    assert segment.may_contain(np.zeros(0, np.int64), tokens(b" plums ")).tolist() == []


def test_a_block_set_aside_is_known(segment: Segment) -> None:
    assert segment.set_aside(1)
    assert not segment.set_aside(1)
    assert segment.load().good.tolist() == [True, False, True]


def test_memory_can_be_given_back_at_any_time(segment: Segment) -> None:
    data = segment.data(0)
    before = bytes(data)
    segment.trim()
    assert bytes(data) == before


def test_a_segment_without_blocks_remembers_places(tmp_path: Path) -> None:
    with SegmentWriter(tmp_path / "a.wkl", log_id=1) as writer:
        writer.start_stream(KEYS[0], position_of(3, 100))
        footer = writer.finish()
    info = SegmentInfo.of("a.wkl", 1, footer)
    assert (info.n_blocks, info.flushed_to) == (0, position_of(3, 100))
    segment = Segment(info, local_sources(tmp_path), Streams())
    assert segment.load().footer.flushed_to.tolist() == [position_of(3, 100)]


def test_what_is_not_finished_never_was(tmp_path: Path) -> None:
    with SegmentWriter(tmp_path / "a.wkl", log_id=1) as writer:
        writer.start_stream(KEYS[0], -1)
        writer.add(sealed("x"))
    assert list(tmp_path.iterdir()) == []


def test_any_damage_is_told(tmp_path: Path) -> None:
    info = write(tmp_path / "a.wkl")
    whole = (tmp_path / "a.wkl").read_bytes()
    expected = [lines_of(Segment(info, local_sources(tmp_path), Streams()).block(i)) for i in range(3)]
    rng = random.Random(1)
    n_told = 0
    for _ in range(300):
        data = bytearray(whole)
        if rng.random() < 0.2:
            del data[rng.randrange(len(data)) :]
        else:
            data[rng.randrange(len(MAGIC), len(data))] ^= 1 << rng.randrange(8)
        (tmp_path / "b.wkl").write_bytes(data)
        segment = Segment(info, lambda name: LocalSource(tmp_path / "b.wkl"), Streams())
        told, found = "", expected  # The damage may have hit a filter.
        try:
            found = [lines_of(segment.block(i)) for i in range(3)]
        except CorruptionError as error:
            told = str(error)
        assert found == expected
        n_told += "a.wkl" in told or "b.wkl" in told
    assert n_told > 200


def test_a_manifest_comes_back(tmp_path: Path) -> None:
    assert read_manifest(tmp_path) is None
    manifest = Manifest(5, (write(tmp_path / "a.wkl"),))
    write_manifest(tmp_path, manifest)
    assert read_manifest(tmp_path) == manifest
    path = tmp_path / "manifest.json"
    for data in (path.read_bytes()[:-5], path.read_bytes().replace(b"77", b"78"), b"", b"{}\n"):
        path.write_bytes(data)
        with pytest.raises(CorruptionError, match=r"manifest\.json"):
            read_manifest(tmp_path)
