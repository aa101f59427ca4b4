"""The bytes of a push, read back by the server's own decoder."""

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.logs.agent.receiver import decode
from watchkeeper.logs.agent.send.batch import pieces, sizes
from watchkeeper.logs.agent.send.encode import encode_runs
from watchkeeper.logs.agent.send.sink import batch_of
from watchkeeper.logs.agent.send.streams import Run, StreamKey
from watchkeeper.logs.wire.push_protobuf import decode_protobuf, encode_batch

times = st.integers(0, 2**62) | st.integers(0, 3).map(lambda s: s * 10**9) | st.sampled_from([10**18, 10**18 + 1])
lines = st.binary(max_size=300)
texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=10)
pairs = st.lists(st.tuples(texts, texts), max_size=2).map(tuple)
runs = st.lists(st.tuples(times, lines, pairs), min_size=1, max_size=8)


def run_of(key, entries, with_metadata):
    return Run(
        key,
        [time_ns for time_ns, _, _ in entries],
        [line for _, line, _ in entries],
        [metadata for _, _, metadata in entries] if with_metadata else None,
    )


@given(st.lists(st.tuples(runs, st.booleans()), min_size=1, max_size=4))
def test_a_push_is_read_back(listed):
    streams = {}
    expected = []
    for i, (entries, with_metadata) in enumerate(listed):
        key = StreamKey((("s", str(i)),), f'{{s="{i}"}}', "")
        streams[key] = [run_of(key, entries, with_metadata)]
        expected += [(key.text, time_ns, line) for time_ns, line, _ in entries]
    body = encode_runs(streams)
    batch = decode_protobuf(body)
    lo = batch.entry_lo.tolist()
    found = [
        (stream, int(batch.times_ns[row]), batch.data[batch.line_at[row] : batch.line_end[row]])
        for i, stream in enumerate(batch.streams)
        for row in range(lo[i], lo[i + 1])
    ]
    assert found == expected
    _, metadata = decode(body)
    assert metadata == [dict(pairs) if kept else {} for entries, kept in listed for _, _, pairs in entries]
    # What a sink in the process gets is the same push.
    assert encode_batch(batch_of([run for listed in streams.values() for run in listed])) == encode_batch(batch)


@given(runs, st.integers(1, 600), st.integers(1, 600))
def test_pieces_keep_order_and_fit(entries, room, limit):
    key = StreamKey((), "{}", "")
    run = run_of(key, entries, True)
    found = list(pieces(run, room, limit))
    assert [line for piece, _ in found for line in piece.lines] == run.lines
    assert [size for _, size in found] == [sum(sizes(piece)) for piece, _ in found]
    for i, (piece, size) in enumerate(found):
        assert size <= (limit if i else room) or len(piece) == 1
