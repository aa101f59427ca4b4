"""N scrape targets in one process, each on a port of its own, replaying recordings; bodies are gzipped beforehand."""

from __future__ import annotations

import argparse
import asyncio
import gzip
from typing import cast

import uvloop

from bench.recordings import bodies


class Target(asyncio.Protocol):
    """One connection to one target; answers every request with the next frame."""

    def __init__(self, frames: list[bytes], state: list[int]) -> None:
        self._frames = frames
        self._state = state
        self._pending = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's own class.

    def data_received(self, data: bytes) -> None:
        self._pending += data
        while b"\r\n\r\n" in self._pending:
            _, _, self._pending = self._pending.partition(b"\r\n\r\n")
            frame = self._frames[self._state[0] % len(self._frames)]
            self._state[0] += 1
            head = (
                b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"
                b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(frame)
            )
            assert self._transport is not None
            self._transport.write(head + frame)


async def serve(n_targets: int, first_port: int) -> None:
    """Serves until it is stopped; prints one line when all targets listen."""
    recordings, source = bodies()
    packed = [[gzip.compress(frame, 5) for frame in frames] for frames in recordings]
    n_series = [
        sum(1 for line in frames[0].splitlines() if line and not line.startswith(b"#")) for frames in recordings
    ]
    loop = asyncio.get_running_loop()
    for i in range(n_targets):
        frames, state = packed[i % len(packed)], [i * 7]  # Targets are at different places of a recording.
        await loop.create_server(lambda f=frames, s=state: Target(f, s), "127.0.0.1", first_port + i, backlog=16)
    total = sum(n_series[i % len(n_series)] for i in range(n_targets))
    print(f"{n_targets} targets, {total} series: {source}", flush=True)
    await asyncio.Event().wait()


def main() -> None:
    """`python -m bench.simulator --targets 100 --first-port 21000`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--targets", type=int, default=100)
    parser.add_argument("--first-port", type=int, default=21000)
    arguments = parser.parse_args()
    uvloop.run(serve(arguments.targets, arguments.first_port))


if __name__ == "__main__":
    main()
