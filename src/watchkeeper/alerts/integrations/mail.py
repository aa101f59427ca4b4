"""A mail's headers and bodies as bytes, RFC 5322 and MIME."""

from __future__ import annotations

import datetime as dt
import email.errors
import email.policy
import email.utils
import re
import secrets
import socket
from collections.abc import Mapping
from email.message import EmailMessage
from typing import Any, Final

_SHAPE_HEADERS: Final = ("content-type", "content-transfer-encoding", "mime-version")  # These follow from the bodies.
_ID_HEADERS: Final = ("message-id", "references", "in-reply-to")  # Must not be folded or encoded.
_MAX_ID_LINE: Final = 900  # RFC 5322 allows 998.
_ADDRESS: Final = re.compile(r'(?:[^\s<>,@"]+|"[^"\r\n]*")@[^\s<>,@"]+')
# `Dr. Foo <foo@example.com>`, which everybody writes, and `ü@example.com`, which a server may take.
_HARMLESS: Final = (email.errors.ObsoleteHeaderDefect, email.errors.NonASCIILocalPartDefect)
_POLICY: Final = email.policy.SMTP


def canonical_name(name: str) -> str:
    """`In-Reply-To` for any case of it."""
    return "-".join(part[:1].upper() + part[1:].lower() for part in name.split("-"))


def make_mail(headers: Mapping[str, str], text: str, html: str, now_ns: int) -> bytes:
    """A mail with CRLF lines: text and HTML as alternatives, quoted-printable; an empty body is left out.

    headers   values that are not ASCII are encoded; line breaks in them become blanks. Date and Message-Id are made
              where they are not given.
    """
    message = EmailMessage(_POLICY)
    ids: dict[str, str] = {}
    for name, value in headers.items():
        line = _printable(" ".join(value.split()))
        if name.lower() in _ID_HEADERS:
            ids[name] = re.sub(r"[^\x20-\x7e]", "?", line)[:_MAX_ID_LINE]
        elif name.lower() not in _SHAPE_HEADERS:
            _set(message, name, line)
    if "Date" not in message:
        message["Date"] = email.utils.format_datetime(dt.datetime.fromtimestamp(now_ns / 1e9, dt.UTC))
    ids.setdefault("Message-Id", f"<{now_ns}.{secrets.token_hex(8)}@{_host()}>")
    bodies = [(body, kind) for body, kind in ((text, "plain"), (html, "html")) if body]
    message.make_alternative()
    for body, kind in bodies:
        part = EmailMessage(_POLICY)
        part.set_content(_printable(body), subtype=kind, charset="utf-8", cte="quoted-printable")
        del part["MIME-Version"]
        message.attach(part)
    message["MIME-Version"] = "1.0"
    # A mail without a body is one that a user's templates left empty.
    if not bodies:
        message.set_content("")
    return "".join(f"{name}: {value}\r\n" for name, value in ids.items()).encode() + message.as_bytes()


def addresses(text: str) -> list[str]:
    """The bare addresses of a list, `Ops <ops@example.com>, b@example.com`. Raises ValueError."""
    try:
        header: Any = _POLICY.header_factory("to", " ".join(text.split()))
        found = [address.addr_spec for address in header.addresses]
    except (ValueError, IndexError, AttributeError, email.errors.MessageError):
        raise ValueError("not a list of mail addresses") from None
    is_bad = any(not isinstance(defect, _HARMLESS) for defect in header.defects)
    if not found or is_bad or not all(_ADDRESS.fullmatch(one) for one in found):
        raise ValueError("not a list of mail addresses")
    return found


def _set(message: EmailMessage, name: str, value: str) -> None:
    try:
        message[name] = value
    except (ValueError, IndexError, email.errors.MessageError):
        # A value that its header does not allow, as two ids where one belongs: as text it is at least seen.
        message.add_header(f"X-{name}", re.sub(r"[^\x20-\x7e]", "?", value))


def _printable(text: str) -> str:
    """Without what no mail can hold: surrogates and NUL."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "")


def _host() -> str:
    name = socket.gethostname()
    return name if re.fullmatch(r"[A-Za-z0-9.-]+", name) else "localhost.localdomain"
