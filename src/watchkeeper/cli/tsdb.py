"""`watchkeeper import` and `watchkeeper export`: stored samples in and out of a data directory, without a server."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import click

from watchkeeper.cli.moments import parse_moment

STORE_FOLDER = "metrics"  # As `up --data-dir` has it.
_FAR_MS = 1 << 60
_SHOWN_SKIPS = 20

Show = Callable[[int, int, str], None]
"""Bytes done, bytes in all (0: unknown), and a line about the rest."""

data_dir_option = click.option(
    "--data-dir",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("data"),
    show_default=True,
    help="The folder that `up --data-dir` uses.",
)


@click.group("import")
def import_() -> None:
    """Take over data of a Prometheus, or OpenMetrics text. The server must not run meanwhile."""


@import_.command("prometheus")
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False))
@data_dir_option
def import_prometheus(directory: Path, data_dir: Path) -> None:
    """Import DIRECTORY, the data directory of a Prometheus 2 or 3: its blocks and its log.

    DIRECTORY is only read, and Prometheus is best stopped before. Started again, the command goes on where it was.
    """
    from watchkeeper.metrics.tsdb.import_prometheus import Progress, PrometheusImport

    with _progress("import") as show:

        def told(step: Progress) -> None:
            show(step.done_bytes, step.total_bytes, f"{step.series:,} series, {step.samples:,} samples, {step.doing}")

        report = PrometheusImport(directory, data_dir / STORE_FOLDER, now_ms=_now_ms, progress=told).run()
    text = f"imported {report.samples:,} samples into {_count(report.blocks, 'block')}"
    if report.series:
        text += f" ({report.series:,} series, counted in each block)"
    if report.blocks_done_before:
        text += f"; {_count(report.blocks_done_before, 'block')} had been imported before"
    click.echo(text)
    for kind, n in sorted(report.left_out.items()):
        click.echo(f"left out: {_count(n, 'record')} of {kind}", err=True)
    for text in report.skipped[:_SHOWN_SKIPS]:
        click.echo(f"skipped: {text}", err=True)
    if report.n_skipped > _SHOWN_SKIPS:
        click.echo(f"skipped: {report.n_skipped - _SHOWN_SKIPS} more", err=True)
    if report.n_skipped:
        raise SystemExit(1)


@import_.command("openmetrics")
@click.argument("file", type=click.File("rb"))
@data_dir_option
def import_openmetrics(file: IO[bytes], data_dir: Path) -> None:
    """Import FILE (`-`: standard input), OpenMetrics text in which every sample has a timestamp."""
    from watchkeeper.metrics.tsdb.import_openmetrics import OpenMetricsReport
    from watchkeeper.metrics.tsdb.import_openmetrics import import_openmetrics as run

    total = _size(file)
    with _progress("import") as show:

        def told(done_bytes: int, report: OpenMetricsReport) -> None:
            show(done_bytes, total, f"{report.series:,} series, {report.samples:,} samples")

        report = run(file, data_dir / STORE_FOLDER, now_ms=_now_ms, progress=told)
    click.echo(f"imported {report.samples:,} samples of {report.series:,} series into {_count(report.blocks, 'block')}")
    if report.exemplars_left_out:
        click.echo(f"left out: {_count(report.exemplars_left_out, 'exemplar')}", err=True)


@click.group()
def export() -> None:
    """Write stored samples as text. The server may run meanwhile."""


@export.command("openmetrics")
@data_dir_option
@click.option("--match", "matches", multiple=True, metavar="SELECTOR", help="Only series that match one of these.")
@click.option("--start", metavar="TIME", help="From here: now-1h, 2026-08-01T10:00:00Z, 1700000000.")
@click.option("--end", metavar="TIME", help="To here.")
@click.option("-o", "--output", type=click.File("wb"), default="-", help="A file instead of standard output.")
def export_openmetrics(
    data_dir: Path, matches: tuple[str, ...], start: str | None, end: str | None, output: IO[bytes]
) -> None:
    """Write samples as OpenMetrics text, which `import openmetrics` and promtool read again."""
    from watchkeeper.core.telemetry.log import configure
    from watchkeeper.metrics.promql.parser import parse_selector
    from watchkeeper.metrics.tsdb.db import TSDB
    from watchkeeper.metrics.tsdb.export_openmetrics import ExportReport
    from watchkeeper.metrics.tsdb.export_openmetrics import export_openmetrics as run

    start_ms, end_ms = _moment_ms(start, "--start", -_FAR_MS), _moment_ms(end, "--end", _FAR_MS)
    sets = [parse_selector(text) for text in matches]
    configure(level="warn", format="logfmt")
    store = TSDB.open(data_dir / STORE_FOLDER, mode="r")
    report = ExportReport()
    with _progress("export") as show:

        def told(report: ExportReport) -> None:
            show(0, 0, f"{report.series:,} series, {report.samples:,} samples")

        for piece in run(store.querier(), sets, start_ms, end_ms, report, progress=told):
            output.write(piece)
        output.flush()
    store.close()
    click.echo(f"exported {report.samples:,} samples of {report.series:,} series", err=True)
    for n, noun in (
        (report.histograms_left_out, "native histogram"),
        (report.markers_left_out, "staleness marker"),
    ):
        if n:
            click.echo(f"left out, as OpenMetrics text has no form for them: {_count(n, noun)}", err=True)


@contextmanager
def _progress(what: str) -> Iterator[Show]:
    """A bar on a terminal, nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda done, total, text: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[text]}", markup=False),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None, text="")

        def show(done: int, total: int, text: str) -> None:
            bar.update(task, completed=done, total=total or None, text=text)

        yield show


def _moment_ms(text: str | None, option: str, default: int) -> int:
    if text is None:
        return default
    try:
        return round(parse_moment(text, time.time()) * 1000)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint=option) from None


def _size(file: IO[bytes]) -> int:
    try:
        return os.fstat(file.fileno()).st_size
    except (OSError, ValueError):
        return 0


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
