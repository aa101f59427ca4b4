"""Times and durations as people type them."""

from datetime import UTC, datetime

import pytest

from watchkeeper.cli.moments import parse_moment, parse_span_s, round_step_s


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("now", 1000.0),
        ("now-1m30s", 910.0),
        ("now+1m", 1060.0),
        ("-90s", 910.0),
        ("1700000000.25", 1700000000.25),
        ("2026-08-01T10:00:00Z", datetime(2026, 8, 1, 10, tzinfo=UTC).timestamp()),
        ("2026-08-01T10:00:00.5+02:00", datetime(2026, 8, 1, 8, tzinfo=UTC).timestamp() + 0.5),
        ("2026-08-01 10:00", datetime(2026, 8, 1, 10).timestamp()),
    ],
)
def test_parse_moment(text, seconds):
    assert parse_moment(text, 1000.0) == seconds


@pytest.mark.parametrize("text", ["", "now-", "nowx", "tomorrow", "2026-13-01", "now-1x"])
def test_what_is_no_time(text):
    with pytest.raises(ValueError, match="not a time"):
        parse_moment(text, 0)


@pytest.mark.parametrize(("text", "seconds"), [("30", 30.0), ("0.5", 0.5), ("1h30m", 5400.0), ("250ms", 0.25)])
def test_parse_span(text, seconds):
    assert parse_span_s(text) == seconds


@pytest.mark.parametrize("text", ["", "0", "-5", "nan", "inf", "1x", "0s"])
def test_what_is_no_duration(text):
    with pytest.raises(ValueError, match="not a duration"):
        parse_span_s(text)


@pytest.mark.parametrize("span_s", [0, 0.5, 60, 3600, 86_400, 86_400 * 30, 86_400 * 3650])
@pytest.mark.parametrize("n_steps", [10, 200, 1000])
def test_a_step_keeps_below_the_limit(span_s, n_steps):
    step_s = round_step_s(span_s, n_steps)
    assert step_s >= 1
    assert span_s / step_s <= min(n_steps * 1.3, 11_000)
