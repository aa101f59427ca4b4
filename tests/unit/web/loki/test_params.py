"""Parameters: times in all their forms, ranges and their defaults, refusals with upstream's texts."""

from __future__ import annotations

import pytest

from watchkeeper.web.errors import ApiError
from watchkeeper.web.loki.params import Params, parse_go_duration_ns, parse_time_ns, rfc3339

NS = 1_000_000_000
NOW_NS = 1_700_000_000 * NS


def params(**values: str) -> Params:
    return Params(list(values.items()), NOW_NS)


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("1700000000", 1_700_000_000 * NS),
        ("17000000001", 17_000_000_001),
        ("1700000000000000001", 1_700_000_000_000_000_001),
        ("1700000000.1235", 1_700_000_000_124_000_000),
        ("0.5", NS // 2),
        ("-1", -NS),
        ("2023-11-14T22:13:20Z", NOW_NS),
        ("2023-11-14T22:13:20.123456789Z", NOW_NS + 123_456_789),
        ("2023-11-14T23:13:20+01:00", NOW_NS),
    ],
)
def test_times_in_all_forms(text: str, ns: int) -> None:
    assert parse_time_ns(text) == ns


@pytest.mark.parametrize("text", ["yesterday", "", "1700000000s", "2023-13-14T22:13:20Z", "9" * 30, "1e9"])
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(ValueError, match="strconv.ParseInt: parsing"):
        parse_time_ns(text)


def test_a_range_is_the_last_hour_by_default() -> None:
    found = params().range()
    assert (found.start_ns, found.end_ns) == (NOW_NS - 3600 * NS, NOW_NS)
    assert (found.step_ns, found.limit, found.forward, found.interval_ns) == (14 * NS, 100, False, 0)


def test_a_start_lies_since_before_the_end_or_now() -> None:
    assert params(end="1600000000", since="10m").bounds() == ((1_600_000_000 - 600) * NS, 1_600_000_000 * NS)
    assert params(end="1800000000", since="10m").bounds() == (NOW_NS - 600 * NS, 1_800_000_000 * NS)


def test_the_edges_of_time_leave_room_to_count() -> None:
    for text in ("-9223372036854775808", "0001-01-01T00:00:00Z", "9223372036854775807", "9999-12-31T23:59:59Z"):
        start_ns, end_ns = params(end=text).bounds()
        assert -(2**62) <= start_ns <= 2**62
        assert -(2**62) <= end_ns <= 2**62


@pytest.mark.parametrize(
    ("text", "ns"), [("5", 5 * NS), ("0.5", NS // 2), ("1m", 60 * NS), ("1d", 86_400 * NS), ("", 14 * NS)]
)
def test_steps(text: str, ns: int) -> None:
    assert params(step=text).range().step_ns == ns


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"limit": "0"}, "limit must be a positive value"),
        ({"limit": "-5"}, "limit must be a positive value"),
        ({"limit": "many"}, 'strconv.Atoi: parsing "many": invalid syntax'),
        ({"limit": "9" * 30}, f'strconv.Atoi: parsing "{"9" * 30}": value out of range'),
        ({"start": "200", "end": "100"}, "end timestamp must not be before or equal to start time"),
        ({"start": "100", "end": "100"}, "end timestamp must not be before or equal to start time"),
        (
            {"start": "x"},
            "could not parse 'start' parameter: strconv.ParseInt: parsing \"x\": invalid syntax",
        ),
        ({"since": "x"}, "could not parse 'since' parameter: not a valid duration string: \"x\""),
        ({"direction": "sideways"}, "invalid direction 'sideways'"),
        (
            {"step": "0"},
            "zero or negative query resolution step widths are not accepted. Try a positive integer",
        ),
        (
            {"step": "-1"},
            "zero or negative query resolution step widths are not accepted. Try a positive integer",
        ),
        ({"step": "soon"}, 'cannot parse "soon" to a valid duration'),
        ({"step": "1e40"}, 'cannot parse "1e40" to a valid duration. It overflows int64'),
        ({"interval": "-1"}, "interval must be >= 0"),
        (
            {"step": "1", "start": "1700000000", "end": "1700100000"},
            "exceeded maximum resolution of 11,000 points per time series. "
            "Try increasing the value of the step parameter",
        ),
    ],
)
def test_refusals(given: dict[str, str], text: str) -> None:
    with pytest.raises(ApiError) as caught:
        params(**given).range()
    assert caught.value.message == text
    assert caught.value.status == 400


def test_directions_in_any_case() -> None:
    assert params(direction="Forward").forward()
    assert not params(direction="backward").forward()


def test_the_body_comes_before_the_url() -> None:
    both = Params([("query", "of the body"), ("query", "of the url")], NOW_NS)
    assert both.get("query") == "of the body"
    assert both.all("query") == ["of the body", "of the url"]


@pytest.mark.parametrize(
    ("text", "ns"), [("1h30m", 5400 * NS), ("1.5s", 3 * NS // 2), ("-2ms", -2_000_000), ("0", 0), ("10µs", 10_000)]
)
def test_durations_of_go(text: str, ns: int) -> None:
    assert parse_go_duration_ns(text) == ns


@pytest.mark.parametrize("text", ["", "5", "1d", "h", "1h 2m"])
def test_what_is_no_duration_of_go(text: str) -> None:
    with pytest.raises(ValueError, match="time: invalid duration"):
        parse_go_duration_ns(text)


def test_times_as_text() -> None:
    assert rfc3339(NOW_NS) == "2023-11-14T22:13:20Z"
    assert rfc3339(NOW_NS + 120_000_000) == "2023-11-14T22:13:20.12Z"
