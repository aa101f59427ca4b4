"""`watchkeeper query`: one PromQL question to a running server, its answer as a table, JSON, CSV or a plot."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import time
import unicodedata
from collections.abc import Callable
from itertools import pairwise

import click

from watchkeeper.cli.client import Answer, ApiError, ask
from watchkeeper.cli.moments import parse_moment, parse_span_s, round_step_s
from watchkeeper.cli.result import (
    NAME,
    Series,
    common_labels,
    format_short,
    points,
    print_instant,
    print_range,
    read_series,
    write_csv,
)

_PLACE = re.compile(r"(?:^|\W)(\d+):(\d+): (parse error: .*)", re.DOTALL)
_MAX_LEGEND = 24  # Series named under a plot; more would push the plot out of the window.


@click.command()
@click.argument("expr")
@click.option(
    "--url",
    default="http://127.0.0.1:9090",
    envvar="WATCHKEEPER_URL",
    show_default=True,
    show_envvar=True,
    help="The server to ask.",
)
@click.option("--time", "at", metavar="TIME", help="Ask for this moment instead of now.")
@click.option("--start", metavar="TIME", help="Ask for a range from here: now-1h, 2026-08-01T10:00:00Z, 1700000000.")
@click.option("--end", metavar="TIME", help="To here.  [default: now]")
@click.option("--since", metavar="DURATION", help="Ask for the range of the last 5m, 1h, 2d …")
@click.option("--step", metavar="DURATION", help="The distance of the range's points.  [default: as the range needs]")
@click.option(
    "-o",
    "--output",
    type=click.Choice(["table", "json", "csv", "plot"]),
    help="How to show the answer.  [default: a plot for ranges on a terminal, else a table]",
)
@click.option("--timeout", metavar="DURATION", default="2m", show_default=True, help="How long to wait.")
def query(
    expr: str,
    url: str,
    at: str | None,
    start: str | None,
    end: str | None,
    since: str | None,
    step: str | None,
    output: str | None,
    timeout: str,
) -> None:
    """Ask a running server EXPR.

    \b
    watchkeeper query up
    watchkeeper query 'rate(node_cpu_seconds_total[1m])' --since 1h
    watchkeeper query 'node_load1' --since 6h --step 5m -o csv > load.csv
    """
    now_s = time.time()
    timeout_s = _parse(parse_span_s, timeout, "--timeout")
    params = {"query": expr}
    span: tuple[float, float, float] | None = None
    if start is not None or since is not None:
        if at is not None or (start is not None and since is not None):
            raise click.UsageError("--time, --since and --start exclude one another.")
        end_s = now_s if end is None else _parse(lambda text: parse_moment(text, now_s), end, "--end")
        if start is not None:
            start_s = _parse(lambda text: parse_moment(text, now_s), start, "--start")
        else:
            start_s = end_s - _parse(parse_span_s, since or "", "--since")
        if start_s > end_s:
            raise click.BadParameter("the start is after the end", param_hint="--start")
        n_steps = 2 * shutil.get_terminal_size().columns
        step_s = round_step_s(end_s - start_s, n_steps) if step is None else _parse(parse_span_s, step, "--step")
        span = start_s, end_s, step_s
        params |= {"start": f"{start_s:.3f}", "end": f"{end_s:.3f}", "step": f"{step_s:g}"}
    elif end is not None or step is not None:
        raise click.UsageError("--end and --step need a range: give --since or --start too.")
    else:
        if at is not None:
            now_s = _parse(lambda text: parse_moment(text, now_s), at, "--time")
        params["time"] = f"{now_s:.3f}"
    try:
        answer = ask(url, "/api/v1/query" if span is None else "/api/v1/query_range", params, timeout_s)
    except ApiError as error:
        click.echo(explain_error(error, expr), err=True)
        raise SystemExit(1) from None
    _show(answer, span, output)
    for kind, notes in (("warning", answer.warnings), ("info", answer.infos)):
        for note in notes:
            click.echo(f"{kind}: {note}", err=True)


def _parse(parse: Callable[[str], float], text: str, option: str) -> float:
    try:
        return parse(text)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint=option) from None


def explain_error(error: ApiError, expr: str) -> str:
    """The server's error in the words a person needs; for a parse error also the line, and a caret below the place."""
    match = _PLACE.search(error.message)
    if match is None:
        return f"{error.kind}: {error.message}"
    line, column, message = int(match[1]), int(match[2]), match[3]
    lines = expr.split("\n")
    if not 1 <= line <= len(lines):
        return message
    text = lines[line - 1].replace("\t", " ")
    wide = sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text[: column - 1])
    where = f" (line {line})" if len(lines) > 1 else ""
    return f"{message}{where}\n    {text}\n    {' ' * wide}^"


def _show(answer: Answer, span: tuple[float, float, float] | None, output: str | None) -> None:
    data = answer.data
    if output == "json":
        indent = 2 if sys.stdout.isatty() else None
        click.echo(json.dumps(data, ensure_ascii=False, indent=indent))
        return
    series = read_series(data)
    if output == "csv":
        click.echo(write_csv(series), nl=False)
        return
    if not series:
        click.echo("no series match", err=True)
        return
    if data["resultType"] in ("scalar", "string") and span is None:
        click.echo(series[0].samples[0][1])
        return
    is_range = data["resultType"] == "matrix"
    if output == "plot" and not is_range:
        raise click.UsageError("A plot needs a range: give --since 1h, or --start.")
    if output == "plot" or (output is None and is_range and sys.stdout.isatty()):
        _plot(series, span)
        return
    from rich.console import Console

    # In a pipe nothing may be folded or cut: there is no edge of a window.
    console = Console(highlight=False) if sys.stdout.isatty() else Console(highlight=False, width=10_000)
    if is_range:
        print_range(console, series)
    else:
        print_instant(console, series)


def _plot(series: list[Series], span: tuple[float, float, float] | None) -> None:
    from watchkeeper.cli.plot import Style, colour, draw, mark

    size = shutil.get_terminal_size()
    names = {one.labels.get(NAME, "") for one in series}
    n_legend = min(len(series), _MAX_LEGEND)
    style = Style(
        width=size.columns - 1,
        height=max(min(size.lines - n_legend - 5, 20), 8),
        is_unicode="utf" in (sys.stdout.encoding or "").lower(),
        is_coloured=sys.stdout.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb",
        unit="bytes" if len(names) == 1 and names.pop().endswith("_bytes") else "",
    )
    lines = [numbers for _, numbers in points(series)]
    if span is None:
        times = sorted({time_s for line in lines for time_s, _ in line}) or [0.0]
        gaps = [after - before for line in lines for (before, _), (after, _) in pairwise(line)]
        step_s = sorted(gaps)[len(gaps) // 2] if gaps else 1.0
        span = times[0], times[-1], step_s
    for row in draw(lines, *span, style):
        click.echo(row, color=style.is_coloured)
    shared = common_labels(series)
    if shared:
        click.echo(f"  {len(series)} series, all {Series(shared, []).title()}")
    titles = [one.title(frozenset(shared)) for one in series[:n_legend]]
    room = max(min(max(map(len, titles)), style.width - 54), 10)
    dots = "…" if style.is_unicode else "."
    for at, title in enumerate(titles):
        numbers = [value for _, value in lines[at] if value == value]
        text = title if len(title) <= room else title[: room - 1] + dots
        figures = (
            "  ".join(
                f"{word} {format_short(value, style.unit):>9}"
                for word, value in (("last", numbers[-1]), ("min", min(numbers)), ("max", max(numbers)))
            )
            if numbers
            else "no numbers"
        )
        click.echo(f"  {colour(mark(at, style), at, style)} {text:<{room}}  {figures}", color=style.is_coloured)
    if len(series) > n_legend:
        click.echo(f"  {dots} and {len(series) - n_legend} more series")
