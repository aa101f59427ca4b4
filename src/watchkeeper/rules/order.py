"""In which order the rules of a group may run: cut into levels, so that those of one level need nothing of each other.

The outcome is that of running them one after the other in the order of the file, each seeing what those before it
wrote, and of those behind it what they wrote last time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from watchkeeper.rules.files.loaded import LoadedRule

ALERTS: Final = "ALERTS"
ALERTS_FOR_STATE: Final = "ALERTS_FOR_STATE"


def levels_of(rules: Sequence[LoadedRule]) -> list[tuple[int, ...]]:
    """The numbers of the rules by level, each ascending; a level runs when all before it are written.

    A loop over the rules and the metrics that they write.
    """
    names = list(dict.fromkeys(name for rule in rules for name in outputs_of(rule)))
    level: list[int] = []
    written_at = dict.fromkeys(names, -1)  # The last level that writes the metric.
    read_at = dict.fromkeys(names, -1)  # The last level with a rule that reads it.
    for rule in rules:
        reads = [name for name in names if rule.expression.reads(name)]
        outputs = outputs_of(rule)
        mine = max(
            0,
            max((written_at[name] + 1 for name in reads), default=0),
            # Not before one that stands above and is to see the value of last time, nor before another writer.
            max((read_at[name] for name in outputs), default=0),
            max((written_at[name] for name in outputs), default=0),
        )
        level.append(mine)
        for name in reads:
            read_at[name] = max(read_at[name], mine)
        for name in outputs:
            written_at[name] = max(written_at[name], mine)
    return [tuple(i for i, one in enumerate(level) if one == n) for n in range(max(level, default=-1) + 1)]


def outputs_of(rule: LoadedRule) -> Iterable[str]:
    """The metrics that a rule writes."""
    return (rule.name,) if rule.kind == "record" else (ALERTS, ALERTS_FOR_STATE)
