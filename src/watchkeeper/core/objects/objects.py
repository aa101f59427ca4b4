"""What a store of objects can do, whatever is behind it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from watchkeeper.core.model.errors import WatchkeeperError


class ObjectError(WatchkeeperError):
    """A request that failed, after all attempts.

    retryable   whether the same request may work later: the network, the server, a time-out. Not for keys that are
                wrong, or a bucket that is not there.
    """

    def __init__(self, message: str, *, retryable: bool) -> None:
        self.retryable = retryable
        super().__init__(message)


class ObjectMissing(ObjectError):
    """There is no object of this key."""

    def __init__(self, key: str) -> None:
        self.key = key
        super().__init__(f"{key}: no such object", retryable=False)


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """An object's key and size in bytes."""

    key: str
    size_bytes: int


class Objects(Protocol):
    """Objects by key; keys are paths with `/`. Safe for several threads. Everything raises ObjectError."""

    @property
    def reads_ranges(self) -> bool:
        """Whether parts of objects can be read; False once the server has answered with a whole one."""
        ...

    def put(self, key: str, data: bytes | Path) -> None:
        """Store an object from bytes or from a file; one that is there is replaced. It is there whole or not at all."""
        ...

    def get(self, key: str) -> bytes:
        """A whole object. Raises ObjectMissing."""
        ...

    def get_range(self, key: str, offset: int, size: int) -> bytes:
        """`size` bytes from `offset` on; fewer where the object ends before. Raises ObjectMissing."""
        ...

    def delete(self, key: str) -> None:
        """Remove an object; one that is not there is no error."""
        ...

    def list(self, prefix: str = "") -> list[ObjectInfo]:
        """All objects whose key starts with whole path segments of `prefix`, in the order of their keys."""
        ...

    def exists(self, key: str) -> bool:
        """Whether there is such an object."""
        ...
