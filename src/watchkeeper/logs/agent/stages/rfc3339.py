"""Times as container runtimes write them, read quickly: neighbouring lines share their second."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

_FORM: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(?:[.,](\d+))?(?:([Zz])|([+-])(\d\d):(\d\d))", re.ASCII
)
_KNOWN: Final = 4096


class TimeReader:
    """Nanoseconds of RFC 3339 texts. Seconds that it has seen it knows."""

    def __init__(self) -> None:
        self._seconds: dict[str, int] = {}

    def read(self, text: str) -> int | None:
        """None for a text that is no such time."""
        # `2024-01-01T00:00:00.123456789Z`: what stands before the dot is looked up, what follows is a number.
        if text[-1:] == "Z" and text[19:20] == ".":
            second = self._seconds.get(text[:19])
            if second is not None:
                digits = text[20:-1]
                if digits.isdecimal() and digits.isascii():
                    return second + (int(digits) if len(digits) == 9 else int(digits[:9].ljust(9, "0")))
        return self._read(text)

    def _read(self, text: str) -> int | None:
        match = _FORM.fullmatch(text)
        if match is None:
            return None
        day, clock, digits, zulu, sign, hours, minutes = match.groups()
        try:
            seconds = int(datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=UTC).timestamp())
        except ValueError:
            return None
        if zulu:
            if len(self._seconds) >= _KNOWN:
                self._seconds.clear()
            self._seconds[text[:19]] = seconds * 10**9
        else:
            shift = int(hours) * 3600 + int(minutes) * 60
            seconds -= shift if sign == "+" else -shift
        return seconds * 10**9 + int((digits or "")[:9].ljust(9, "0"))
