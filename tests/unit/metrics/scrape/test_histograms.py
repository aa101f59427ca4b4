"""Native histograms, which have no place in a row."""

from __future__ import annotations

import numpy as np

from tests.unit.metrics.scrape.harness import PROTOBUF, START_S, FakeClock, FakeSite, Scraped, groups, scrape_config
from tests.unit.metrics.scrape.memory_store import STALE, MemoryStore
from watchkeeper.core.model.errors import TargetError
from watchkeeper.core.model.histogram import Histogram
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.model.metadata import Exemplar
from watchkeeper.core.telemetry.metrics import Registry
from watchkeeper.core.wire.exposition import Exposition
from watchkeeper.metrics.scrape.manager import ScrapeManager

START_MS = round(START_S * 1000)
SMALL = Histogram(schema=0, count=2, sum=3, positive_spans=((0, 2),), positive=(1.0, 1.0))
WIDE = Histogram(schema=3, count=8, sum=3, positive_spans=((1, 8),), positive=(1.0,) * 8)


class ScriptedParser:
    """Series 0 is a float, 1 and 2 are histograms; the body says which are there: `0`, `01`, `02`, …

    `t` gives the histograms their own time, `w` makes them wide, `e` adds an exemplar to each series.
    """

    generation = 0
    size_bytes = 0

    def __init__(self) -> None:
        self._seen: set[int] = set()

    @property
    def n_series(self) -> int:
        return 3

    def parse(self, body: bytes) -> Exposition:
        text = body.decode()
        there = [int(char) for char in text if char.isdigit()]
        new = [(number, [("__name__", f"s{number}")]) for number in range(3) if number not in self._seen]
        self._seen.update(range(3))
        own_ms = START_MS + 5 if "t" in text else None
        floats = np.array([number for number in there if number == 0], np.int32)
        exemplar = Exemplar(Labels.of(trace="x"), 1.0)
        return Exposition(
            n_series=3,
            index=floats,
            repeated=False,
            values=np.ones(len(floats)),
            new=new,
            histograms=[(number, own_ms, WIDE if "w" in text else SMALL) for number in there if number],
            exemplars=[(number, exemplar) for number in there] if "e" in text else [],
        )

    def compact(self, absent_for: int = 0) -> None:
        return None

    def reset(self) -> None:
        self._seen.clear()


async def begin(**settings: object) -> Scraped:
    store, registry, site = MemoryStore(), Registry(), FakeSite()
    manager = ScrapeManager(
        store, registry, clock=FakeClock(), connect=site, host="here", parsers=lambda _, **__: ScriptedParser()
    )
    await manager.apply([scrape_config(**settings)])
    await manager.update("test", groups("a:1"))
    return Scraped(manager, store, registry, site)


def histograms(scraped: Scraped, name: str) -> list[tuple[int, Histogram]]:
    return next((found for labels, found in scraped.store.histograms.items() if labels.name == name), [])


async def test_histograms_are_stored_with_the_time_of_the_scrape_and_end_with_a_marker():
    scraped = await begin()
    await scraped("01", "012", "02", "0", content_type=PROTOBUF)
    assert histograms(scraped, "s1") == [(START_MS + 10_000, SMALL), (START_MS + 20_000, SMALL)]
    assert scraped.values("s1") == [STALE]
    assert scraped.values("s2") == [STALE]
    assert scraped.values("s0") == [1, 1, 1, 1]
    assert scraped.values("scrape_samples_post_metric_relabeling") == [2, 3, 2, 1]
    assert scraped.values("scrape_series_added") == [2, 1, 0, 0]


async def test_a_failed_scrape_ends_histograms():
    scraped = await begin()
    await scraped("01", TargetError("no"), TargetError("no"), content_type=PROTOBUF)
    assert scraped.values("s1") == [STALE]
    assert scraped.values("up") == [1, 0, 0]


async def test_a_target_that_goes_away_ends_its_histograms():
    scraped = await begin()
    await scraped("01", content_type=PROTOBUF)
    source = scraped.loop._source
    assert source is not None
    source.end(scraped.now_ms + 10_000)
    assert scraped.values("s1") == [STALE]
    assert scraped.values("up") == [1, STALE]


async def test_own_times_of_histograms():
    scraped = await begin()
    await scraped("01t", "0", content_type=PROTOBUF)
    assert histograms(scraped, "s1") == [(START_MS + 5, SMALL)]
    assert "s1" not in {labels.name for labels in scraped.store.samples}
    scraped = await begin(honor_timestamps=False)
    await scraped("01t", content_type=PROTOBUF)
    assert histograms(scraped, "s1") == [(START_MS + 10_000, SMALL)]


async def test_the_bucket_limit():
    scraped = await begin(native_histogram_bucket_limit=4)
    await scraped("01w", content_type=PROTOBUF)
    [(_, stored)] = histograms(scraped, "s1")
    assert (stored.schema, len(stored.positive)) == (2, 4)
    scraped = await begin(native_histogram_bucket_limit=1)
    await scraped("01w", "01", content_type=PROTOBUF)
    # No resolution brings buckets on both sides of one together.
    assert scraped.values("up") == [1, 0]
    assert scraped.target.last_error == "histogram bucket limit exceeded"
    assert scraped.values("s1") == [STALE]
    assert scraped.counter("prometheus_target_scrapes_exceeded_native_histogram_bucket_limit_total") == 1


async def test_histograms_count_for_the_sample_limit():
    scraped = await begin(sample_limit=2)
    await scraped("01", "012", content_type=PROTOBUF)
    assert scraped.values("up") == [1, 0]
    assert scraped.target.last_error == "sample limit exceeded"


async def test_exemplars_of_histograms_need_a_time():
    scraped = await begin()
    await scraped("01e", content_type=PROTOBUF)
    assert [labels.name for labels, _ in scraped.store.exemplars] == ["s0"]
