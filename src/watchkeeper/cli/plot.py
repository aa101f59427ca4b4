"""Lines in a terminal: a canvas of braille dots, two wide and four high in each cell, or of plain characters.

Everything here is a pure function of the data and the size: it returns lines of text with colours as ANSI sequences.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from watchkeeper.cli.result import format_short

Points = list[tuple[float, float]]

# Of the 256 of a terminal, in the order they are used; readable on dark and on light ground.
COLOURS: Final = (39, 208, 76, 199, 220, 99, 51, 203, 149, 177, 244, 130, 33, 166, 36, 205, 142, 105, 75, 216)
MARKS: Final = "*+xo#@%&$=~"  # One for each series where there are no braille dots.
_DOTS: Final = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))  # Braille bits by column, then row.
_BRAILLE: Final = 0x2800
_LARGEST: Final = 1e300  # Room to double a value and to divide by a span, without leaving the numbers there are.
_SMALLEST: Final = 1e-290


@dataclass(frozen=True, slots=True)
class Style:
    """What the terminal can do, and how large the picture may be, in cells."""

    width: int = 80
    height: int = 16
    is_unicode: bool = True
    is_coloured: bool = True
    unit: str = ""


def draw(lines: list[Points], start_s: float, end_s: float, step_s: float, style: Style) -> list[str]:
    """The picture of several series over one span of time: a plot area with its axes, as lines of text.

    A gap of more than one and a half steps is not bridged; NaN, infinite and absurdly large values are left out.
    """
    finite = [[point for point in line if abs(point[1]) < _LARGEST] for line in lines]
    values = [value for line in finite for _, value in line]
    if not values:
        return ["no numbers to draw"]
    low, high, ticks = _value_axis(min(values), max(values), style)
    labels = _tick_labels(ticks, style.unit)
    margin = max(map(len, labels)) + 1
    columns = max(style.width - margin - 2, 10)
    canvas = _Canvas(columns, style.height, style)
    span_s = max(end_s - start_s, step_s, 1e-3)
    right, bottom = canvas.n_x - 1, canvas.n_y - 1
    for at, line in enumerate(finite):
        before: tuple[float, int, int] | None = None
        for time_s, value in line:
            x = round((time_s - start_s) / span_s * right)
            y = bottom - round((value - low) / (high - low) * bottom)
            if before is not None and time_s - before[0] <= step_s * 1.5:
                canvas.line(before[1], before[2], x, y, at)
            else:
                canvas.dot(x, y, at)
            before = time_s, x, y
    rows = {
        style.height - 1 - round((tick - low) / (high - low) * (style.height - 1)): label
        for tick, label in zip(ticks, labels, strict=True)
    }
    wall, mark, floor, corner, notch = ("│", "┤", "─", "└", "┴") if style.is_unicode else ("|", "+", "-", "+", "+")
    out = [
        f"{rows.get(row, ''):>{margin}} {mark if row in rows else wall}{text}" for row, text in enumerate(canvas.rows())
    ]
    times, places = _time_axis(start_s, span_s, columns)
    base = [notch if at in places else floor for at in range(columns)]
    out.append(" " * (margin + 1) + corner + "".join(base))
    out.append((" " * (margin + 2) + times).rstrip())
    return out


def colour(text: str, at: int, style: Style) -> str:
    """Text in the colour of the series at this place."""
    return f"\x1b[38;5;{COLOURS[at % len(COLOURS)]}m{text}\x1b[0m" if style.is_coloured else text


def mark(at: int, style: Style) -> str:
    """What stands for a series in the legend."""
    return "━━" if style.is_unicode else MARKS[at % len(MARKS)] * 2


class _Canvas:
    """Dots by series; where two series meet in a cell, the cell has the colour of the later one."""

    def __init__(self, columns: int, rows: int, style: Style) -> None:
        self.style = style
        self.columns = columns
        self.n_x = columns * 2 if style.is_unicode else columns
        self.n_y = rows * 4 if style.is_unicode else rows
        self.bits = [[0] * columns for _ in range(rows)]
        self.owner = [[-1] * columns for _ in range(rows)]

    def dot(self, x: int, y: int, series: int) -> None:
        if not (0 <= x < self.n_x and 0 <= y < self.n_y):
            return
        if self.style.is_unicode:
            row, column, bit = y >> 2, x >> 1, _DOTS[x & 1][y & 3]
        else:
            row, column, bit = y, x, 1
        self.bits[row][column] |= bit
        self.owner[row][column] = series

    def line(self, x0: int, y0: int, x1: int, y1: int, series: int) -> None:
        """All dots between two, by the longer of the two distances."""
        n = max(abs(x1 - x0), abs(y1 - y0), 1)
        for at in range(n + 1):
            self.dot(x0 + round((x1 - x0) * at / n), y0 + round((y1 - y0) * at / n), series)

    def rows(self) -> list[str]:
        out: list[str] = []
        for bits, owners in zip(self.bits, self.owner, strict=True):
            row, current = "", -1
            for bit, owner in zip(bits, owners, strict=True):
                if self.style.is_coloured and bit and owner != current:
                    row += f"\x1b[38;5;{COLOURS[owner % len(COLOURS)]}m"
                    current = owner
                if not bit:
                    row += " "
                elif self.style.is_unicode:
                    row += chr(_BRAILLE + bit)
                else:
                    row += MARKS[owner % len(MARKS)]
            row = row.rstrip()
            out.append(row + "\x1b[0m" if current >= 0 else row)
        return out


def _value_axis(low: float, high: float, style: Style) -> tuple[float, float, list[float]]:
    """The lowest and highest value of the axis, and round values between them to write beside it."""
    largest = max(abs(low), abs(high))
    if largest < _SMALLEST:
        low, high = 0.0, 0.0
    if high - low <= largest * 1e-12:
        # A constant line runs through the middle, with zero at the floor or the ceiling, and its value beside it.
        if high == 0:
            return -1.0, 1.0, [-1.0, 0.0, 1.0]
        low, high = sorted((0.0, 2 * high))
        return low, high, [low, (low + high) / 2, high]
    if 0 < low < high / 3:
        low = 0.0  # A line that comes near zero is easier to read when zero is there.
    step = _round_step(high - low, max(abs(low), abs(high)), max(min(style.height // 3, 6), 2), style.unit)
    low, high = math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step
    count = max(round((high - low) / step), 1)
    return low, high, [low + step * at for at in range(count + 1)]


def _round_step(span: float, largest: float, n_ticks: int, unit: str) -> float:
    base = 1.0
    while unit == "bytes" and largest / base >= 1024:
        base *= 1024  # Round in the unit that the labels will have.
    raw = span / n_ticks / base
    size = 10.0 ** math.floor(math.log10(raw))
    return next(size * factor for factor in (1, 2, 2.5, 5, 10, 20) if size * factor >= raw * 0.999) * base


def _tick_labels(ticks: list[float], unit: str) -> list[str]:
    labels = [format_short(tick, unit) for tick in ticks]
    digits = 4
    while len(set(labels)) < len(labels) and digits < 17:
        labels = [f"{tick:.{digits}g}" for tick in ticks]
        digits += 1
    return labels


_TIME_STEPS_S: Final = (
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800,
)  # fmt: skip


def _time_axis(start_s: float, span_s: float, columns: int) -> tuple[str, set[int]]:
    """The line of times under the plot, each centred below its place, and the places themselves."""
    form = "%m-%d %H:%M" if span_s > 86_400 else "%H:%M" if span_s > 1200 else "%H:%M:%S"
    width = len(datetime.fromtimestamp(start_s).strftime(form))
    wanted = max(columns // (width + 6), 1)
    step_s = next((step for step in _TIME_STEPS_S if span_s / step <= wanted), math.ceil(span_s / wanted))
    # Round in local time, so that days begin at midnight.
    offset_s = datetime.fromtimestamp(start_s).astimezone().utcoffset()
    shift_s = offset_s.total_seconds() if offset_s is not None else 0.0
    moment_s = math.ceil((start_s + shift_s) / step_s) * step_s - shift_s
    text, places = [" "] * columns, set[int]()
    while moment_s <= start_s + span_s:
        at = min(round((moment_s - start_s) / span_s * (columns - 1)), columns - 1)
        label = datetime.fromtimestamp(moment_s).strftime(form)
        left = min(max(at - len(label) // 2, 0), columns - len(label))
        if left >= 0 and all(char == " " for char in text[max(left - 1, 0) : left + len(label)]):
            text[left : left + len(label)] = label
            places.add(at)
        moment_s += step_s
    return "".join(text), places
