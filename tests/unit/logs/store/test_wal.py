"""Records of the log: what was written is read; damaged bytes are errors and nothing worse."""

from __future__ import annotations

import numpy as np
import pytest

from tests.oracle.log_store import batch_of
from tests.unit.logs.store.stores import APP, DATABASE, row
from watchkeeper.core.disk.wal import HEADER, scan
from watchkeeper.core.disk.wal import MAGIC as LOG_MAGIC
from watchkeeper.core.model.errors import WatchkeeperError
from watchkeeper.logs.interface import EntryBatch
from watchkeeper.logs.store.streams import pack_key, unpack_key
from watchkeeper.logs.store.wal import (
    Push,
    RecordType,
    packed,
    position_of,
    push_record,
    read_push,
    read_streams,
    segment_of,
    streams_record,
)
from watchkeeper.logs.wire.kinds import DECODERS

STREAMS = [(APP, [row(1, "a", user="7", zone="x"), row(2, b"\xff\x00")]), (DATABASE, [row(3, "", id="1")]), (APP, [])]


def payload_of(parts: list[bytes]) -> tuple[int, memoryview]:
    """Type and payload of a framed record, found as a reader of the file finds it."""
    (record,), problems, _ = scan(0, memoryview(LOG_MAGIC + b"".join(parts)))
    assert not problems
    return record.type, record.payload


def lines_of(batch: EntryBatch) -> list[bytes]:
    return [batch.data[lo:hi] for lo, hi in zip(batch.line_at, batch.line_end, strict=True)]


def pairs_of(batch: EntryBatch) -> list[tuple[bytes, bytes]]:
    metadata = batch.metadata
    assert metadata is not None
    places = (metadata.name_at, metadata.name_end, metadata.value_at, metadata.value_end)
    first, last = int(metadata.pair_lo[0]), int(metadata.pair_lo[-1])
    return [(batch.data[a:b], batch.data[c:d]) for a, b, c, d in list(zip(*places, strict=True))[first:last]]


def check_same(push: Push, batch: EntryBatch) -> None:
    assert push.batch.times_ns.tolist() == batch.times_ns.tolist()
    assert push.batch.entry_lo.tolist() == batch.entry_lo.tolist()
    assert lines_of(push.batch) == lines_of(batch)
    assert pairs_of(push.batch) == pairs_of(batch)


@pytest.mark.parametrize("with_body", [True, False])
@pytest.mark.parametrize("levels", [None, np.array([1, 6, 0], np.uint8)])
def test_a_push_comes_back(with_body: bool, levels: np.typing.NDArray[np.uint8] | None) -> None:
    batch = batch_of(STREAMS, with_body=with_body)
    type_, payload = payload_of(push_record(batch, [4, 9, 4], levels))
    assert type_ == (RecordType.BODY if with_body else RecordType.ENTRIES)
    push = read_push(type_, payload, DECODERS)
    check_same(push, batch)
    assert push.refs == [4, 9, 4]
    assert (push.levels is None) == (levels is None)
    assert levels is None or (push.levels == levels).all()


def test_a_part_of_a_large_buffer_is_logged_alone() -> None:
    batch = batch_of(STREAMS)
    assert batch.metadata is not None
    shift = 1 << 20
    wide = EntryBatch(
        batch.streams, batch.entry_lo, batch.times_ns, bytes(shift) + batch.data, batch.line_at + shift,
        batch.line_end + shift, type(batch.metadata)(
            batch.metadata.pair_lo, batch.metadata.name_at + shift, batch.metadata.name_end + shift,
            batch.metadata.value_at + shift, batch.metadata.value_end + shift,
        ),
    )  # fmt: skip
    assert len(packed(wide).data) == len(batch.data)
    type_, payload = payload_of(push_record(wide, [1, 2, 3], None))
    assert len(payload) < 1000
    check_same(read_push(type_, payload, DECODERS), batch)
    assert packed(batch) is batch


def test_streams_come_back() -> None:
    streams = [(7, pack_key("t", APP)), (1 << 31, pack_key("tenant 2", DATABASE))]
    type_, payload = payload_of(streams_record(streams))
    assert type_ == RecordType.STREAMS
    assert list(read_streams(payload)) == streams
    assert unpack_key(streams[1][1]) == ("tenant 2", DATABASE)


def test_cut_records_are_errors() -> None:
    for with_body in (True, False):
        type_, payload = payload_of(push_record(batch_of(STREAMS, with_body=with_body), [4, 9, 4], None))
        for size in range(len(payload)):
            with pytest.raises((ValueError, WatchkeeperError)):
                read_push(type_, payload[:size], DECODERS)
    _, payload = payload_of(streams_record([(7, pack_key("t", APP))]))
    for size in range(1, len(payload)):
        with pytest.raises(ValueError, match="cut short"):
            list(read_streams(payload[:size]))


def test_a_body_of_an_unknown_kind_is_an_error() -> None:
    type_, payload = payload_of(push_record(batch_of(STREAMS, with_body=True), [4, 9, 4], None))
    with pytest.raises(ValueError, match="unknown kind"):
        read_push(type_, payload, {})


@pytest.mark.parametrize("key", [b"", b"app\xffshop\xff", b"\x00tenant\xfft", b"\x00tenant\xfft\xffapp"])
def test_bytes_that_are_no_stream_are_errors(key: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        unpack_key(key)


def test_places_ascend() -> None:
    places = [position_of(0, 8), position_of(0, 1 << 30), position_of(1, 8), position_of(99_999_999, 1 << 35)]
    assert places == sorted(places)
    assert [segment_of(place) for place in places] == [0, 0, 1, 99_999_999]
    assert max(places) < 1 << 63


def test_the_header_is_that_of_all_logs() -> None:
    parts = push_record(batch_of(STREAMS), [1, 2, 3], None)
    assert HEADER.unpack(parts[0])[0] == sum(map(len, parts[1:]))
