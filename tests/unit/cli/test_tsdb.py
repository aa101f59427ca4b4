"""`watchkeeper import` and `watchkeeper export` as they are typed."""

from __future__ import annotations

import re

import pytest
from click.testing import CliRunner

from tests.oracle.prometheus_wal import encode as encode_samples
from watchkeeper.cli.main import main, watchkeeper
from watchkeeper.core.disk.lock import DirectoryLock, DirectoryLocked
from watchkeeper.core.kernels.crc32c import crc32c

TEXT = 'm{i="1"} 1 1600000000\nm{i="2"} 2.5 1600000000\nn 3 1600000001\n# EOF\n'


def run(*arguments, **more):
    return CliRunner().invoke(watchkeeper, [str(argument) for argument in arguments], **more)


def test_import_from_a_pipe_and_export_again(tmp_path):
    result = run("import", "openmetrics", "-", "--data-dir", tmp_path, input=TEXT)
    assert result.exit_code == 0, result.output
    assert result.stdout == "imported 3 samples of 3 series into 1 block\n"
    result = run("export", "openmetrics", "--data-dir", tmp_path)
    assert result.stdout == TEXT
    assert "exported 3 samples of 3 series" in result.stderr
    result = run(
        "export", "openmetrics", "--data-dir", tmp_path, "--match", 'm{i="2"}', "--match", "n", "--end", "1.6e9"
    )
    assert result.stdout == 'm{i="2"} 2.5 1600000000\n# EOF\n'
    out = tmp_path / "out"
    assert run("export", "openmetrics", "--data-dir", tmp_path, "-o", out).stdout == ""
    assert out.read_text() == TEXT
    assert run("import", "openmetrics", out, "--data-dir", tmp_path / "second").exit_code == 0


def test_import_beside_a_running_server_is_refused(tmp_path):
    (tmp_path / "metrics").mkdir()
    lock = DirectoryLock(tmp_path / "metrics")
    result = run("import", "openmetrics", "-", "--data-dir", tmp_path, input=TEXT)
    assert isinstance(result.exception, DirectoryLocked)
    lock.release()


def test_a_failure_is_one_line(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["watchkeeper", "import", "prometheus", str(tmp_path), "--data-dir", str(tmp_path)])
    with pytest.raises(SystemExit) as exited:
        main()
    assert exited.value.code == 1
    assert re.fullmatch(r"watchkeeper: .*neither blocks nor a log of a Prometheus are there\n", capsys.readouterr().err)


def test_arguments_that_make_no_sense(tmp_path):
    result = run("export", "openmetrics", "--data-dir", tmp_path, "--start", "soon")
    assert result.exit_code == 2
    assert "--start" in result.stderr
    assert run("export", "openmetrics", "--data-dir", tmp_path / "none").exit_code == 1


def test_import_of_a_log_that_is_cut_off_says_so_and_takes_the_rest(tmp_path):
    source = tmp_path / "prometheus"
    (source / "wal").mkdir(parents=True)
    series = b"\x01" + (7).to_bytes(8, "big") + b"\x01" + b"\x08__name__" + b"\x01m"
    samples = b"\x02" + encode_samples([(7, 1000, 0), (7, 2000, 1)])
    whole = b"".join(fragment(record) for record in (series, samples, b"\x04exemplars", b"\x63unknown", samples))
    (source / "wal" / "00000000").write_bytes(whole[:-3])
    result = run("import", "prometheus", source, "--data-dir", tmp_path / "ours")
    assert result.exit_code == 1
    assert result.stdout == "imported 2 samples into 1 block (1 series, counted in each block)\n"
    assert "left out: 1 record of exemplars" in result.stderr
    assert "left out: 1 record of type 99" in result.stderr
    assert "skipped: " in result.stderr
    assert "the log ends in the middle of a record" in result.stderr
    result = run("import", "prometheus", source, "--data-dir", tmp_path / "ours")
    assert result.stdout == "imported 0 samples into 0 blocks\n"


def fragment(record: bytes) -> bytes:
    return b"\x01" + len(record).to_bytes(2, "big") + crc32c(record).to_bytes(4, "big") + record
