"""A client of SMTP, RFC 5321: one connection, one message.

It is ours because a deadline must end it wherever it hangs: a thread that waits for a server can't be stopped.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import re
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

MAX_REPLY_BYTES: Final = 64 << 10  # Of one reply, all lines.
_MAX_REPLY_LINES: Final = 1000
QUIT_TIMEOUT_S: Final = 1.0  # For the answer to QUIT, which changes nothing.
_CHUNK_BYTES: Final = 64 << 10


class SmtpError(Exception):
    """A refusal, or an answer that is none.

    code   the server's; 0 where there was none
    """

    def __init__(self, message: str, code: int = 0) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Reply:
    """A code and the text of all lines."""

    code: int
    text: str

    @property
    def shown(self) -> str:
        """`550 no such user`, in one line, as far as it is printable. Uncut: it may hold what is to be hidden."""
        text = " ".join("".join(char if char.isprintable() else " " for char in self.text).split())
        return f"{self.code} {text}".rstrip()


class SmtpClient:
    """A conversation with one server. Raises SmtpError, OSError, ssl.SSLError."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.extensions: dict[str, str] = {}
        """What the server offers, by name in upper case, with parameters."""

    @classmethod
    async def connect(
        cls, host: str, port: int | str, context: ssl.SSLContext | None = None, server_name: str = ""
    ) -> SmtpClient:
        """A client that the server has greeted; with a context TLS comes first."""
        names = {"server_hostname": server_name or host} if context else {}
        reader, writer = await asyncio.open_connection(
            host,
            port,
            ssl=context,
            limit=MAX_REPLY_BYTES,
            **names,  # type: ignore[arg-type]
        )
        client = cls(reader, writer)
        try:
            client._expect(await client._reply(), 220, "greeting")
        except BaseException:
            client.abort()
            raise
        return client

    async def hello(self, name: str) -> None:
        """Say who we are, and learn what the server offers."""
        reply = await self._command(f"EHLO {name}")
        self.extensions = {}
        if reply.code == 250:
            for line in reply.text.split("\n")[1:]:
                word, _, rest = line.replace("=", " ", 1).partition(" ")
                self.extensions[word.upper()] = rest.strip()
        else:
            self._expect(await self._command(f"HELO {name}"), 250, "HELO")

    async def start_tls(self, context: ssl.SSLContext, server_name: str, name: str) -> None:
        """Go on encrypted, and say hello again: what was offered before counts no more."""
        self._expect(await self._command("STARTTLS"), 220, "STARTTLS")
        # What is in the buffer came before encryption: somebody in between may have put it there.
        if self._reader._buffer:  # type: ignore[attr-defined]
            raise SmtpError("the server sent text after its answer to STARTTLS")
        await self._writer.start_tls(context, server_hostname=server_name)
        await self.hello(name)

    async def login(self, mechanism: str, identity: str, username: str, password: str) -> None:
        """Authenticate by PLAIN, LOGIN or CRAM-MD5."""
        if mechanism == "PLAIN":
            reply = await self._command(f"AUTH PLAIN {plain_login(identity, username, password)}")
        elif mechanism == "LOGIN":
            reply = await self._command("AUTH LOGIN")
            for text in (username, password):
                self._expect(reply, 334, "AUTH LOGIN")
                reply = await self._command(base64_of(text))
        else:
            reply = await self._command("AUTH CRAM-MD5")
            self._expect(reply, 334, "AUTH CRAM-MD5")
            try:
                challenge = base64.b64decode(reply.text, validate=True)
            except ValueError:
                raise SmtpError("AUTH CRAM-MD5: the challenge is not base64") from None
            digest = hmac.new(password.encode(), challenge, hashlib.md5).hexdigest()
            reply = await self._command(base64_of(f"{username} {digest}"))
        self._expect(reply, 235, f"AUTH {mechanism}")

    async def send(self, sender: str, recipients: Sequence[str], message: bytes) -> None:
        """Hand over a message with CRLF lines to all recipients, or to none."""
        option = ""
        if not all(address.isascii() for address in (sender, *recipients)):
            if "SMTPUTF8" not in self.extensions:
                raise SmtpError("an address is not ASCII, and the server does not offer SMTPUTF8", 553)
            option = " SMTPUTF8"
        self._expect(await self._command(f"MAIL FROM:<{sender}>{option}"), 250, "MAIL")
        for recipient in recipients:
            reply = await self._command(f"RCPT TO:<{recipient}>")
            if reply.code not in (250, 251, 252):
                raise SmtpError(f"RCPT {recipient}: {reply.shown}", reply.code)
        self._expect(await self._command("DATA"), 354, "DATA")
        body = re.sub(rb"(?m)^\.", b"..", message)
        if not body.endswith(b"\r\n"):
            body += b"\r\n"
        body += b".\r\n"
        for start in range(0, len(body), _CHUNK_BYTES):
            self._writer.write(body[start : start + _CHUNK_BYTES])
            await self._writer.drain()
        self._expect(await self._reply(), 250, "message")

    async def quit(self) -> None:
        """Say goodbye and close; the message has been taken, so that nothing here is an error."""
        try:
            async with asyncio.timeout(QUIT_TIMEOUT_S):
                await self._command("QUIT")
        except (SmtpError, OSError, TimeoutError):
            pass
        finally:
            self.abort()

    def abort(self) -> None:
        """Close the connection as it is."""
        self._writer.transport.abort()

    async def _command(self, line: str) -> Reply:
        if "\r" in line or "\n" in line:
            raise SmtpError("a line break in an address or a name", 553)
        self._writer.write(line.encode() + b"\r\n")
        await self._writer.drain()
        return await self._reply()

    async def _reply(self) -> Reply:
        lines: list[str] = []
        size = 0
        while True:
            try:
                line = await self._reader.readuntil(b"\n")
            except asyncio.IncompleteReadError:
                raise SmtpError("the server closed the connection") from None
            except asyncio.LimitOverrunError:
                raise SmtpError(f"a reply is longer than {MAX_REPLY_BYTES} bytes") from None
            size += len(line)
            text = line.decode("utf-8", "replace").rstrip("\r\n")
            if not re.match(r"[2-5][0-9]{2}(?:[ -]|\Z)", text):
                raise SmtpError(f"not a reply of SMTP: {text!r}")
            lines.append(text[4:])
            if text[3:4] != "-":
                return Reply(int(text[:3]), "\n".join(lines))
            if size > MAX_REPLY_BYTES or len(lines) > _MAX_REPLY_LINES:
                raise SmtpError(f"a reply is longer than {MAX_REPLY_BYTES} bytes")

    @staticmethod
    def _expect(reply: Reply, code: int, what: str) -> None:
        if reply.code != code:
            raise SmtpError(f"{what}: {reply.shown}", reply.code)


def plain_login(identity: str, username: str, password: str) -> str:
    """What AUTH PLAIN sends."""
    return base64_of("\0".join((identity, username, password)))


def base64_of(text: str) -> str:
    """How a login sends a text."""
    return base64.b64encode(text.encode()).decode()
