"""What a query answered, as rows for a table, CSV or a plot."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from watchkeeper.core.model.labels import label_name, quote

if TYPE_CHECKING:
    from rich.console import Console

NAME = "__name__"


@dataclass(frozen=True, slots=True)
class Series:
    """One series of an answer: its labels, and (seconds, text of the value) in time order."""

    labels: dict[str, str]
    samples: list[tuple[float, str]]

    def title(self, without: frozenset[str] = frozenset()) -> str:
        """As PromQL writes it, `up{job="node"}`, leaving out some labels."""
        inner = ", ".join(
            f"{label_name(name)}={quote(value)}"
            for name, value in self.labels.items()
            if name != NAME and name not in without
        )
        name = self.labels.get(NAME, "") if NAME not in without else ""
        return f"{name}{{{inner}}}" if inner or not name else name


def read_series(data: dict[str, Any]) -> list[Series]:
    """The series of an API answer of any result type; a scalar and a string are a series without labels."""
    kind, result = data["resultType"], data["result"]
    if kind in ("scalar", "string"):
        return [Series({}, [(float(result[0]), str(result[1]))])]
    series: list[Series] = []
    for item in result:
        values = item.get("values") or ([item["value"]] if "value" in item else [])
        histograms = item.get("histograms") or ([item["histogram"]] if "histogram" in item else [])
        samples = [(float(time_s), str(value)) for time_s, value in values]
        samples += [(float(time_s), _histogram_text(histogram)) for time_s, histogram in histograms]
        samples.sort(key=lambda sample: sample[0])
        series.append(Series(dict(item["metric"]), samples))
    return series


def _histogram_text(histogram: dict[str, Any]) -> str:
    return f"count {histogram['count']} sum {histogram['sum']}"


def common_labels(series: list[Series]) -> dict[str, str]:
    """The labels all series share, of two series at least: they are said once instead of on each line."""
    if len(series) < 2:
        return {}
    first = series[0].labels
    return {
        name: value for name, value in first.items() if all(other.labels.get(name) == value for other in series[1:])
    }


def label_names(series: list[Series]) -> list[str]:
    """All label names, the metric name first, the others in order."""
    names = {name for one in series for name in one.labels}
    return sorted(names, key=lambda name: (name != NAME, name))


def printable(text: str) -> str:
    """Text that can't move a terminal's cursor or change its colours: control characters become escapes."""
    return text if text.isprintable() else quote(text)[1:-1]


def write_csv(series: list[Series]) -> str:
    """One line for each sample: the labels, the time in seconds, the value as the server wrote it."""
    names = label_names(series)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*names, "timestamp", "value"])
    for one in series:
        for time_s, value in one.samples:
            writer.writerow(
                [*(one.labels.get(name, "") for name in names), f"{time_s:.3f}".rstrip("0").rstrip("."), value]
            )
    return out.getvalue()


def group_digits(text: str) -> str:
    """A number with its whole part grouped by thousands from five digits on; other texts as they are."""
    sign, digits = ("-", text[1:]) if text.startswith("-") else ("", text)
    whole, dot, fraction = digits.partition(".")
    if len(whole) < 5 or not whole.isdigit() or (fraction and not fraction.isdigit()):
        return text
    return f"{sign}{int(whole):,}{dot}{fraction}"


def explain(name: str, text: str) -> str:
    """What a value means to a person, after its metric's name: `15.3 GiB`, `3d4h`, a date; empty where plain."""
    try:
        value = float(text)
    except ValueError:
        return ""
    if name.endswith("_bytes") and abs(value) >= 1024:
        return format_short(value, "bytes")
    if name.endswith(("_time_seconds", "_timestamp_seconds")) and 1e9 < value < 1e10:
        return datetime.fromtimestamp(value).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    return ""


def format_short(value: float, unit: str = "") -> str:
    """A number in few characters: `1.25k`, `15.3 GiB` for bytes, `-` where it is not a number."""
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "+Inf" if value > 0 else "-Inf"
    size = abs(value)
    if unit == "bytes":
        for power, suffix in ((4, "TiB"), (3, "GiB"), (2, "MiB"), (1, "KiB")):
            if size >= 1024**power:
                return f"{_digits(value / 1024**power)} {suffix}"
        return f"{_digits(value)} B"
    if size >= 1e15 or (0 < size < 1e-4):
        return f"{value:.2e}"
    for factor, suffix in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if size >= factor:
            return _digits(value / factor) + suffix
    return _digits(value)


def _digits(value: float) -> str:
    size = abs(value)
    places = 0 if size >= 1000 else 1 if size >= 100 else 2 if size >= 1 or size == 0 else 4
    text = f"{value:.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def print_instant(console: Console, series: list[Series]) -> None:
    """A table with a line for each series: its labels in columns, its value at the right.

    Where the labels have no room side by side, a series is written as PromQL writes it.
    """
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    shared = common_labels(series)
    if set(shared) == {NAME}:
        shared = {}
    _print_shared(console, series, shared)
    names = [name for name in label_names(series) if name not in shared]
    hints = [explain(one.labels.get(NAME, ""), one.samples[-1][1]) for one in series]
    values = [group_digits(one.samples[-1][1]) for one in series]
    rows = [[printable(one.labels.get(name, "")) for name in names] for one in series]
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="bold")
    widths = [
        max(map(len, column)) + 3 for column in zip(["name" if n == NAME else n for n in names], *rows, strict=True)
    ]
    if sum(widths) + max(map(len, values)) + max(map(len, hints)) + 3 > console.width:
        rows = [[one.title(frozenset(shared))] for one in series]
        table.add_column("series", overflow="fold")
    else:
        for name in names:
            table.add_column("name" if name == NAME else name)
    table.add_column("value", justify="right", no_wrap=True, style="cyan")
    if any(hints):
        table.add_column("", justify="right", no_wrap=True, style="dim")
    for row, value, hint in zip(rows, values, hints, strict=True):
        cells = [Text(text) for text in (*row, value)]
        table.add_row(*cells, *([Text(hint)] if any(hints) else []))
    console.print(table)


def print_range(console: Console, series: list[Series]) -> None:
    """A table of times and values for each series."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    for one in series:
        console.print(Text(one.title(), style="bold"))
        table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="bold")
        table.add_column("time", no_wrap=True)
        table.add_column("value", justify="right", no_wrap=True, style="cyan")
        for time_s, value in one.samples:
            table.add_row(_time(time_s), Text(group_digits(value)))
        console.print(table)


def _print_shared(console: Console, series: list[Series], shared: dict[str, str]) -> None:
    from rich.text import Text

    if shared:
        title = Series(shared, []).title()
        console.print(Text(f"{len(series)} series, all {title}", style="dim"))


def _time(time_s: float) -> str:
    moment = datetime.fromtimestamp(time_s).astimezone()
    text = moment.strftime("%Y-%m-%d %H:%M:%S")
    return text if moment.microsecond == 0 else f"{text}.{moment.microsecond // 1000:03d}"


def points(series: list[Series]) -> Iterator[tuple[Series, list[tuple[float, float]]]]:
    """Each series with its samples as numbers; histograms have none."""
    for one in series:
        numbers: list[tuple[float, float]] = []
        for time_s, text in one.samples:
            try:
                numbers.append((time_s, float(text)))
            except ValueError:
                continue
        yield one, numbers
