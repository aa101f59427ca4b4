"""GELF over UDP."""

import asyncio
import gzip
import json
import zlib

import pytest

from tests.unit.logs.agent.sources.running import running, until, value
from watchkeeper.logs.agent.sources.gelf import Chunks, GelfError, unpack

JOB = """
- job_name: g
  gelf: {listen_address: "127.0.0.1:0", use_incoming_timestamp: true, labels: {job: gelf}}
  relabel_configs:
    - {source_labels: [__gelf_message_level], target_label: level}
    - {source_labels: [__gelf_message_host], target_label: host}
"""
MESSAGE = {
    "version": "1.1",
    "host": "h",
    "short_message": "x" * 100,
    "timestamp": 1700000000.25,
    "level": 4,
    "_extra": 1,
}


def chunked(data, size, key=b"12345678"):
    parts = [data[at : at + size] for at in range(0, len(data), size)]
    return [b"\x1e\x0f" + key + bytes((i, len(parts))) + part for i, part in enumerate(parts)]


async def test_messages_of_every_form():
    text = json.dumps(MESSAGE).encode()
    datagrams = [text + b"\0", gzip.compress(text), zlib.compress(text), *reversed(chunked(zlib.compress(text), 40))]
    async with running(JOB) as (agent, collected):
        [source] = agent.sources["g"]
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            asyncio.DatagramProtocol, remote_addr=source.address
        )
        for datagram in [*datagrams, b"no json", b"[1]", b"\x1f\x8bx", b"\x1e\x0fshort"]:
            transport.sendto(datagram)
        await until(lambda: len(collected.lines()) == 4)
        await until(lambda: value(agent, "promtail_gelf_target_parsing_errors_total") == 4)
        transport.close()
        labels = {"job": "gelf", "level": "warning", "host": "h"}
        assert collected.entries() == [(labels, 1700000000_250000000, text.decode())] * 4


def test_chunks_are_forgotten_and_refused():
    chunks = Chunks()
    first, second = chunked(b"abcd", 2)
    assert chunks.add(first, 0.0) is None
    assert chunks.add(first, 0.1) is None
    assert chunks.add(second, 0.2) == b"abcd"
    assert chunks.add(first, 1.0) is None
    assert chunks.add(chunked(b"xy", 1, b"other678")[0], 7.0) is None
    assert chunks.add(second, 7.1) is None
    for data in (b"\x1e\x0f", b"\x1e\x0f12345678\x05\x05", b"\x1e\x0f12345678\x00\xff"):
        with pytest.raises(GelfError):
            chunks.add(data, 8.0)


def test_a_bomb_is_refused():
    with pytest.raises(GelfError, match="larger than"):
        unpack(zlib.compress(b"0" * (9 << 20)))
