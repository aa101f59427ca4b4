"""Segments: what was appended comes back, whatever happens to the file."""

from __future__ import annotations

import errno
import os
import random
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchkeeper.core.disk import wal as module
from watchkeeper.core.disk.wal import (
    MAGIC,
    OtherVersion,
    Problem,
    Wal,
    WriteFailed,
    frame,
    replay,
    scan,
    segment_path,
    segments,
)


def payloads(directory: Path, *, repair: bool = False) -> tuple[list[bytes], list[Problem]]:
    problems: list[Problem] = []
    return [bytes(record.payload) for record in replay(directory, problems, repair=repair)], problems


def written(directory: Path, items: list[bytes], **options: int) -> None:
    wal = Wal(directory, **options)
    for item in items:
        wal.ready()
        wal.append([(7, item)])
    wal.close()


def test_round_trip_over_segments_and_restarts(tmp_path: Path) -> None:
    items = [bytes([i]) * i for i in range(40)]
    written(tmp_path, items[:20], segment_bytes=100)
    written(tmp_path, items[20:], segment_bytes=100)
    assert payloads(tmp_path) == (items, [])
    assert len(segments(tmp_path)) > 5


def test_several_records_in_one_write(tmp_path: Path) -> None:
    wal = Wal(tmp_path)
    wal.append([(1, b"a"), (2, b""), (3, b"c")])
    wal.close()
    assert [(record.type, bytes(record.payload)) for record in replay(tmp_path, [], repair=False)] == [
        (1, b"a"),
        (2, b""),
        (3, b"c"),
    ]


def test_torn_at_every_byte(tmp_path: Path) -> None:
    items = [b"first", b"second record", b"third"]
    written(tmp_path / "whole", items)
    data = segment_path(tmp_path / "whole", 0).read_bytes()
    ends = [len(MAGIC)]
    for item in items:
        ends.append(ends[-1] + 9 + len(item))
    for size in range(len(data)):
        directory = tmp_path / str(size)
        directory.mkdir()
        segment_path(directory, 0).write_bytes(data[:size])
        found, problems = payloads(directory, repair=True)
        assert found == items[: sum(end <= size for end in ends[1:])]
        assert bool(problems) == (size not in ends and size > 0)
        written(directory, [b"more"])
        assert payloads(directory) == ([*found, b"more"], [])


def test_a_flipped_bit_costs_its_record(tmp_path: Path) -> None:
    items = [b"first", b"second record", b"third", b"fourth"]
    written(tmp_path / "whole", items)
    written(tmp_path / "whole", [b"next segment"])
    data = segment_path(tmp_path / "whole", 0).read_bytes()
    for at in range(len(data)):
        directory = tmp_path / str(at)
        directory.mkdir()
        changed = bytearray(data)
        changed[at] ^= 0x10
        segment_path(directory, 0).write_bytes(changed)
        segment_path(directory, 1).write_bytes(segment_path(tmp_path / "whole", 1).read_bytes())
        found, problems = payloads(directory, repair=True)
        assert [problem.segment for problem in problems] == [0]
        assert found[-1] == b"next segment"
        assert set(found[:-1]) <= set(items)
        assert (found[:-1] == items) is (at < len(MAGIC))
        start = len(MAGIC) + 9
        if start <= at < start + len(items[0]):  # Only the payload: the ones behind it are still found.
            assert found[:-1] == items[1:]
        assert payloads(directory)[0] == found


def test_a_full_disk_leaves_the_segment_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wal = Wal(tmp_path)
    wal.append([(1, b"kept")])
    real = os.write
    room = [5]

    def write(fd: int, data: memoryview) -> int:
        if room[0] <= 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        n = real(fd, bytes(data)[: room[0]])
        room[0] -= n
        return n

    monkeypatch.setattr(module.os, "write", write)
    with pytest.raises(WriteFailed, match="No space left"):
        wal.append([(1, b"lost")])
    room[0] = 1 << 20
    wal.append([(1, b"after")])
    wal.close()
    assert payloads(tmp_path) == ([b"kept", b"after"], [])


def test_where_the_cut_fails_too_a_new_segment_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wal = Wal(tmp_path)
    wal.append([(1, b"kept")])
    real = os.write
    calls: list[int] = []

    def fail(*_: object) -> int:
        raise OSError(errno.EIO, "broken")

    def half(fd: int, data: memoryview) -> int:
        calls.append(fd)
        return real(fd, bytes(data)[:7]) if len(calls) == 1 else fail()

    with monkeypatch.context() as patch:
        patch.setattr(module.os, "write", half)
        patch.setattr(module.os, "ftruncate", fail)
        with pytest.raises(WriteFailed):
            wal.append([(1, b"half of this")])
    wal.append([(1, b"after")])
    wal.close()
    found, problems = payloads(tmp_path, repair=True)
    assert found == [b"kept", b"after"]
    assert len(problems) == 1
    assert segment_path(tmp_path, 0).with_name("00000000.corrupt").exists()


def test_dropping_keeps_the_present_segment(tmp_path: Path) -> None:
    wal = Wal(tmp_path)
    for _ in range(3):
        wal.append([(1, b"x")])
        wal.rotate()
    assert wal.first_segment == 0
    assert wal.drop_before(2) == 2
    assert segments(tmp_path) == [2, 3]
    assert wal.drop_before(100) == 1
    assert segments(tmp_path) == [3] == [wal.segment]
    assert wal.sync() is not None
    assert wal.sync() is None
    wal.close()
    wal.close()


def test_segments_that_hold_nothing_are_taken_over(tmp_path: Path) -> None:
    for _ in range(3):
        Wal(tmp_path).close()
    assert segments(tmp_path) == [0]
    Wal(tmp_path, first=4).close()
    assert segments(tmp_path) == [0, 4]


@pytest.mark.parametrize(("start", "version"), [(b"wklog\x00\x00\x01", 1), (b"wklog\x00\x03\x03", 3)])
def test_another_version_is_refused_and_left_alone(tmp_path: Path, start: bytes, version: int) -> None:
    written(tmp_path, [b"first"])
    path = segment_path(tmp_path, 0)
    path.write_bytes(start + path.read_bytes()[len(start) :])
    before = path.read_bytes()
    with pytest.raises(OtherVersion, match=f"/00000000 is of log format {version}; .* format {module.VERSION}$"):
        payloads(tmp_path, repair=True)
    assert path.read_bytes() == before
    assert segments(tmp_path) == [0]


@given(
    st.lists(st.tuples(st.integers(1, 31), st.binary(max_size=80)), min_size=1, max_size=12),
    st.data(),
)
@settings(max_examples=100, deadline=None)
def test_damage_anywhere_costs_only_the_records_it_hits(records: list[tuple[int, bytes]], data: st.DataObject) -> None:
    pieces = [MAGIC, *(frame(type_, payload) for type_, payload in records)]
    whole = bytearray(b"".join(pieces))
    hit: set[int] = set()
    places = st.integers(len(MAGIC), len(whole) - 1)
    for place in data.draw(st.lists(places, min_size=1, max_size=3, unique=True)):
        whole[place] ^= data.draw(st.integers(1, 255))
        end = 0
        for i, piece in enumerate(pieces):
            end += len(piece)
            if place < end:
                hit.add(i - 1)
                break
    found, problems, _ = scan(0, memoryview(bytes(whole)))
    left = [record for i, record in enumerate(records) if i not in hit]
    good = [(record.type, bytes(record.payload)) for record in found]
    assert good == left
    assert problems


def test_a_damaged_size_in_a_large_segment_is_found_quickly() -> None:
    chosen = random.Random(1)
    pieces = [frame(5, chosen.randbytes(2000)) for _ in range(4000)]
    whole = bytearray(MAGIC + b"".join(pieces))
    whole[len(MAGIC) + 3] ^= 0x01  # The size of the first record, by 16 MiB.
    began_s = time.perf_counter()
    found, problems, good_end = scan(0, memoryview(bytes(whole)))
    assert time.perf_counter() - began_s < 5
    assert (len(found), len(problems), good_end) == (3999, 1, len(whole))


def test_a_torn_tail_of_zeros_is_no_record() -> None:
    whole = MAGIC + frame(5, b"abc") + bytes(5_000_000)
    found, problems, good_end = scan(0, memoryview(whole))
    assert (len(found), len(problems), good_end) == (1, 1, len(MAGIC) + len(frame(5, b"abc")))
