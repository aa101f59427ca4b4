"""Foreign bytes are read or refused with a ValueError, never with anything else, and never for ever."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracle.prometheus_wal import varint
from watchkeeper.core.kernels.crc32c import crc32c
from watchkeeper.core.model.errors import CorruptionError
from watchkeeper.core.model.histogram import Histogram
from watchkeeper.metrics.tsdb.import_histograms import decode_chunk, decode_record
from watchkeeper.metrics.tsdb.import_index import read_index, read_tombstones
from watchkeeper.metrics.tsdb.import_log import decode_series, decode_tombstones, log_files, read_records

hostile = st.binary(max_size=80)


@settings(max_examples=100, deadline=None)
@given(hostile, st.booleans(), st.booleans())
def test_histograms_of_any_bytes(data, is_float, is_custom):
    with contextlib.suppress(ValueError):
        assert all(isinstance(value, Histogram) for _, value in decode_chunk(data, is_float=is_float))
    with contextlib.suppress(ValueError):
        decode_record(data, is_float=is_float, is_custom=is_custom)


@settings(max_examples=100, deadline=None)
@given(hostile)
def test_records_of_any_bytes(data):
    with contextlib.suppress(ValueError):
        list(decode_series(data))
    with contextlib.suppress(ValueError):
        list(decode_tombstones(data))


@pytest.fixture(scope="module")
def file(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("hostile") / "00000000"


def fragment(kind: int, data: bytes) -> bytes:
    return bytes([kind]) + len(data).to_bytes(2, "big") + crc32c(data).to_bytes(4, "big") + data


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([1, 2, 3, 4, 9, 17]), st.binary(max_size=30)), max_size=5), hostile)
def test_pages_of_any_bytes(file, fragments, tail):
    file.write_bytes(b"".join(fragment(kind, data) for kind, data in fragments) + tail)
    said: list[str] = []
    found = list(read_records(file, said.append))
    whole = [data for kind, data in fragments if kind == 1 and data]
    assert all(record in found for record in whole)


def test_a_record_over_several_fragments(file):
    file.write_bytes(fragment(1, b"a") + fragment(2, b"b") + fragment(3, b"c") + fragment(4, b"d") + fragment(1, b"e"))
    said: list[str] = []
    assert list(read_records(file, said.append)) == [b"a", b"bcd", b"e"]
    assert not said


def test_a_damaged_page_costs_the_rest_of_that_page(file):
    page = fragment(1, b"a" * 100) + fragment(1, b"b" * 100) + fragment(1, b"c" * 100)
    damaged = bytearray(page.ljust(32 << 10, b"\0") + page)
    damaged[150] ^= 1
    file.write_bytes(bytes(damaged))
    said: list[str] = []
    found = list(read_records(file, said.append))
    assert [record[:1] for record in found] == [b"a", b"a", b"b", b"c"]
    assert len(said) == 1
    assert "offset 107" in said[0]


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200))
def test_index_and_tombstones_of_any_bytes(file, data):
    for head in (b"", b"\xba\xaa\xd7\x00\x02", b"\x01\x30\xba\x30\x01"):
        file.write_bytes(head + data)
        with contextlib.suppress(CorruptionError):
            read_index(file)
        with contextlib.suppress(CorruptionError):
            read_tombstones(file)


def test_tombstones(file):
    entries = b"\x05" + varint(-10) + varint(20) + b"\x05" + varint(30) + varint(30)
    file.write_bytes(b"\x01\x30\xba\x30\x01" + entries + crc32c(entries).to_bytes(4, "big"))
    assert read_tombstones(file) == {5: [(-10, 20), (30, 30)]}
    assert read_tombstones(file.with_name("none")) == {}


def test_the_order_of_log_files(tmp_path):
    for name in ("wal/00000003", "wal/00000005", "wal/00000004", "wal/checkpoint.00000003/00000000", "wbl/00000000"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "wal" / "checkpoint.00000002").mkdir()
    (tmp_path / "wal" / "checkpoint.00000004.tmp").mkdir()
    assert [str(path.relative_to(tmp_path)) for path in log_files(tmp_path)] == [
        "wal/checkpoint.00000003/00000000",
        "wal/00000004",
        "wal/00000005",
        "wbl/00000000",
    ]
