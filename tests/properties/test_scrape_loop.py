"""Random sequences of scrapes through the loop leave the samples that a slow model with dicts leaves."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.metrics.scrape.harness import START_S, Scraped
from tests.unit.metrics.scrape.memory_store import STALE
from watchkeeper.core.model.errors import TargetError
from watchkeeper.core.relabel import RelabelConfig

START_MS = round(START_S * 1000)
SERIES = [f'm{i}{{x="{j}"}}' for i in range(3) for j in range(3)]
REPORT = ("up", "scrape_samples_scraped", "scrape_samples_post_metric_relabeling", "scrape_series_added")

lines = st.lists(st.tuples(st.sampled_from(SERIES), st.integers(0, 3), st.sampled_from([0, -3, -5])), max_size=12)
failures = st.sampled_from(["down", "m0 1\nbroken{ 1\n", 'm1{a="1",a="2"} 1\n'])
renumbered = st.just("renumber")
scrapes = st.lists(st.one_of(lines, lines, lines, failures, renumbered), min_size=1, max_size=12)


@dataclass
class Model:
    """What Prometheus does with a scrape, one sample at a time."""

    drop: str
    merge: bool
    honor: bool
    track: bool
    limit: int
    stored: dict[str, list[tuple[int, object]]] = field(default_factory=dict)
    tracked: set[str] = field(default_factory=set)
    known: set[str] = field(default_factory=set)
    renumbered: bool = False

    def put(self, series: str, time_ms: int, value: object) -> None:
        kept = self.stored.setdefault(series, [])
        if not kept or kept[-1][0] < time_ms:
            kept.append((time_ms, value))

    def name_of(self, series: str) -> str | None:
        name, label = series.split("{")
        if name == self.drop:
            return None
        return name if self.merge else f"{name}{{{label}"

    def scrape(self, time_ms: int, body: list[tuple[str, int, int | None]] | None) -> None:
        before = self.stored
        self.stored = {series: samples.copy() for series, samples in before.items()}
        scraped = post = 0
        tracked: set[str] = set()
        present: set[str] = set()
        in_row: set[str] = set()
        later: list[tuple[str, int, object]] = []
        exposed: set[tuple[str, int | None]] = set()
        for series, value, age_s in body or []:
            scraped += 1
            own_ms = None if age_s is None else time_ms + age_s * 1000
            name = self.name_of(series)
            if (series, own_ms) in exposed:
                post += 1  # Left out by the parser, before relabelling.
                continue
            exposed.add((series, own_ms))
            if name is None:
                continue
            post += 1
            present.add(name)
            if own_ms is not None and self.honor:
                later.append((name, own_ms, float(value)))
                if self.track:
                    tracked.add(name)
                continue
            tracked.add(name)
            if name not in in_row:
                in_row.add(name)
                self.put(name, time_ms, float(value))
        ok = body is not None
        limited = ok and self.limit and post - (scraped - len(exposed)) > self.limit
        if not ok or limited:
            self.stored = {series: samples.copy() for series, samples in before.items()}
            for series in sorted(self.tracked):
                self.put(series, time_ms, STALE)
            self.tracked = set()
            self.report(time_ms, (0.0, 0.0, 0.0, 0.0))
            return
        for series in self.tracked - tracked:
            self.put(series, time_ms, STALE)
        for series, own_ms, value in later:
            self.put(series, own_ms, value)
        # After a renumbering nobody remembers which columns are new, so none is counted.
        added = len(present - self.known - (in_row if self.renumbered else set()))
        self.renumbered = False
        self.report(time_ms, (1.0, float(scraped), float(post), float(added)))
        self.tracked, self.known = tracked, present

    def report(self, time_ms: int, values: tuple[float, ...]) -> None:
        for name, value in zip(REPORT, values, strict=True):
            self.put(name, time_ms, value)


@given(scrapes, st.sampled_from(["", "m1"]), st.booleans(), st.booleans(), st.booleans(), st.sampled_from([0, 0, 5]))
@settings(max_examples=100, deadline=None)
def test_random_scrapes_equal_the_model(sequence, drop, merge, honor, track, limit):
    asyncio.run(compare(sequence, drop, merge, honor, track, limit))


async def compare(sequence, drop, merge, honor, track, limit):
    rules = (RelabelConfig(source_labels=("__name__",), regex=drop, action="drop"),) if drop else ()
    rules += (RelabelConfig(regex="x", action="labeldrop"),) if merge else ()
    scraped = await Scraped.begin(
        metric_relabel_configs=rules, honor_timestamps=honor, track_timestamps_staleness=track, sample_limit=limit
    )
    model = Model(drop, merge, honor, track, limit)
    for scrape in sequence:
        if scrape == "renumber":
            if scraped.store.writers[0].column_of:
                scraped.store.writers[0].renumber()
                model.renumbered = True
            continue
        time_ms = scraped.now_ms + 10_000
        if isinstance(scrape, str):
            await scraped(TargetError("down") if scrape == "down" else scrape)
            model.scrape(time_ms, None)
            continue
        # The series of one metric have their own times, those of the others never.
        body = [(series, value, age_s if series.startswith("m2") else None) for series, value, age_s in scrape]
        await scraped("".join(
            f"{series} {value}" + ("" if age_s is None else f" {time_ms + age_s * 1000}") + "\n"
            for series, value, age_s in body
        ))  # fmt: skip
        model.scrape(time_ms, body)
    # After the store renumbered its columns a series may be ended once more: a marker after a marker says nothing.
    found = {
        labels.name + (f'{{x="{labels.get("x")}"}}' if labels.get("x") else ""): [
            sample for i, sample in enumerate(samples) if i == 0 or (sample[1], samples[i - 1][1]) != (STALE, STALE)
        ]
        for labels, samples in scraped.store.samples.items()
        if labels.name != "scrape_duration_seconds"
    }
    assert found == {series: samples for series, samples in model.stored.items() if samples}
    await scraped.manager.stop()
