"""Services that misbehave in every way, in a thread of their own: what a receiver may meet."""

from __future__ import annotations

import asyncio
import gzip
import json
import socketserver
import threading
from collections import Counter, defaultdict
from contextlib import suppress
from typing import Any

FLOOD_BYTES = 100 << 20
BOMB = gzip.compress(bytes(64 << 20))
ALIKE = {"ok": True, "success": True, "errcode": 0, "access_token": "hush-access", "ts": "1"}


class HostileServices:
    """`url/<behaviour>` misbehaves so; `url/good/…` takes everything.

    n_asked     how often a behaviour was asked for
    heard       the JSON bodies that were taken, by path
    echo_status what `/echo` answers with, and with all that it was sent
    """

    def __init__(self) -> None:
        self.n_asked: Counter[str] = Counter()
        self.heard: dict[str, list[Any]] = defaultdict(list)
        self.headers_at_other: list[str] = []
        self.echo_status = 500
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self._ready.wait()
        self.host = f"127.0.0.1:{self.port}"
        self.url = f"http://{self.host}"

    def close(self) -> None:
        """Listens and answers no more."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)

        async def listen() -> asyncio.Server:
            server = await asyncio.start_server(self._talk, "127.0.0.1", 0, limit=1 << 24, backlog=512)
            self.port = server.sockets[0].getsockname()[1]
            self._ready.set()
            return server

        server = self._loop.run_until_complete(listen())
        self._loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0.05))
        self._loop.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
                body = await reader.readexactly(length)
                path = head.split()[1].decode().lstrip("/").partition("?")[0]
                kind = path.partition("/")[0]
                self.n_asked[kind] += 1
                await self._answer(kind, path, head, body, writer)
                await writer.drain()
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError, asyncio.CancelledError):
            writer.close()

    async def _answer(self, kind: str, path: str, head: bytes, body: bytes, writer: asyncio.StreamWriter) -> None:
        if kind.isdigit():
            writer.write(_whole(int(kind), b"" if kind == "204" else b"no"))
            return
        match kind:
            case "good":
                self.heard[path].append(json.loads(body) if body.startswith((b"{", b"[")) else body)
                writer.write(_whole(200, json.dumps(ALIKE).encode()))
            case "slow":
                await asyncio.sleep(1)
                self.heard[path].append(json.loads(body))
                writer.write(_whole(200, b""))
            case "hang":
                await asyncio.sleep(3600)
            case "close":
                raise ConnectionError
            case "garbage":
                writer.write(b"\x00\xff\x16\x03 not HTTP at all\r\n\r\n" * 50)
                raise ConnectionError
            case "loop":
                writer.write(_whole(307, b"", f"Location: {self.url}/loop\r\n"))
            case "tls":
                writer.write(_whole(307, b"", f"Location: https://{self.host}/good/tls\r\n"))
            case "elsewhere":
                writer.write(_whole(307, b"", f"Location: http://localhost:{self.port}/other\r\n"))
            case "bad-url":
                writer.write(_whole(307, b"", "Location: http://[::broken/\r\n"))
            case "other":
                self.headers_at_other.append(head.decode("latin-1"))
                writer.write(_whole(200, b""))
            case "flood":
                writer.write(b"HTTP/1.1 500 Flood\r\nContent-Length: %d\r\n\r\n" % FLOOD_BYTES)
                for _ in range(FLOOD_BYTES >> 20):
                    writer.write(bytes(1 << 20))
                    await writer.drain()
            case "bomb":
                writer.write(_whole(500, BOMB, "Content-Encoding: gzip\r\n"))
            case "headers":
                writer.write(b"HTTP/1.1 200 OK\r\n" + b"X-Long: aaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n" * 100_000 + b"\r\n")
            case "drip":
                for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n":
                    writer.write(bytes([byte]))
                    await writer.drain()
                    await asyncio.sleep(5)
            case "half":
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf")
                await writer.drain()
                raise ConnectionError
            case "echo":
                said = head + body
                writer.write(_whole(self.echo_status, said, reason=said.split(b"\r\n")[0].decode("latin-1")))
            case _:
                writer.write(_whole(404, b""))


def _whole(status: int, body: bytes, headers: str = "", reason: str = "Reason") -> bytes:
    return f"HTTP/1.1 {status} {reason}\r\n{headers}Content-Length: {len(body)}\r\n\r\n".encode() + body


class HostileMail:
    """Mail servers, one for each step of the conversation at which they misbehave: `port_of[step]`.

    how   "refuse" answers with 5yz and all that the client said so far, "defer" so with 4yz, "drop" closes, "hang"
          says nothing more
    """

    STEPS = ("CONNECT", "EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "END", "none")

    def __init__(self, how: str) -> None:
        self.how = how
        self.port_of: dict[str, int] = {}
        self.n_taken = 0
        self.n_asked: Counter[str] = Counter()
        self._servers = [self._listen(step) for step in self.STEPS]

    def close(self) -> None:
        """Listens no more."""
        for server in self._servers:
            server.shutdown()
            server.server_close()

    def _listen(self, step: str) -> socketserver.ThreadingTCPServer:
        mail = self

        class Talk(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                mail.n_asked[step] += 1
                with suppress(ConnectionError):
                    self.talk()

            def say(self, text: str) -> None:
                self.wfile.write(f"{text}\r\n".encode())

            def misbehave(self, said: list[str]) -> None:
                match mail.how:
                    case "refuse" | "defer":
                        code = 554 if mail.how == "refuse" else 451
                        self.say(f"{code} you said: {' '.join(said)} hush-password")
                    case "hang":
                        self.connection.settimeout(60)
                        self.rfile.read()

            def talk(self) -> None:
                said: list[str] = []
                if step == "CONNECT":
                    return self.misbehave(said)
                self.say("220 hello")
                while line := self.rfile.readline().decode().strip():
                    said.append(line)
                    word = line.split()[0].upper()
                    if word == step or (word, step) == ("HELO", "EHLO"):
                        self.misbehave(said)
                        if mail.how in ("refuse", "defer"):
                            continue
                        return None
                    match word:
                        case "EHLO":
                            self.say("250-hello")
                            if step == "STARTTLS":
                                self.say("250-STARTTLS")
                            self.say("250 AUTH PLAIN")
                        case "AUTH":
                            self.say("235 welcome")
                        case "DATA":
                            self.say("354 go on")
                            while self.rfile.readline() != b".\r\n":
                                pass
                            if step == "END":
                                return self.misbehave(said)
                            mail.n_taken += 1
                            self.say("250 taken")
                        case "QUIT":
                            return self.say("221 bye")
                        case _:
                            self.say("250 ok")
                return None

        server = _Server(("127.0.0.1", 0), Talk)
        self.port_of[step] = server.server_address[1]
        threading.Thread(target=server.serve_forever, daemon=True, kwargs={"poll_interval": 0.05}).start()
        return server


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64
