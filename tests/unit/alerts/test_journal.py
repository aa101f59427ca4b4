"""The journal keeps what it is given, whatever happens to its files."""

from __future__ import annotations

import asyncio
import errno
from pathlib import Path

import pytest

from tests.unit.alerts.harness import Scene, equal, sleep_until
from tests.unit.alerts.virtual_time import run
from watchkeeper.alerts.fingerprint import fingerprint
from watchkeeper.alerts.interface import Alert, Silence
from watchkeeper.alerts.journal import ALERTS, Journal, Restored, silence_of, silence_row, told_of, told_row
from watchkeeper.alerts.nflog import Told
from watchkeeper.alerts.telemetry import AlertMetrics
from watchkeeper.core.disk import wal
from watchkeeper.core.disk.lock import DirectoryLocked
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.model.matcher import Matcher, MatchType
from watchkeeper.core.telemetry.metrics import Registry

X = Alert(Labels.of(alertname="X", é="ü\n"), Labels.of(summary="s"), 1, 2, 3, "http://x", True)
Y = Alert(Labels.of(alertname="Y"), starts_ns=5, ends_ns=6, updated_ns=5)
SILENCE = Silence((Matcher("a", MatchType.NOT_REGEX, "b.*"), equal("c", "d")), 1, 2, "me", "why", "id", 3)
TOLD = Told("{}:{}", "team", "webhook", 0, frozenset((1, 2**64 - 1)), frozenset(), 4, 5, 6)


def opened(path: Path) -> Journal:
    journal = Journal(path, AlertMetrics(Registry()))
    journal.open()
    return journal


def read_back(path: Path, registry: Registry | None = None) -> Restored:
    journal = Journal(path, AlertMetrics(registry or Registry()))
    try:
        return journal.open()
    finally:
        journal.close()


def test_directory_is_one_journals(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    with pytest.raises(DirectoryLocked, match="data directory is in use"):
        opened(tmp_path)
    journal.close()
    opened(tmp_path).close()


def test_journal_of_another_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    journal.alerts([X])
    journal.close()
    path = segment(tmp_path)
    data = path.read_bytes()
    path.write_bytes(data[:6] + b"\x09\x09" + data[8:])
    with pytest.raises(wal.OtherVersion, match="log format 9"):
        opened(tmp_path)
    path.write_bytes(data)
    assert set(read_back(tmp_path).alerts) == {X.labels}


def segment(folder: Path) -> Path:
    """The only segment of a journal."""
    (path,) = (folder / "journal").glob("0*[0-9]")
    return path


def test_round_trip(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    journal.alerts([X, Y])
    journal.alerts([], [Alert(Y.labels, starts_ns=5, ends_ns=60, updated_ns=50, is_timeout=True)])
    journal.settled([X.labels])
    journal.silences([SILENCE])
    journal.told([TOLD])
    journal.alive(70)
    journal.close()
    restored = read_back(tmp_path)
    assert restored.alerts[X.labels] == X
    assert restored.alerts[Y.labels] == Alert(Y.labels, starts_ns=5, ends_ns=60, updated_ns=50, is_timeout=True)
    assert restored.settled == {X.labels}
    assert (restored.silences, restored.told, restored.alive_ns) == ([SILENCE], [TOLD], 70)
    assert restored.problems == []


def test_torn_tail_is_cut_and_reported(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    journal.alerts([X])
    journal.alerts([Y])
    journal.close()
    path = segment(tmp_path)
    path.write_bytes(path.read_bytes()[:-3])
    registry = Registry()
    restored = read_back(tmp_path, registry)
    assert set(restored.alerts) == {X.labels}
    assert len(restored.problems) == 1
    assert "watchkeeper_alerts_journal_problems_total 1" in registry.exposition().decode()
    assert list((tmp_path / "journal").glob("*.corrupt"))
    assert read_back(tmp_path).problems == []


@pytest.mark.parametrize("at", [0, 3, 9, 20, 40])
def test_damage_costs_what_it_hits(tmp_path: Path, at: int) -> None:
    journal = opened(tmp_path)
    journal.alerts([X])
    journal.silences([SILENCE])
    journal.close()
    path = segment(tmp_path)
    data = bytearray(path.read_bytes())
    data[at] ^= 0xFF
    path.write_bytes(data)
    restored = read_back(tmp_path)
    assert restored.silences == [SILENCE]
    assert len(restored.problems) == 1


def test_file_of_garbage_is_set_aside(tmp_path: Path) -> None:
    (tmp_path / "journal").mkdir()
    (tmp_path / "journal" / "00000000").write_bytes(b"garbage " * 1000)
    journal = Journal(tmp_path, AlertMetrics(Registry()))
    assert len(journal.open().problems) == 1
    journal.alerts([X])
    journal.close()
    assert (tmp_path / "journal" / "00000000.corrupt").exists()
    assert set(read_back(tmp_path).alerts) == {X.labels}


@pytest.mark.parametrize("payload", [b"[]]", b'{"a":1}', b"[1]", b"[[1,2]]", b"null", b'[[{"a":1},{},1,2,3,"",0]]'])
@pytest.mark.parametrize("type_", range(1, 8))
def test_whole_records_without_sense_are_left_out(tmp_path: Path, type_: int, payload: bytes) -> None:
    log = wal.Wal(tmp_path / "journal")
    log.append([(type_, payload)])
    log.close()
    journal = opened(tmp_path)
    journal.alerts([X])
    journal.close()
    assert X.labels in read_back(tmp_path).alerts


def test_rows_of_others_are_checked() -> None:
    assert silence_of(silence_row(SILENCE)) == SILENCE
    assert told_of(told_row(TOLD)) == TOLD
    for i, bad in ((0, ""), (0, 7), (1, []), (1, [["a", "~", "b"]]), (1, [["a", "=~", "("]]), (2, "now"), (3, 2**64)):
        row = silence_row(SILENCE)
        row[i] = bad
        with pytest.raises((ValueError, TypeError)):
            silence_of(row)
    for i, bad in ((0, 1), (3, "0"), (3, True), (4, ["x"]), (5, 1), (6, 1.5), (8, None)):
        row = told_row(TOLD)
        row[i] = bad
        with pytest.raises((ValueError, TypeError)):
            told_of(row)


def test_compaction_leaves_what_there_is_and_drops_the_rest(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    for n in range(200):
        journal.alerts([Alert(Labels.of(alertname="Z", n=str(n)))])
    journal.alerts([X, Y])
    before = sum(path.stat().st_size for path in (tmp_path / "journal").iterdir())
    for step, _ in enumerate(journal.compact([X, Y], [Y.labels], [SILENCE], [TOLD], 9)):
        if step == 0:
            journal.told([TOLD])
    journal.close()
    assert sum(path.stat().st_size for path in (tmp_path / "journal").iterdir()) < before / 4
    restored = read_back(tmp_path)
    assert set(restored.alerts) == {X.labels, Y.labels}
    assert restored.settled == {Y.labels}
    assert restored.silences == [SILENCE]
    assert restored.alive_ns == 9


def test_crash_in_the_middle_of_a_compaction_loses_nothing(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    alerts = [Alert(Labels.of(alertname="Z", n=str(n)), ends_ns=n) for n in range(1200)]
    journal.alerts(alerts)
    journal.silences([SILENCE])
    pieces = journal.compact(alerts, [], [SILENCE], [TOLD], 9)
    next(pieces)
    next(pieces)
    journal.close()
    restored = read_back(tmp_path)
    assert len(restored.alerts) == 1200
    assert restored.silences[-1] == SILENCE


def test_full_disk_is_told_once_and_alerting_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def play() -> None:
        async with Scene(tmp_path) as scene:
            real = wal.os.write

            def full(fd: int, data: bytes) -> int:
                raise OSError(errno.ENOSPC, "No space left on device")

            monkeypatch.setattr(wal.os, "write", full)
            scene.fire(instance="a", end_s=5000)
            now_ns = scene.manager.now_ns
            id = scene.manager.silences.set(Silence((equal("alertname", "Y"),), now_ns, now_ns + 10**12))
            await sleep_until(31)
            assert [heard.firing for heard in scene.heard] == [["a"]]
            assert scene.metric("watchkeeper_alerts_journal_errors_total") >= 3
            await scene.manager.maintain()
            assert scene.metric("alertmanager_silences_maintenance_errors_total") == 1
            assert scene.metric("alertmanager_nflog_maintenance_errors_total") == 1
            monkeypatch.setattr(wal.os, "write", real)
            await sleep_until(42)  # The next sign of life is written, and then all that is not on disk.
            await scene.crash_and_start()
            assert scene.manager.silences.get(id) is not None
            await sleep_until(1000)
            assert len(scene.heard) == 1

    run(play())


def test_resent_alerts_take_few_bytes(tmp_path: Path) -> None:
    async def play() -> None:
        async with Scene(tmp_path) as scene:
            size = lambda: scene.metric("watchkeeper_alerts_journal_size_bytes")  # noqa: E731
            scene.fire(instance="a" * 500, note="n" * 500, start_s=0, end_s=100)
            first = size()
            for i in range(10):
                scene.fire(instance="a" * 500, note="n" * 500, start_s=0, end_s=200 + i)
            assert size() - first < 10 * 100
            await asyncio.sleep(0)

    run(play())


def test_record_types_are_what_the_document_says() -> None:
    assert ALERTS == 1
    assert fingerprint(Labels.of(alertname="x")) == 0xD240EFC3896BF266
