"""What lines have in common: templates with `<_>` for what differs, and how many lines of each there were.

Blocks keep lines as skeletons already, so the rows of a template are counted without looking at a line. What is left is
to put together skeletons that differ in a few words only: such words become `<_>` too, as in Drain, but over templates
instead of lines.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from watchkeeper.core.kernels.line_block import JSON, LEVELS, LOGFMT, WHOLE, Block, Skeleton
from watchkeeper.core.kernels.texts import Rows
from watchkeeper.core.model.errors import CorruptionError
from watchkeeper.core.model.matcher import Matcher
from watchkeeper.core.telemetry.log import get_logger
from watchkeeper.logs.interface import LogQuerier
from watchkeeper.logs.logql.columns import Column, joined
from watchkeeper.logs.logql.rows import partition

Counts: TypeAlias = npt.NDArray[np.int64]
Words: TypeAlias = tuple[bytes, ...]

ANY: Final = b"<_>"
LEVEL: Final = "detected_level"
UNKNOWN: Final = LEVELS[1].encode()
ALIKE: Final = 0.6  # The share of words that two templates must have in common to become one.
MAX_TEMPLATES: Final = 6000  # That are told apart; lines of later ones are not counted.
MAX_COMPARED: Final = 200  # The most frequent templates of as many words; what is like none of them stands alone.
MAX_BYTES: Final = 2000  # Of a template; longer ones say nothing at a glance.
_REPEATED: Final = re.compile(rb"<_>(?:[,;:/ .-]?<_>)+")

log = get_logger("patterns")


@dataclass(slots=True)
class Pattern:
    """One template. `counts` is int64 (n_steps,): its lines in each step."""

    text: str
    level: str
    counts: Counts

    @property
    def total(self) -> int:
        """Its lines in all steps."""
        return int(self.counts.sum())


def mine_patterns(
    querier: LogQuerier,
    matchers: Sequence[Matcher],
    start_ns: int,
    end_ns: int,
    step_ns: int,
    check: Callable[[], None],
) -> list[Pattern]:
    """Templates of the range's lines, the most frequent first. Step i begins at start_ns, rounded down to a step, plus
    i steps. `check` is called between blocks, and what it raises ends the search."""
    first_ns = start_ns // step_ns * step_ns
    n_steps = max((end_ns - 1 - first_ns) // step_ns + 1, 1)
    found: dict[tuple[bytes, bytes], Counts] = {}
    for part in querier.select(matchers, start_ns, end_ns):
        check()
        try:
            block, rows = part.load()
        except CorruptionError as error:
            log.error("a block is damaged; patterns are found without it", error=error)
            continue
        if len(rows):
            _count(block, rows, (block.times[rows] - first_ns) // step_ns, n_steps, found)
    merged = merge_templates(found)
    patterns = [
        Pattern(text.decode("utf-8", "replace"), level.decode("utf-8", "replace"), counts)
        for (level, text), counts in merged.items()
    ]
    return sorted(patterns, key=lambda pattern: (-pattern.total, pattern.text, pattern.level))


def _count(
    block: Block, rows: Rows, steps: npt.NDArray[np.int64], n_steps: int, found: dict[tuple[bytes, bytes], Counts]
) -> None:
    skeletons = block.skeletons()
    levels = _levels(block, rows)
    for number, places in partition(block.skeleton_of(rows)):
        text = template_of(skeletons[number])
        if text is None:
            continue
        chosen = np.arange(len(rows)) if places is None else places
        for code, within in partition(levels.codes[chosen]):
            level = levels.values.texts[code] if code >= 0 else UNKNOWN
            mine = chosen if within is None else chosen[within]
            counts = np.bincount(steps[mine], minlength=n_steps)
            known = found.get((level, text))
            if known is not None:
                known += counts
            elif len(found) < MAX_TEMPLATES:
                found[level, text] = counts


def _levels(block: Block, rows: Rows) -> Column:
    """Each row's level."""
    shapes = block.shapes()
    parts = []
    for shape, places in partition(block.shape_of(rows)):
        if LEVEL in shapes[shape]:
            chosen = rows if places is None else rows[places]
            parts.append((places, block.metadata_values(shape, shapes[shape].index(LEVEL), chosen)))
    return joined(parts, len(rows))


def template_of(skeleton: Skeleton) -> bytes | None:
    """The skeleton's text with `<_>` for each slot, neighbours made one; None for one that says nothing."""
    if skeleton.kind == WHOLE:
        return None
    text = _REPEATED.sub(ANY, b"".join(ANY if isinstance(part, int) else part for part in skeleton.parts))
    if skeleton.kind not in (JSON, LOGFMT) and not re.search(rb"[A-Za-z]{2}", text.replace(ANY, b"")):
        return None
    return text if len(text) <= MAX_BYTES else None


def merge_templates(found: dict[tuple[bytes, bytes], Counts]) -> dict[tuple[bytes, bytes], Counts]:
    """Templates of one level that are alike as one: those with as many words, of which enough are the same. The more
    frequent ones come first and decide what is alike to them."""
    groups: dict[tuple[bytes, int], list[tuple[list[bytes], Counts]]] = {}
    for (level, text), counts in sorted(found.items(), key=lambda item: (-int(item[1].sum()), item[0])):
        words = text.split(b" ")
        group = groups.setdefault((level, len(words)), [])
        for known, total in group[:MAX_COMPARED]:
            if _are_alike(known, words):
                known[:] = [a if a == b else ANY for a, b in zip(known, words, strict=True)]
                total += counts
                break
        else:
            group.append((words, counts.copy()))
    out: dict[tuple[bytes, bytes], Counts] = {}
    for (level, _), group in groups.items():
        for words, counts in group:
            key = level, _REPEATED.sub(ANY, b" ".join(words))
            out[key] = out[key] + counts if key in out else counts
    return out


def _are_alike(known: Sequence[bytes], words: Sequence[bytes]) -> bool:
    """Whether enough words that are no wildcard are the same at their places."""
    if known[0] != words[0] and ANY not in (known[0], words[0]):
        return False
    telling = sum(1 for a, b in zip(known, words, strict=True) if ANY not in (a, b))
    same = sum(1 for a, b in zip(known, words, strict=True) if a == b and a != ANY)
    return telling > 0 and same >= ALIKE * telling
