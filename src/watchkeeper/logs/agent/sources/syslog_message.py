"""Syslog messages: RFC 5424 and RFC 3164, and how they are framed on a stream."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from watchkeeper.logs.agent.stages.rfc3339 import TimeReader

SEVERITIES: Final = ("emergency", "alert", "critical", "error", "warning", "notice", "informational", "debug")
FACILITIES: Final = (
    "kern",
    "user",
    "mail",
    "daemon",
    "auth",
    "syslog",
    "lpr",
    "news",
    "uucp",
    "cron",
    "authpriv",
    "ftp",
    "ntp",
    "security",
    "console",
    "solaris-cron",
    *(f"local{number}" for number in range(8)),
)
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_NEW: Final = re.compile(rb"<(\d{1,3})>(\d{1,2}) (\S+) (\S+) (\S+) (\S+) (\S+) ", re.ASCII)
_OLD: Final = re.compile(
    rb"<(\d{1,3})>(?:([A-Z][a-z]{2}) {1,2}(\d{1,2}) (\d\d):(\d\d):(\d\d)|(\d{4}-\S+)) (\S+) ?", re.ASCII
)
_TAG: Final = re.compile(rb"([^\s\[:]{1,64})(?:\[([^\]]*)\])?: ?")
_SD_NAME: Final = re.compile(rb'[^\s=\]"]{1,64}')


class SyslogError(ValueError):
    """Bytes that are no syslog message."""


@dataclass(slots=True)
class SyslogMessage:
    """One message; what it lacks is empty. `time_ns` is None for none."""

    priority: int
    time_ns: int | None = None
    hostname: str = ""
    app_name: str = ""
    proc_id: str = ""
    msg_id: str = ""
    structured: dict[str, dict[str, str]] = field(default_factory=dict)
    message: bytes = b""

    @property
    def severity(self) -> str:
        """Its word."""
        return SEVERITIES[self.priority & 7]

    @property
    def facility(self) -> str:
        """Its word."""
        number = self.priority >> 3
        return FACILITIES[number] if number < len(FACILITIES) else str(number)


_times = TimeReader()


def parse_rfc5424(data: bytes) -> SyslogMessage:
    """A message of the new kind. Raises SyslogError."""
    match = _NEW.match(data)
    if match is None:
        raise SyslogError("expecting a priority, a version and five fields")
    priority, _, stamp, *fields = match.groups()
    made = SyslogMessage(_priority(priority))
    made.hostname, made.app_name, made.proc_id, made.msg_id = (_text(one) for one in fields)
    if stamp != b"-":
        made.time_ns = _times.read(stamp.decode("utf-8", "replace"))
        if made.time_ns is None:
            raise SyslogError("expecting a RFC3339MICRO timestamp or a nil value")
    made.structured, at = _structured(data, match.end())
    rest = data[at:].removeprefix(b" ")
    made.message = rest.removeprefix(b"\xef\xbb\xbf")
    return made


def _structured(data: bytes, at: int) -> tuple[dict[str, dict[str, str]], int]:
    if data[at : at + 1] == b"-":
        return {}, at + 1
    found: dict[str, dict[str, str]] = {}
    while data[at : at + 1] == b"[":
        name = _SD_NAME.match(data, at + 1)
        if name is None:
            raise SyslogError("expecting a structured data element id")
        at = name.end()
        pairs = found.setdefault(_text(name[0]), {})
        while data[at : at + 1] == b" ":
            key = _SD_NAME.match(data, at + 1)
            if key is None or data[key.end() : key.end() + 2] != b'="':
                raise SyslogError("expecting a structured data parameter")
            at = key.end() + 2
            value = bytearray()
            while (char := data[at : at + 1]) != b'"':
                if not char:
                    raise SyslogError("a structured data value does not end")
                if char == b"\\" and data[at + 1 : at + 2] in (b'"', b"\\", b"]"):
                    at += 1
                    char = data[at : at + 1]
                value += char
                at += 1
            pairs[_text(key[0])] = value.decode("utf-8", "replace")
            at += 1
        if data[at : at + 1] != b"]":
            raise SyslogError("a structured data element does not end")
        at += 1
    if not found:
        raise SyslogError("expecting structured data")
    return found, at


def parse_rfc3164(data: bytes, now: datetime) -> SyslogMessage:
    """A message of the old kind; its time has no year, and is in UTC. Raises SyslogError."""
    match = _OLD.match(data)
    if match is None:
        raise SyslogError("expecting a priority, a timestamp and a hostname")
    priority, month, day, hour, minute, second, stamp, host = match.groups()
    made = SyslogMessage(_priority(priority), hostname=_text(host))
    if stamp is not None:
        made.time_ns = _times.read(stamp.decode("utf-8", "replace"))
    else:
        name = month.decode()
        if name not in _MONTHS:
            raise SyslogError("expecting a month")
        number = _MONTHS.index(name) + 1
        year = now.year - (number == 12 and now.month == 1) + (number == 1 and now.month == 12)
        try:
            moment = datetime(year, number, int(day), int(hour), int(minute), int(second), tzinfo=UTC)
        except ValueError as error:
            raise SyslogError(str(error)) from None
        made.time_ns = int(moment.timestamp()) * 10**9
    tag = _TAG.match(data, match.end())
    at = match.end()
    if tag is not None:
        made.app_name, made.proc_id = _text(tag[1]), _text(tag[2] or b"")
        at = tag.end()
    made.message = data[at:]
    return made


def _priority(text: bytes) -> int:
    number = int(text)
    if number > 191:
        raise SyslogError("expecting a priority of 191 at most")
    return number


def _text(data: bytes) -> str:
    return "" if data == b"-" else data.decode("utf-8", "replace")


class Framing:
    """Messages out of a stream: counted (`57 <34>1 …`) or ended by newlines, as each begins."""

    def __init__(self, max_bytes: int) -> None:
        self._max = max_bytes
        self._data = b""
        self._skips = False
        self.n_too_long = 0

    def feed(self, data: bytes) -> list[bytes]:
        """The messages that are whole now. Raises SyslogError where a count is none."""
        self._data += data
        out: list[bytes] = []
        while self._data:
            if self._data[:1].isdigit():
                taken = self._counted()
            else:
                taken = self._line()
            if taken is None:
                break
            if taken:
                out.append(taken)
        return out

    def rest(self) -> bytes:
        """What is left when the stream ends: a last line without its end."""
        left, self._data = self._data.strip(b"\r\n\0"), b""
        return b"" if left[:1].isdigit() or self._skips else left

    def _counted(self) -> bytes | None:
        head, space, _ = self._data[:12].partition(b" ")
        if not space:
            if len(self._data) >= 12 or not self._data.isdigit():
                raise SyslogError("expecting the length of a message")
            return None
        if not head.isdigit():
            raise SyslogError("expecting the length of a message")
        size = int(head)
        if size > self._max:
            raise SyslogError(f"message too long to parse: {size} bytes, max_message_length is {self._max}")
        start = len(head) + 1
        if len(self._data) < start + size:
            return None
        message, self._data = self._data[start : start + size], self._data[start + size :]
        return message.rstrip(b"\r\n")

    def _line(self) -> bytes | None:
        end = self._data.find(b"\n")
        if end < 0:
            if len(self._data) > self._max:
                self.n_too_long += not self._skips
                self._skips, self._data = True, b""
            return None
        line, self._data = self._data[:end], self._data[end + 1 :]
        if self._skips or len(line) > self._max:
            self.n_too_long += not self._skips
            self._skips = False
            return b""
        return line.rstrip(b"\r\0")
