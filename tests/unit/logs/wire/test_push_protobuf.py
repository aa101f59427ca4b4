"""PushRequests in and out."""

from __future__ import annotations

import pytest

from watchkeeper.logs.interface import EntryBatch, PushError
from watchkeeper.logs.wire.kinds import DECODERS, RAW_PROTOBUF
from watchkeeper.logs.wire.push_protobuf import PushEntry, decode_protobuf, encode_batch, encode_push

STREAMS: list[tuple[str, list[PushEntry]]] = [
    ('{app="shop"}', [(1_700_000_000_000_000_001, b"one", []), (5, b"\xff two", [("trace_id", "ab"), ("a", "")])]),
    ("{}", []),
    ('{app="grün"}', [(-1, b"", [])]),
]


def rows(batch: EntryBatch) -> list[tuple[str, list[PushEntry]]]:
    """A batch, taken apart again."""
    found = []
    for i, stream in enumerate(batch.streams):
        entries: list[PushEntry] = []
        for row in range(batch.entry_lo[i], batch.entry_lo[i + 1]):
            pairs = []
            if (meta := batch.metadata) is not None:
                pairs = [
                    (
                        batch.data[meta.name_at[p] : meta.name_end[p]].decode(),
                        batch.data[meta.value_at[p] : meta.value_end[p]].decode(),
                    )
                    for p in range(meta.pair_lo[row], meta.pair_lo[row + 1])
                ]
            entries.append((int(batch.times_ns[row]), batch.data[batch.line_at[row] : batch.line_end[row]], pairs))
        found.append((str(stream), entries))
    return found


def test_what_was_encoded_is_decoded() -> None:
    body = encode_push(STREAMS)
    batch = decode_protobuf(body)
    assert rows(batch) == STREAMS
    assert batch.data is body
    assert batch.body == (RAW_PROTOBUF, body)


def test_a_batch_is_encoded_as_its_streams() -> None:
    body = encode_push(STREAMS)
    assert encode_batch(decode_protobuf(body)) == body
    bare = encode_push(STREAMS[1:])
    assert decode_protobuf(bare).metadata is None
    assert encode_batch(decode_protobuf(bare)) == bare


def test_nothing_is_a_push_of_nothing() -> None:
    assert rows(decode_protobuf(b"")) == []
    assert encode_push([]) == b""


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"\x0a\x05abc", "unexpected EOF"),
        (b"\x18", "unexpected EOF"),
        (b"\x18\x01\x18\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "proto: varint of more than 10 bytes"),
        (b"\x1b", "proto: unknown wire type"),
        (b"\x0a\x02\x08\x01", "proto: wrong wire type"),
        (b"\x0a\x08\x12\x06\x0a\x04\x10\xff\xff\x7f\x0a", "unexpected EOF"),
        (b"\x0a\x0a\x12\x08\x0a\x06\x10\xff\xff\xff\xff\x07", "proto: timestamp: nanos not in range [0, 1e9)"),
    ],
)
def test_other_bytes_are_refused(body: bytes, message: str) -> None:
    with pytest.raises(PushError) as error:
        decode_protobuf(body)
    assert (error.value.status, str(error.value)) == (400, message)


def test_a_logged_body_is_decoded_by_its_kind() -> None:
    batch = decode_protobuf(encode_push(STREAMS))
    assert batch.body is not None
    kind, body = batch.body
    assert rows(DECODERS[kind](body)) == STREAMS
