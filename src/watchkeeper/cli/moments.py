"""Times as people type them on a command line, in seconds since 1970."""

from __future__ import annotations

from datetime import datetime

from watchkeeper.core.model.duration import DurationError, parse_duration_ms


def parse_moment(text: str, now_s: float) -> float:
    """Seconds of `now`, `now-1h`, `-90s`, `1700000000.5`, `2026-08-01T10:00:00Z` or `2026-08-01 10:00`.

    A date without a zone is in the local one. Raises ValueError, with the forms that would be right.
    """
    text = text.strip()
    relative = text.removeprefix("now")
    if relative != text or relative.startswith("-"):
        if not relative:
            return now_s
        sign = {"+": 1, "-": -1}.get(relative[0])
        if sign is not None:
            try:
                return now_s + sign * parse_duration_ms(relative[1:]) / 1000
            except DurationError:
                pass
    try:
        return float(text)
    except ValueError:
        pass
    try:
        return datetime.fromisoformat(text).astimezone().timestamp()
    except (ValueError, OverflowError):
        raise ValueError(f"not a time: {text!r}; use now-1h, 2026-08-01T10:00:00Z or seconds since 1970") from None


def parse_span_s(text: str) -> float:
    """Seconds of `1h30m`, `250ms` or a plain number. Raises ValueError."""
    try:
        seconds = float(text)
    except ValueError:
        try:
            seconds = parse_duration_ms(text.strip()) / 1000
        except DurationError:
            raise ValueError(f"not a duration: {text!r}; use 30s, 5m, 1h30m or seconds") from None
    if not 0 < seconds < float("inf"):
        raise ValueError(f"not a duration above zero: {text!r}")
    return seconds


_STEPS_S = (1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400)


def round_step_s(span_s: float, n_steps: int) -> float:
    """A step that people can read, so that a span has about `n_steps` steps and never more than 11,000."""
    wanted = max(span_s / max(n_steps, 1), 0.001)
    for step in _STEPS_S:
        if step >= wanted * 0.8:
            return float(step)
    return float(-(-wanted // 86_400) * 86_400)
