"""Times by layouts: what was written is read back, and the fast path reads as the slow one does."""

from __future__ import annotations

import datetime as dt

from hypothesis import given, settings
from hypothesis import strategies as st

from watchkeeper.core.model.gotime import LAYOUTS, UTC, GoTime, NamedOffset, find_zone
from watchkeeper.core.model.gotime_fast import fast_layout
from watchkeeper.core.model.gotime_layout import Part
from watchkeeper.core.model.gotime_parser import TimeError, _Reader, parse_time

ZONES: list[dt.tzinfo] = [
    UTC,
    find_zone("Europe/Berlin"),
    find_zone("America/New_York"),
    find_zone("Asia/Kolkata"),
    NamedOffset("", -3600),
    NamedOffset("XYZ", 20_700),
]
MOMENTS = st.builds(GoTime, st.integers(-(2**62), 2**62), st.sampled_from(ZONES))
FULL = [LAYOUTS["RFC3339Nano"], "2006-01-02 15:04:05.000000000 -0700", "02/Jan/2006:15:04:05,999999999 -07:00"]
LAYOUT_PIECES = st.sampled_from(
    [part.value for part in Part] + [".000000", ",999", "-", ":", " ", "T", "/", "", "x", "["]
)
LAYOUT_TEXTS = st.lists(LAYOUT_PIECES, max_size=9).map("".join)
COMMON = st.sampled_from([*LAYOUTS.values(), *FULL, "2006-01-02 15:04", "2006/01/02 15:04:05.000", "20060102150405"])


@settings(max_examples=300)
@given(MOMENTS, st.sampled_from(FULL))
def test_full_layouts_are_read_back(moment: GoTime, layout: str) -> None:
    text = moment.format(layout)
    if moment.civil().offset_s % 60 == 0:  # Local times before there were zones had seconds, which no layout here has.
        assert parse_time(layout, text).unix_ns == moment.unix_ns


def read(layout: str, text: str, zone: dt.tzinfo, *, slowly: bool) -> GoTime | str:
    try:
        return _Reader(layout, text).read(zone) if slowly else parse_time(layout, text, zone)
    except TimeError as error:
        return str(error)


@settings(max_examples=600)
@given(MOMENTS, COMMON | LAYOUT_TEXTS, st.sampled_from(ZONES))
def test_the_fast_path_reads_as_the_slow_one(moment: GoTime, layout: str, zone: dt.tzinfo) -> None:
    text = moment.format(layout)
    assert read(layout, text, zone, slowly=False) == read(layout, text, zone, slowly=True)


@settings(max_examples=600)
@given(MOMENTS, COMMON, st.integers(0, 40), st.sampled_from(["", "0", "9", " ", "Z", "-", ".", ".5", "3", "x"]))
def test_it_does_so_for_damaged_texts(moment: GoTime, layout: str, at: int, piece: str) -> None:
    text = moment.format(layout)
    damaged = text[:at] + piece + text[at + 1 :]
    assert read(layout, damaged, UTC, slowly=False) == read(layout, damaged, UTC, slowly=True)


def test_which_layouts_are_fast() -> None:
    fast = [name for name, layout in LAYOUTS.items() if fast_layout(layout) is not None]
    assert fast == ["RFC3339", "RFC3339Nano", "DateTime"]
    assert fast_layout("02/Jan/2006:15:04:05 -0700") is not None
