"""A journal that is damaged anywhere: it opens, says so, keeps what was not hit, and can be written again."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchkeeper.alerts.interface import Alert, Silence
from watchkeeper.alerts.journal import Journal, Restored
from watchkeeper.alerts.nflog import Told
from watchkeeper.alerts.telemetry import AlertMetrics
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.model.matcher import Matcher, MatchType
from watchkeeper.core.telemetry.metrics import Registry

SECOND: Final = 10**9
N: Final = 20  # Records of each kind.


def journal(folder: Path) -> Journal:
    return Journal(folder, AlertMetrics(Registry()))


@pytest.fixture(scope="module")
def whole() -> Iterator[Path]:
    """The folder of a journal with N alerts, silences and entries, a record each."""
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        made = journal(folder / "alerts")
        made.open()
        for i in range(N):
            alert = Alert(Labels.of(alertname=f"A{i}"), Labels.of(s="é"), 1, 2**62, 3)
            matcher = Matcher("a", MatchType.REGEX, "b.*")
            made.alerts([alert])
            made.silences([Silence((matcher,), 1, 2000 * SECOND, "me", "why", f"id{i}", 5)])
            made.told([Told(f"g{i}", "r", "webhook", 0, frozenset([i]), frozenset(), SECOND, 2000 * SECOND, 7)])
            made.alive(1000 * SECOND)
        made.close()
        yield folder / "alerts"


def counts(restored: Restored) -> list[int]:
    return [len(restored.alerts), len(restored.silences), len(restored.told)]


def check(whole: Path, damage: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text) / "alerts"
        shutil.copytree(whole, folder)
        file = damage.draw(st.sampled_from(sorted(path for path in folder.rglob("0*") if path.is_file())))
        data = bytearray(file.read_bytes())
        at = damage.draw(st.integers(0, len(data) - 1))
        kind = damage.draw(st.sampled_from(["flip", "cut", "zeros", "insert", "append", "swap"]))
        match kind:
            case "flip":
                data[at] ^= 1 << damage.draw(st.integers(0, 7))
            case "cut":
                del data[at:]
            case "zeros":
                n = min(damage.draw(st.integers(1, 200)), len(data) - at)
                data[at : at + n] = bytes(n)
            case "insert":
                data[at:at] = damage.draw(st.binary(min_size=1, max_size=60))
            case "append":
                data += damage.draw(st.binary(min_size=1, max_size=60))
            case "swap":
                other = damage.draw(st.integers(0, len(data) - 1))
                data[at : at + 30], data[other : other + 30] = data[other : other + 30], data[at : at + 30]
        is_changed = bytes(data) != file.read_bytes()
        file.write_bytes(data)
        opened = journal(folder)
        restored = opened.open()
        lost = [N - n for n in counts(restored)]
        if sum(lost):
            assert restored.problems or kind == "cut", "lost, and not a word of it"
        if is_changed and kind in ("flip", "zeros", "insert"):
            assert sum(lost) <= 8, f"{restored.problems}"
        opened.silences([Silence((Matcher("x", MatchType.EQUAL, "y"),), 1, 2000 * SECOND, "me", "", "new", 9)])
        opened.close()
        again = journal(folder)
        second = again.open()
        again.close()
        assert [silence.id for silence in second.silences] == [*(s.id for s in restored.silences), "new"]
        assert counts(second)[0] == counts(restored)[0]


@settings(max_examples=150, deadline=None)
@given(damage=st.data())
def test_damage_anywhere(whole: Path, damage: st.DataObject) -> None:
    check(whole, damage)


def test_zeros_where_the_version_stands(whole: Path, tmp_path: Path) -> None:
    """A lost write, and no journal of another version: that would be refused."""
    folder = tmp_path / "alerts"
    shutil.copytree(whole, folder)
    file = folder / "journal" / "00000000"
    data = file.read_bytes()
    file.write_bytes(data[:5] + bytes(3) + data[8:])
    opened = journal(folder)
    restored = opened.open()
    opened.close()
    assert counts(restored) == [N, N, N]
    assert len(restored.problems) == 1
