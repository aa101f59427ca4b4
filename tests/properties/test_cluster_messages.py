"""Bodies at the cluster's port: messages come back as they went, and garbage is refused by one error."""

from __future__ import annotations

import contextlib
from typing import Any

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from watchkeeper.alerts.cluster.message import Message, MessageError, decode
from watchkeeper.alerts.interface import Silence
from watchkeeper.alerts.nflog import Told
from watchkeeper.core.model.matcher import Matcher, MatchType

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
NAME = TEXT.filter(bool)
TIME = st.integers(-(2**63), 2**63 - 1)
PRINTS = st.frozensets(st.integers(0, 2**64 - 1), max_size=4)
ADDRESS = st.sampled_from(["h:1", "[::1]:9094", "10.0.0.1:9094"])
MATCHER = st.builds(Matcher, TEXT, st.sampled_from([MatchType.EQUAL, MatchType.NOT_EQUAL]), TEXT)
SILENCE = st.builds(
    Silence, st.lists(MATCHER, min_size=1, max_size=3).map(tuple), TIME, TIME, TEXT, TEXT, NAME, TIME
)  # fmt: skip
TOLD = st.builds(Told, TEXT, TEXT, TEXT, st.integers(0, 9), PRINTS, PRINTS, TIME, TIME, TIME)
MESSAGE = st.builds(
    Message, NAME, ADDRESS, TEXT, st.booleans(), st.booleans(), st.dictionaries(NAME, ADDRESS, max_size=3),
    st.lists(SILENCE, max_size=3), st.lists(TOLD, max_size=3),
)  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | TIME | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)  # fmt: skip


@given(MESSAGE)
def test_round_trip(message: Message) -> None:
    assert decode(message.encode()) == message


@settings(max_examples=300)
@given(MESSAGE, st.data())
def test_a_part_that_is_something_else(message: Message, data: st.DataObject) -> None:
    value = orjson.loads(message.encode())
    at: Any = value
    while True:  # Go down some way, and put anything there.
        keys = list(at) if isinstance(at, dict) else list(range(len(at)))
        if not keys:
            break
        key = data.draw(st.sampled_from(keys))
        if isinstance(at[key], (dict, list)) and data.draw(st.booleans()):
            at = at[key]
            continue
        at[key] = data.draw(JSON)
        break
    with contextlib.suppress(MessageError):
        again = decode(orjson.dumps(value))
        assert decode(again.encode()) == again


@given(MESSAGE, st.integers(0, 400), st.binary(max_size=5))
def test_bytes_that_are_something_else(message: Message, at: int, junk: bytes) -> None:
    body = message.encode()
    with contextlib.suppress(MessageError):
        decode(body[:at] + junk + body[at + 1 :])
