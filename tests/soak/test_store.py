"""Long random histories of a store against a dictionary, with kills and torn ends."""

from __future__ import annotations

import io
import random
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest

from tests.properties.test_tsdb import EVERYTHING, MEMORY, History, samples_of
from tests.soak.rounds import rounds
from watchkeeper.core.disk.wal import segment_path, segments
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.model.stale import STALE
from watchkeeper.core.telemetry.log import configure
from watchkeeper.metrics.interface import Budget

STEPS = 250
LOGS = ("series", "wal", "chunks_head", "exemplars")
ODD = [0.0, -0.0, 1.0, 1e300, 0.1, -5.5, float("inf"), float("nan"), STALE]


class Torn(History):
    """A history that knows where in the log each sample came to lie."""

    def __init__(self, directory: Path, window_ms: int) -> None:
        self.places: dict[tuple[Labels, int], tuple[int, int]] = {}
        super().__init__(directory, window_ms)

    def put(self, labels: Labels, time_ms: int, value: float) -> None:
        super().put(labels, time_ms, value)
        wal = self.db.head.wal
        assert wal is not None
        self.places[labels, time_ms] = (wal.segment, wal.offset)

    def torn_kill(self, rng: random.Random) -> None:
        """Goes on with a copy whose newest segments end in half a record, or (the WAL's) early."""
        old = self.directory / str(self.number)
        self.number += 1
        new = self.directory / str(self.number)
        shutil.copytree(old, new)
        self.db.close()
        shutil.rmtree(old)
        for log in LOGS:
            if rng.random() < 0.5 and (present := segments(new / log)):
                with segment_path(new / log, present[-1]).open("ab") as file:
                    file.write(rng.choice([rng.randbytes(rng.randrange(1, 60)), bytes(rng.randrange(1, 5000))]))
        last = cut = 1 << 60
        if rng.random() < 0.5:
            last = segments(new / "wal")[-1]
            path = segment_path(new / "wal", last)
            cut = rng.randrange(path.stat().st_size + 1)
            with path.open("r+b") as file:
                file.truncate(cut)
        self.db = self.open()
        self.reopened()
        self.accept_loss(last, cut)

    def accept_loss(self, last: int, cut: int) -> None:
        """What lay behind the cut may be gone; it is no longer waited for."""
        found = samples_of(self.db.querier().select(EVERYTHING, 0, 1 << 60, Budget()))
        for labels, held in self.model.items():
            for time_ms in list(held):
                segment, end = self.places[labels, time_ms]
                if time_ms not in found.get(labels, {}):
                    assert (segment, end) > (last, cut), f"{labels} at {time_ms} is lost, and the cut was behind it"
                    del held[time_ms]
                elif (segment, end) > (last, cut):
                    # An earlier value at this time may have come back.
                    held[time_ms] = (
                        held[time_ms] | {found[labels][time_ms]} if len(held[time_ms]) > 1 else held[time_ms]
                    )


def value(rng: random.Random) -> float:
    return rng.choice(ODD) if rng.random() < 0.3 else float(rng.randrange(10))


def step(state: Torn, rng: random.Random) -> None:
    """One operation."""
    dice = rng.random()
    if dice < 0.5:
        cells = [None if rng.random() < 0.2 else value(rng) for _ in range(rng.randrange(1, 7))]
        state.row(rng.randrange(3), rng.randrange(-3_000 if rng.random() < 0.2 else 1, 9_000), rng.randrange(9), cells)
    elif dice < 0.7:
        samples = [
            (rng.randrange(12), rng.randrange(-40_000 if rng.random() < 0.5 else 0, 6_000), value(rng))
            for _ in range(rng.randrange(1, 9))
        ]
        state.batch(samples, rng.random() < 0.5)
    elif dice < 0.84:
        state.db.tick(state.now_ms)
    elif dice < 0.88:
        state.torn_kill(rng)
    elif dice < 0.90:
        state.kill()
    elif dice < 0.92:
        state.restart()
    elif dice < 0.96:
        which = rng.randrange(3)
        state.writers[which].close()
        state.writers[which] = state.db.source("again")
    else:
        state.now_ms += rng.randrange(1_000, 100_000)


def history(seed: int) -> None:
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as name:
        state = Torn(Path(name), rng.choice([0, 0, 30_000]))
        for _ in range(STEPS):
            step(state, rng)
            if rng.random() < 0.3:
                state.check()
        state.kill()
        state.check()
        state.db.close()


@pytest.fixture(autouse=True)
def _quiet() -> Any:
    """Damage is what is done here: each would be a line of the log."""
    configure(stream=io.StringIO())
    yield
    configure()


def test_long_histories() -> None:
    rounds("store", history)
