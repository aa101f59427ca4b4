"""Times of requests: milliseconds, RFC 3339, and `now-6h/h`."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from watchkeeper.web.errors import bad_data

_STEP: Final = re.compile(r"([+-])(\d{0,6})([smhdwMQy])|/([smhdwMQy])")
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_MONTHS: Final = {"M": 1, "Q": 3, "y": 12}
MAX_MS: Final = 253_402_300_799_000


def moment_ms(text: str, now_ms: int, *, is_end: bool = False) -> int:
    """A time in ms. `is_end` rounds up to the last moment of a unit. Raises ApiError where it is none."""
    text = text.strip().replace(" ", "")
    if re.fullmatch(r"-?\d{1,16}(\.\d+)?", text, re.ASCII):
        return int(float(text))
    try:
        if text.startswith("now"):
            return _relative(text[3:], now_ms, is_end)
        return int(datetime.fromisoformat(text).timestamp() * 1000)
    except (ValueError, OverflowError):
        raise bad_data(f'"{text[:60]}" is not a time: write it as ms since 1970, or as now-1h') from None


def _relative(steps: str, now_ms: int, is_end: bool) -> int:
    at = datetime.fromtimestamp(now_ms / 1000, UTC)
    place = 0
    while place < len(steps):
        found = _STEP.match(steps, place)
        if found is None:
            raise ValueError
        place = found.end()
        if found[4]:
            at = _floor(at, found[4])
            if is_end:
                at = _moved(at, 1, found[4]) - timedelta(milliseconds=1)
        else:
            at = _moved(at, (-1 if found[1] == "-" else 1) * int(found[2] or 1), found[3])
    return round(at.timestamp() * 1000)


def _moved(at: datetime, count: int, unit: str) -> datetime:
    if unit in _SECONDS:
        return at + timedelta(seconds=count * _SECONDS[unit])
    months = at.year * 12 + at.month - 1 + count * _MONTHS[unit]
    year, month = divmod(months, 12)
    for day in (at.day, 30, 29, 28):
        try:
            return at.replace(year=year, month=month + 1, day=min(day, at.day))
        except ValueError:
            if not 1 <= year <= 9999:
                raise
    raise ValueError


def _floor(at: datetime, unit: str) -> datetime:
    day = at.replace(hour=0, minute=0, second=0, microsecond=0)
    match unit:
        case "s":
            return at.replace(microsecond=0)
        case "m":
            return at.replace(second=0, microsecond=0)
        case "h":
            return at.replace(minute=0, second=0, microsecond=0)
        case "d":
            return day
        case "w":
            return day - timedelta(days=day.weekday())
        case "M":
            return day.replace(day=1)
        case "Q":
            return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
        case _:
            return day.replace(month=1, day=1)
