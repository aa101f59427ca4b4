"""Durations as Prometheus writes them (`1h30m`), in milliseconds."""

from __future__ import annotations

import re
from typing import Final

_UNITS_MS: Final = {
    "y": 365 * 86_400_000,
    "w": 7 * 86_400_000,
    "d": 86_400_000,
    "h": 3_600_000,
    "m": 60_000,
    "s": 1000,
    "ms": 1,
}
_FORM: Final = re.compile(
    r"(?:(?P<y>[0-9]+)y)?(?:(?P<w>[0-9]+)w)?(?:(?P<d>[0-9]+)d)?(?:(?P<h>[0-9]+)h)?"
    r"(?:(?P<m>[0-9]+)m)?(?:(?P<s>[0-9]+)s)?(?:(?P<ms>[0-9]+)ms)?"
)
MAX_MS: Final = (2**63 - 1) // 1_000_000  # Upstream counts nanoseconds in 64 bits.


class DurationError(ValueError):
    """Text that is not a duration."""


def parse_duration_ms(text: str) -> int:
    """Milliseconds of `1d`, `1h30m`, `0`; units from large to small, each at most once. Raises DurationError."""
    if text == "":
        raise DurationError("empty duration string")
    if text == "0":
        return 0
    match = _FORM.fullmatch(text)
    if match is None:
        raise DurationError(f'not a valid duration string: "{text}"')
    total_ms = sum(int(count) * _UNITS_MS[unit] for unit, count in match.groupdict().items() if count)
    if total_ms > MAX_MS:
        raise DurationError("duration out of range")
    return total_ms


def format_duration_ms(duration_ms: int) -> str:
    """The shortest upstream form: `1h30m`, `2w`, `0s`; weeks and years only where nothing is left over."""
    if duration_ms == 0:
        return "0s"
    out = "-" if duration_ms < 0 else ""
    left = abs(duration_ms)
    for unit, size in _UNITS_MS.items():
        if unit in ("y", "w") and left % size:
            continue
        count, left = divmod(left, size)
        if count:
            out += f"{count}{unit}"
    return out
