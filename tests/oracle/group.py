"""The plain twin of kernels.group."""

import math

from tests.oracle.window import mean, quantile, total, variance


def group_rows(rows: list[tuple[int, ...]]) -> tuple[list[int], list[int]]:
    """First row of each group, in order of appearance, and each row's group."""
    seen: dict[tuple[int, ...], int] = {}
    first: list[int] = []
    group: list[int] = []
    for i, row in enumerate(rows):
        if row not in seen:
            seen[row] = len(first)
            first.append(i)
        group.append(seen[row])
    return first, group


def fold(op: str, values: list[float]) -> float:
    """Values of one group at one step, in row order."""
    match op:
        case "sum":
            return total(values)
        case "avg":
            return mean(values)
        case "count":
            return float(len(values))
        case "stdvar":
            return variance(values)
        case "stddev":
            return math.sqrt(variance(values))
        case "quantile":
            return quantile(values, 0.5)
    found = values[0]
    for value in values[1:]:
        if math.isnan(found) or (value < found if op == "min" else value > found):
            found = value
    return found


def rank(values: list[tuple[int, float]], limit: int, largest: bool) -> set[int]:
    """The rows of one group at one step that stay: (row, value) in row order."""

    def key(item: tuple[int, float]) -> tuple[bool, float, int]:
        row, value = item
        return (True, 0.0, row) if math.isnan(value) else (False, -value if largest else value, row)

    return {row for row, _ in sorted(values, key=key)[: max(limit, 0)]}
