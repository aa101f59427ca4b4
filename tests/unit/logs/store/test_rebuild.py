"""Rows of a block as a block of their own, and segments made of segments."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.oracle.log_store import batch_of, pairs_of_rows
from tests.unit.logs.store.stores import APP, DATABASE, Stores, row
from watchkeeper.core.kernels.line_block import Block
from watchkeeper.core.model.labels import Labels
from watchkeeper.logs.store.duplicates import twin_rows
from watchkeeper.logs.store.options import DAY_NS, HOUR_NS
from watchkeeper.logs.store.rebuild import Rebuild, Stopped, with_rows


def block_of(*rows: tuple[int, bytes, tuple[tuple[str, str], ...]], levels: bool = False) -> Block:
    batch = batch_of([(APP, rows)])
    block = Block()
    found = np.array([i % 9 for i in range(len(rows))], np.uint8) if levels else None
    block.append(batch.data, batch.line_at, batch.line_end, batch.times_ns, batch.metadata, found, dedupe=False)
    return block


def contents(block: Block) -> list[tuple[int, bytes, object]]:
    rows = np.arange(block.n_rows, dtype=np.int32)
    return list(zip(block.times.tolist(), block.lines(rows), pairs_of_rows(block, rows), strict=True))


def test_the_chosen_rows_and_nothing_else() -> None:
    rng = random.Random(1)
    rows = [
        row(i, f"line {i} of {rng.randrange(9)}", **{name: f"v{rng.randrange(3)}" for name in rng.sample("abc", i % 4)})
        for i in range(60)
    ]
    block = Block.open(block_of(*rows, levels=True).seal()[0])
    chosen = np.array(sorted(rng.sample(range(60), 25)), np.int32)
    part = with_rows(block, chosen)
    assert contents(part) == [contents(block)[i] for i in chosen]
    everything = np.arange(60, dtype=np.int32)
    shapes = [block.shapes()[shape] for shape in block.shape_of(everything).tolist()]
    of_part = np.arange(25, dtype=np.int32)
    assert [part.shapes()[shape] for shape in part.shape_of(of_part).tolist()] == [shapes[i] for i in chosen]


def test_rows_without_metadata() -> None:
    block = block_of(row(1, b"\xff"), row(2, ""))
    assert contents(with_rows(block, np.array([1], np.int32))) == [(*row(2, "")[:2], ())]


def test_twins_are_alike_in_all() -> None:
    a = block_of(row(1, "x"), row(2, "y", k="1"), row(3, "z"))
    b = block_of(row(1, "x"), row(2, "y", k="2"), row(2, "y", k="1"), row(3, "other"), row(4, "x"))
    assert twin_rows(b, b.times, a, a.times).tolist() == [0, 2]
    assert twin_rows(a, a.times, b, b.times).tolist() == [0, 1]


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Stores]:
    made = Stores(tmp_path / "logs")
    yield made
    made.store.close()


def test_small_blocks_of_a_stream_become_one(stores: Stores) -> None:
    stores.with_options(merge_segments=8)
    for second in range(8):
        stores.push(APP, row(second, f"{second}"))
        stores.push(DATABASE, row(second, f"{second}"))
        stores.store.flush()
    assert len(stores.segments()) == 8
    stores.store.compact()
    (segment,) = stores.store._segments.current
    assert segment.info.n_blocks == 2
    assert segment.info.n_rows == 16
    assert len(stores.lines()) == 16


def test_blocks_that_can_not_be_joined_stay_as_they_are(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    for second in range(2):
        stores.push(APP, row(second, f"{second}"))
        stores.store.flush()

    class Unjoined:
        open = staticmethod(Block.open)

        @staticmethod
        def merge(blocks: list[Block], level: int) -> None:
            raise ValueError("no")

    monkeypatch.setattr("watchkeeper.logs.store.rebuild.Block", Unjoined)
    stores.store.compact()
    (segment,) = stores.store._segments.current
    assert segment.info.n_blocks == 2
    assert stores.lines() == [b"0", b"1"]


def test_a_damaged_block_costs_no_other_in_a_merge(stores: Stores) -> None:
    for _ in range(2):  # Overlapping, so that the second is compared with the first.
        stores.push(APP, row(1, f"x{_}"), row(3, f"y{_}"))
        stores.store.flush()
    stores.store.close()
    path = stores.segments()[0]
    data = bytearray(path.read_bytes())
    data[12] ^= 0xFF
    path.write_bytes(data)
    stores.open()
    stores.store.compact()
    assert stores.lines() == [b"x1", b"y1"]
    assert stores.metric("watchkeeper_logs_corrupt_blocks_total") == 1
    assert len(list((stores.path / "segments").glob("*.corrupt"))) == 1


def test_large_blocks_are_copied_as_they_are(stores: Stores) -> None:
    stores.with_options(merge_raw_bytes=1000, cut_raw_bytes=800)
    for half in range(2):
        stores.push(APP, *(row(half * 100 + i, f"{i} {'x' * 40}") for i in range(20)))
        stores.store.flush()
    before = [segment.data(0)[:] for segment in stores.store._segments.current]
    before = [bytes(data) for data in before]
    stores.store.compact()
    (segment,) = stores.store._segments.current
    assert [bytes(segment.data(i)) for i in range(2)] == before


def test_days_become_segments_of_their_own(stores: Stores) -> None:
    for second in (1, 2):
        stores.push(APP, row(second, "today"))
        stores.store._head.cut_where("forced", lambda stream, held: True)
        stores.push(APP, row(second - 86400, "yesterday"))
        stores.store.flush()
    assert len(stores.segments()) == 2
    assert [path.name[:8] for path in stores.segments()] == ["20231114", "20231114"]
    stores.now_ns += 3 * DAY_NS
    stores.store.compact()
    assert [path.name[:8] for path in stores.segments()] == ["20231113", "20231114"]
    assert stores.lines() == [b"yesterday", b"yesterday", b"today", b"today"]


def test_work_that_is_given_up_changes_nothing(stores: Stores) -> None:
    for second in (1, 2):
        stores.push(APP, row(second, "x"))
        stores.store.flush()
    before = stores.segments()
    segments = stores.store._segments
    work = Rebuild(segments, stores.options, segments.current, should_stop=lambda: True)
    with pytest.raises(Stopped):
        work.run()
    assert stores.segments() == before
    assert sorted(path.suffix for path in (stores.path / "segments").iterdir()) == [".wkl", ".wkl"]


def test_places_in_the_log_are_remembered_while_it_is_there(stores: Stores) -> None:
    stores.with_options(merge_segments=3)
    stores.push(DATABASE, row(1, "holds the log"))
    for second in (1, 2, 3):
        stores.push(APP, row(second, "x"))
        stores.store._head.cut_where("forced", lambda stream, held: stream.stream.labels == APP)
        stores.store._flusher.flush()
    stores.store.compact()
    assert len(stores.segments()) == 1
    stores.kill()
    (volume,) = [v for v in stores.store.querier("t").volumes([], 0, 1 << 62) if v[0].labels == APP]
    assert volume[1:] == (1, 3, 3)


def test_many_streams_come_back_from_merged_segments(stores: Stores) -> None:
    for part in range(4):
        for i in range(50):
            stores.push(Labels.of(pod=f"p{i}", service_name="s"), row(part, f"{part} {i}"))
        stores.store.flush()
    stores.now_ns += 2 * HOUR_NS
    stores.store.compact()
    assert len(stores.lines()) == 200
    assert len(stores.store.querier("t").streams([], 0, 1 << 62)) == 50
