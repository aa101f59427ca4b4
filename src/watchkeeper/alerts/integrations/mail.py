"""A mail's headers and bodies as bytes, RFC 5322 and MIME."""

from __future__ import annotations

import email.errors
import email.policy
import email.utils
import re
import secrets
import socket
from collections.abc import Mapping
from email.message import EmailMessage
from typing import Final

_SHAPE_HEADERS: Final = ("content-type", "content-transfer-encoding", "mime-version")  # These follow from the bodies.
_POLICY: Final = email.policy.SMTP.clone(max_line_length=200)


def canonical_name(name: str) -> str:
    """`In-Reply-To` for any case of it."""
    return "-".join(part[:1].upper() + part[1:].lower() for part in name.split("-"))


def make_mail(headers: Mapping[str, str], text: str, html: str, now_ns: int) -> bytes:
    """A mail with CRLF lines: text and HTML as alternatives, quoted-printable; an empty body is left out.

    headers   values that are not ASCII are encoded; line breaks in them become blanks. Date and Message-Id are made
              where they are not given.
    """
    message = EmailMessage(_POLICY)
    for name, value in headers.items():
        if name.lower() not in _SHAPE_HEADERS:
            _set(message, name, " ".join(value.split()))
    if "Date" not in message:
        message["Date"] = email.utils.formatdate(now_ns / 1e9)
    if "Message-Id" not in message:
        message["Message-Id"] = f"<{now_ns}.{secrets.randbits(64)}@{_host()}>"
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
    return message.as_bytes()


def addresses(text: str) -> list[str]:
    """The bare addresses of a list, `Ops <ops@example.com>, b@example.com`. Raises ValueError."""
    found = email.utils.getaddresses([text], strict=True)
    plain = [address for _, address in found]
    if not plain or not all(re.fullmatch(r"[^\s<>,@]+(@[^\s<>,@]+)?|\"[^\"\r\n]*\"@[^\s<>,@]+", one) for one in plain):
        raise ValueError("not a list of mail addresses")
    return plain


def _set(message: EmailMessage, name: str, value: str) -> None:
    try:
        message[name] = _printable(value)
    except (ValueError, IndexError, email.errors.MessageError):
        # A value that its header does not allow, as two ids where one belongs: as text it is at least seen.
        message.add_header(f"X-{name}", re.sub(r"[^\x20-\x7e]", "?", value))


def _printable(text: str) -> str:
    """Without what no mail can hold: surrogates and NUL."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "")


def _host() -> str:
    name = socket.gethostname()
    return name if re.fullmatch(r"[A-Za-z0-9.-]+", name) else "localhost.localdomain"
