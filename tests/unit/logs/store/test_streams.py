"""Streams of tenants, tails of them, and the cache of their blocks."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from tests.unit.logs.store.stores import APP, DATABASE
from watchkeeper.core.kernels.line_block import Block
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.model.matcher import Matcher, MatchType
from watchkeeper.logs.interface import TailBatch
from watchkeeper.logs.store.block_cache import BlockCache
from watchkeeper.logs.store.streams import Streams, pack_key
from watchkeeper.logs.store.tail import Tails

SHOP = Matcher("app", MatchType.EQUAL, "shop")


def test_a_stream_is_made_once() -> None:
    streams = Streams()
    one = streams.get("t", APP)
    assert streams.get("t", Labels.of(APP.as_dict())) is one
    assert streams.get("u", APP).id != one.id
    assert one.text == '{app="shop", service_name="shop"}'
    assert streams.ids_of([pack_key("u", APP), pack_key("t", APP)]).tolist() == [streams.get("u", APP).id, one.id]
    assert (streams.stream(one.id), streams.tenant(one.id), streams.key(one.id)) == (one, "t", pack_key("t", APP))
    assert streams.tenants() == ["t", "u"]


def test_matchers_see_one_tenant() -> None:
    streams = Streams()
    mine, database = streams.get("t", APP), streams.get("t", DATABASE)
    streams.get("u", APP)
    assert streams.select("t", []).tolist() == [mine.id, database.id]
    assert streams.select("t", [SHOP]).tolist() == [mine.id]
    assert streams.passing("t", [SHOP]).tolist() == [True, False, False]
    assert streams.select("nobody", []).tolist() == []
    assert streams.select("t", [Matcher("\x00tenant", MatchType.EQUAL, "u")]).tolist() == []


def test_streams_can_be_forgotten() -> None:
    streams = Streams()
    kept, gone = streams.get("t", APP), streams.get("t", DATABASE)
    assert streams.ids() == {kept.id, gone.id}
    streams.forget({gone.id})
    assert streams.ids() == {kept.id}
    assert streams.select("t", []).tolist() == [kept.id]
    with pytest.raises(KeyError):
        streams.stream(gone.id)
    again = streams.get("t", DATABASE)
    assert streams.select("t", []).tolist() == sorted([kept.id, again.id])


def test_a_listener_that_fails_costs_others_nothing() -> None:
    tails, streams = Tails(), Streams()
    seen: list[TailBatch] = []

    def fail(batch: TailBatch) -> None:
        raise RuntimeError("gone")

    ends: list[Callable[[], None]] = [tails.subscribe("t", [], fail), tails.subscribe("t", [SHOP], seen.append)]
    assert (tails.are_any, len(tails)) == (True, 2)
    tails.deliver("t", streams.get("t", APP), Block(), 3, 5)
    tails.deliver("t", streams.get("t", DATABASE), Block(), 0, 1)
    tails.deliver("u", streams.get("u", APP), Block(), 0, 1)
    assert [batch.rows.tolist() for batch in seen] == [[3, 4]]
    for end in ends:
        end()
        end()
    assert (tails.are_any, len(tails)) == (False, 0)


def sealed(text: bytes) -> Block:
    block = Block()
    data = text * 50
    block.append(data, np.array([0]), np.array([len(data)]), np.array([1]))
    return Block.open(block.seal()[0])


def test_the_cache_keeps_what_was_used_lately() -> None:
    size = sealed(b"a").size_bytes
    cache = BlockCache(3 * size + size // 2)
    for name in "abc":
        cache.get((name, 0), lambda name=name: sealed(name.encode()))
    cache.get(("a", 0), lambda: pytest.fail("it is kept"))
    cache.get(("d", 0), lambda: sealed(b"d"))
    assert len(cache) == 3
    loaded = []
    for name in "acdb":
        cache.get((name, 0), lambda name=name: loaded.append(name) or sealed(name.encode()))
    assert loaded == ["b"]
    cache.drop("b")
    assert len(cache) == 2
    assert cache.size_bytes <= 3 * size + size // 2


def test_a_block_larger_than_the_cache_is_kept_alone() -> None:
    cache = BlockCache(10)
    cache.get(("a", 0), lambda: sealed(b"a"))
    cache.get(("b", 0), lambda: sealed(b"b"))
    assert len(cache) == 1
    cache.shrink()
    assert len(cache) == 1
