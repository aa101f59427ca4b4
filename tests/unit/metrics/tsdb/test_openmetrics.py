"""Text into blocks and out of them again."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

from watchkeeper.core.disk.lock import DirectoryLock, DirectoryLocked
from watchkeeper.core.model.errors import ExpositionError
from watchkeeper.core.model.histogram import Histogram
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.model.matcher import Matcher, MatchType
from watchkeeper.core.model.stale import STALE
from watchkeeper.metrics.interface import SampleBatch
from watchkeeper.metrics.tsdb.db import TSDB
from watchkeeper.metrics.tsdb.export_openmetrics import ExportReport, export_openmetrics, series_text
from watchkeeper.metrics.tsdb.import_openmetrics import import_openmetrics

FAR = 1 << 60
TEXT = b"""# HELP a_metric Help.
# TYPE a_metric gauge
a_metric{x="1",y="q\\"\\\\\\n"} 1.5 1600000000.123
a_metric{x="1",y="q\\"\\\\\\n"} -0 1600000015
a_metric{x="2"} +Inf 1600000000
# TYPE b counter
b_total 1e-09 -1.5
b_total 3 1600007300
"quoted" 1 1
# EOF
"""


def now_ms() -> int:
    return 1_700_000_000_000


def imported(text: bytes, target: Path, **more):
    return import_openmetrics(io.BytesIO(text), target, now_ms=now_ms, **more)


def exported(target: Path, *sets, start_ms=-FAR, end_ms=FAR) -> tuple[list[str], ExportReport]:
    report = ExportReport()
    store = TSDB.open(target, mode="r")
    text = b"".join(export_openmetrics(store.querier(), sets, start_ms, end_ms, report))
    store.close()
    assert text.endswith(b"# EOF\n")
    return text.decode().splitlines()[:-1], report


EXPECTED = [
    'a_metric{x="1",y="q\\"\\\\\\n"} 1.5 1600000000.123',
    'a_metric{x="1",y="q\\"\\\\\\n"} -0 1600000015',
    'a_metric{x="2"} +Inf 1600000000',
    "b_total 1e-09 -1.500",
    "b_total 3 1600007300",
]


@pytest.mark.parametrize("piece_bytes", [1, 7, 40, 1 << 20])
@pytest.mark.parametrize("flush_samples", [1, 3, 1000])
def test_round_trip_in_any_pieces(tmp_path, piece_bytes, flush_samples):
    text = TEXT.replace(b'"quoted" 1 1\n', b"")
    report = imported(text, tmp_path, piece_bytes=piece_bytes, flush_samples=flush_samples)
    assert (report.samples, report.series) == (5, 3)
    lines, told = exported(tmp_path)
    assert lines == EXPECTED
    assert (told.series, told.samples) == (3, 5)
    assert not [path for path in tmp_path.iterdir() if path.name.startswith("import")]


def test_twice_is_once(tmp_path):
    text = TEXT.replace(b'"quoted" 1 1\n', b"")
    imported(text, tmp_path)
    imported(text, tmp_path)
    assert exported(tmp_path)[0] == EXPECTED


@pytest.mark.parametrize("piece_bytes", [1, 30, 1 << 20])
@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        (b"a 1 1\nb 2\n# EOF\n", 0, "no timestamp"),
        (b"a 1 1\nb 2 2\n", 3, "# EOF"),
        (b"", 1, "# EOF"),
        (b"# TYPE a gauge\na 1 1\na x 2\na 1 3\n# EOF\n", 3, "."),
        (TEXT, 9, "."),
    ],
)
def test_a_wrong_line_is_named_and_nothing_is_stored(tmp_path, text, line, message, piece_bytes):
    with pytest.raises(ExpositionError, match=message) as caught:
        imported(text, tmp_path, piece_bytes=piece_bytes)
    if line:
        assert caught.value.line == line
    assert {path.name for path in tmp_path.iterdir()} == {"lock"}


def test_a_line_without_end_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("watchkeeper.metrics.tsdb.import_openmetrics.MAX_LINE_BYTES", 1000)
    with pytest.raises(ExpositionError, match="longer than 1000"):
        imported(b"a" * 3000, tmp_path, piece_bytes=100)


def test_a_server_that_runs_there_keeps_the_import_out(tmp_path):
    lock = DirectoryLock(tmp_path)
    with pytest.raises(DirectoryLocked):
        imported(TEXT, tmp_path)
    lock.release()


def test_long_ranges_do_not_become_thousands_of_blocks(tmp_path):
    lines = [b'm{i="%d"} %d %d' % (i, t, t * 7200) for i in range(2) for t in range(1000)]
    report = imported(b"\n".join([*lines, b"# EOF\n"]), tmp_path, flush_samples=700)
    assert report.blocks <= 64
    assert exported(tmp_path)[1].samples == 2000


def test_export_beside_a_running_store_by_selector_and_time(tmp_path):
    store = TSDB.open(tmp_path, clock=now_ms)
    labels = [Labels.of(__name__="m", i=str(i)) for i in range(3)] + [Labels([("__name__", "ü"), ("a b", "c")])]
    base_ms = now_ms() - 60_000
    times = np.array([base_ms, base_ms, base_ms, base_ms, base_ms + 1000, base_ms + 2000], np.int64)
    values = np.array([0.0, 1.0, 2.0, 3.0, STALE, 7.0])
    histogram = Histogram(0, 1, 1, 0, 1)
    batch = SampleBatch(labels, np.array([0, 1, 2, 3, 0, 1], np.int32), times, values, [(2, base_ms + 5, histogram)])
    assert store.append(batch).stored_all
    at = base_ms // 1000
    lines, report = exported(tmp_path)
    assert lines == [
        f'm{{i="0"}} 0 {at}',
        f'm{{i="1"}} 1 {at}',
        f'm{{i="1"}} 7 {at + 2}',
        f'm{{i="2"}} 2 {at}',
        f'{{"ü","a b"="c"}} 3 {at}',
    ]
    assert (report.markers_left_out, report.histograms_left_out) == (1, 1)
    one = [Matcher("i", MatchType.EQUAL, "1")]
    assert exported(tmp_path, one, [Matcher("i", MatchType.REGEX, "0|1")])[0] == [lines[1], lines[2], lines[0]]
    assert exported(tmp_path, one, start_ms=base_ms + 1)[0] == [lines[2]]
    assert exported(tmp_path, one, end_ms=base_ms)[0] == [lines[1]]
    store.close()


def test_series_text():
    assert series_text(Labels.of(__name__="a:b")) == "a:b"
    assert series_text(Labels.of(x="1")) == '{x="1"}'
    assert series_text(Labels.of(__name__="a.b", x="1")) == '{"a.b",x="1"}'
