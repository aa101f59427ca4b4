"""What instances say to each other: who they are, whom they know, and what has changed. JSON, one object a message."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from watchkeeper.alerts.cluster.options import host_and_port
from watchkeeper.alerts.interface import Silence
from watchkeeper.alerts.journal import silence_of, silence_row, told_of, told_row
from watchkeeper.alerts.nflog import Told
from watchkeeper.core.model.errors import WireError

VERSION: Final = 1
MAX_BYTES: Final = 64 << 20  # One message; 100,000 entries of the log take about 30 MB.
MAX_MEMBERS: Final = 64
MAX_NAME_CHARS: Final = 128


class MessageError(WireError):
    """A body that is no message of ours."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message or its answer.

    name, address   the sender; the address is how others reach it
    wants_all       whether the answer is to hold everything that the other knows
    is_leaving      whether the sender says goodbye
    members         addresses of others that the sender knows to live, by name
    """

    name: str
    address: str
    label: str = ""
    wants_all: bool = False
    is_leaving: bool = False
    members: Mapping[str, str] | None = None
    silences: Sequence[Silence] = ()
    told: Sequence[Told] = ()

    def encode(self) -> bytes:
        """The body."""
        return orjson.dumps(
            {
                "version": VERSION,
                "name": self.name,
                "address": self.address,
                "label": self.label,
                "wants_all": self.wants_all,
                "is_leaving": self.is_leaving,
                "members": dict(self.members or {}),
                "silences": [silence_row(silence) for silence in self.silences],
                "told": [told_row(entry) for entry in self.told],
            }
        )

    @property
    def is_update(self) -> bool:
        """Whether it brings changes."""
        return bool(self.silences or self.told)


def decode(body: bytes) -> Message:
    """The message of a body. Raises MessageError where it is none; nothing of it counts then."""
    if len(body) > MAX_BYTES:
        raise MessageError(f"cluster message of {len(body)} bytes (limit: {MAX_BYTES} bytes)")
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise MessageError(f"cluster message is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise MessageError("cluster message is not an object")
    if value.get("version") != VERSION:
        raise MessageError(f"cluster message of version {value.get('version')!r}; this program speaks {VERSION}")
    try:
        return _made(value)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise MessageError(f"cluster message makes no sense: {error}") from None


def _made(value: dict[str, Any]) -> Message:
    members = value["members"]
    if not isinstance(members, dict) or len(members) > MAX_MEMBERS:
        raise ValueError(f"more than {MAX_MEMBERS} members")
    for name, address in ((value["name"], value["address"]), *members.items()):
        if not isinstance(name, str) or not name or len(name) > MAX_NAME_CHARS:
            raise ValueError("not a name of an instance")
        host_and_port(address)
    if not isinstance(value["label"], str):
        raise ValueError("not a label")
    for rows in (value["silences"], value["told"]):
        if not isinstance(rows, list):
            raise ValueError("not a list of changes")
    return Message(
        value["name"], value["address"], value["label"], value["wants_all"] is True, value["is_leaving"] is True,
        members, [silence_of(row) for row in value["silences"]], [told_of(row) for row in value["told"]],
    )  # fmt: skip
