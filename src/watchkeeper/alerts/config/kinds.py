"""The kinds of values that only alertmanager.yml has: addresses that are secrets, host and port, label names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from watchkeeper.core.config.decode import Place
from watchkeeper.core.config.document import shortened
from watchkeeper.core.config.kinds import Duration, Nested, UrlKind
from watchkeeper.core.config.schema import Invalid, Kind
from watchkeeper.core.config.secret import HIDDEN, Secret, Url
from watchkeeper.core.model.duration import format_duration_ms

T = TypeVar("T")


class SecretUrl(Kind[Secret]):
    """A URL that is a secret as a whole, as the address of a web hook is."""

    label = "secret URL"

    def read(self, at: Place) -> Secret:
        text = at.scalar("a URL")
        # A configuration that was dumped, as the API shows it, can be read again.
        if text == HIDDEN:
            return Secret(text)
        try:
            UrlKind().read(at)
        except Invalid as error:
            # The kind of URLs repeats the text in what it says; a secret must not be.
            raise Invalid(str(error).replace(f' "{shortened(text)}"', "")) from None
        return Secret(text)

    def write(self, value: Secret) -> str:
        return HIDDEN if value else ""


class ApiUrl(UrlKind):
    """The base of an API: a URL that ends with a slash, so that paths can follow."""

    def read(self, at: Place) -> Url:
        return with_slash(super().read(at))


def with_slash(url: Url) -> Url:
    """The URL with a path that ends with a slash."""
    text, mark, query = url.reveal().partition("?")
    return url if text.endswith("/") else Url(f"{text}/{mark}{query}")


@dataclass(frozen=True, slots=True)
class HostPort:
    """Where a server listens; the port is a number or the name of a service. Without a port it is none, and false."""

    host: str
    port: str

    def __bool__(self) -> bool:
        return bool(self.port)

    def __str__(self) -> str:
        if not self.port:
            return ""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class HostPortKind(Kind[HostPort]):
    """`host:port`, `[::1]:25`."""

    label = "host and port"

    def read(self, at: Place) -> HostPort:
        text = at.scalar("an address")
        host, colon, port = text.rpartition(":")
        if not text:
            return HostPort("", "")
        if not colon or text.endswith("]"):
            raise Invalid(f'address "{shortened(text)}": missing port in address')
        if host.startswith("[") and host.endswith("]"):
            host = host[1:-1]
        elif ":" in host:
            raise Invalid(f'address "{shortened(text)}": too many colons in address')
        if not port:
            raise Invalid(f'address "{shortened(text)}": port cannot be empty')
        if any(char.isspace() or char in "[]/@" for char in host + port):
            raise Invalid(f'address "{shortened(text)}" is not a host and a port')
        return HostPort(host, port)

    def write(self, value: HostPort) -> str:
        return str(value)


class Later(Nested[T]):
    """A section that is known only when it is read: one that holds itself, or one of a module that few need."""

    def __init__(self, find: Callable[[], type[T]]) -> None:
        self.find = find

    @property
    def cls(self) -> type[T]:  # type: ignore[override]
        """The section's class. Raises Invalid where there is none."""
        return self.find()


class Interval(Kind[int]):
    """`1h30m` as Prometheus writes it, whole units from large to small, as nanoseconds."""

    label = "duration"
    placeholder = 0

    def read(self, at: Place) -> int:
        return Duration().read(at) * 1_000_000

    def write(self, value: int) -> str:
        return format_duration_ms(value // 1_000_000)
