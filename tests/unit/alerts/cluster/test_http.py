"""Messages over real sockets."""

from __future__ import annotations

from dataclasses import replace

import aiohttp
import pytest

from watchkeeper.alerts.cluster.http import PATH, HTTPTransport
from watchkeeper.alerts.cluster.message import Message, MessageError
from watchkeeper.alerts.cluster.options import ClusterOptions
from watchkeeper.alerts.cluster.telemetry import ClusterMetrics
from watchkeeper.core.telemetry.metrics import Registry

HELLO = Message("a", "127.0.0.1:1", members={}, silences=[], told=[])


async def test_message_and_answer_and_garbage() -> None:
    metrics = ClusterMetrics(Registry())
    transport = HTTPTransport(ClusterOptions("127.0.0.1:0"), metrics)
    got: list[Message] = []

    def answer(message: Message) -> Message:
        if message.label:
            raise MessageError("another label")
        got.append(message)
        return replace(HELLO, name="b")

    address = await transport.start(answer)
    try:
        assert (await transport.send(address, HELLO, 5)).name == "b"
        assert got == [HELLO]
        with pytest.raises(MessageError, match="answers 400"):
            await transport.send(address, replace(HELLO, label="x"), 5)
        async with aiohttp.ClientSession() as session:
            for body, kind, status in (
                (b"garbage", "application/json", 400),
                (HELLO.encode(), "text/plain", 415),
                (b"{}", "application/json", 400),
            ):
                async with session.post(f"http://{address}{PATH}", data=body, headers={"Content-Type": kind}) as told:
                    assert told.status == status
            async with session.get(f"http://{address}/") as told:
                assert told.status == 404
        assert metrics.refused.value == 4
        assert len(got) == 1
        assert await transport.addresses(address) == [address]
    finally:
        await transport.stop()
    other = HTTPTransport(ClusterOptions("127.0.0.1:0"), metrics)
    await other.start(answer)
    with pytest.raises(OSError, match=address):
        await other.send(address, HELLO, 5)
    await other.stop()


async def test_port_that_is_taken() -> None:
    first = HTTPTransport(ClusterOptions("127.0.0.1:0"), ClusterMetrics(Registry()))
    address = await first.start(lambda message: message)
    second = HTTPTransport(ClusterOptions(address), ClusterMetrics(Registry()))
    with pytest.raises(OSError, match="address already in use"):
        await second.start(lambda message: message)
    await second.stop()
    await first.stop()
