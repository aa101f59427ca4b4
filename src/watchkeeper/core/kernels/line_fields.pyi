"""Fields of many lines at once: what LogQL's and the agent's parser stages find in text that was never shredded.

Each parser returns columns over the lines it was given. A name's column is `Coded`; a row without the name has -1.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from watchkeeper.core.kernels.texts import Coded, Texts

Mask = npt.NDArray[np.uint8]

LEVEL_FIELDS: Final[tuple[bytes, ...]]  # Names that `levels` looks for where none are given.

def json(lines: Texts, wanted: tuple[str, ...] | None) -> tuple[dict[str, Coded], Mask]:
    """Every scalar of each line's JSON object by its flattened, cleaned name (`a.b-c` → `a_b_c`), first one wins;
    nested objects joined with `_`, arrays and nulls left out, numbers and booleans as written, strings unescaped.

    wanted    only these names, or None for all
    returns   columns, and 1 for each line that is no JSON object
    """

def json_paths(lines: Texts, paths: tuple[tuple[str | int, ...], ...]) -> tuple[list[Coded], Mask]:
    """For each path (keys and array indices) what stands there: scalars as `json`, objects and arrays as their text,
    the empty text where nothing does. Mask as `json`."""

def logfmt(
    lines: Texts, wanted: tuple[str, ...] | None, *, strict: bool = False, keep_empty: bool = False
) -> tuple[dict[str, Coded], Mask]:
    """key=value pairs by cleaned name, first one wins. Mask: 1 for each malformed line (with `strict`; else 0)."""

def captures(
    lines: Texts, anchored: bool, kinds: bytes, args: bytes, sets: bytes, names: tuple[str | None, ...]
) -> tuple[dict[str, Coded], Mask]:
    """The groups of a `RegexpProgram` (see `logs/lines/regexp_program.py`) in lines that are UTF-8.

    Mask: 1 for each line that matches, 2 for each that takes too long and was given up. Raises ValueError for a
    program that is none.
    """

def pattern(lines: Texts, literals: tuple[bytes, ...], names: tuple[str | None, ...]) -> dict[str, Coded]:
    """Captures between literals (`len(literals) == len(names) + 1`, the first and last may be empty); None captures
    nothing. A capture reaches to the first place of the next literal."""

def like(lines: Texts, parts: tuple[bytes, ...]) -> Mask:
    """1 for each line that the texts with a wildcard between each two of them describe; all but the first and last have
    at least one byte, an empty first or last one leaves the wildcard at the line's begin or end.

    Each text is found at its first place behind the one before; a wildcard takes at least one byte; the last text, or
    else the last wildcard, reaches the end of the line; the first text may stand anywhere, as upstream has it.
    """

def unpack(lines: Texts) -> tuple[dict[str, Coded], Texts, Mask]:
    """Lines that the agent's `pack` wrote: the string members of each JSON object, and its `_entry` as the line.

    A line without `_entry` has no columns and stays as it is. Mask: 1 for each line that is no JSON object; an empty
    line is none and no error.
    """

def decolorize(lines: Texts) -> Texts:
    """The lines without escape sequences of terminals; the very same texts where there are none."""

def addresses(lines: Texts, low: bytes, high: bytes) -> Mask:
    """1 for each line that holds an IP address from `low` to `high`: 4 or 16 bytes in network order, both alike."""

def levels(lines: Texts, fields: tuple[bytes, ...] | None = None, json_depth: int = 2) -> npt.NDArray[np.uint8]:
    """Index into `line_block.LEVELS` of each line's level: of a JSON or logfmt field of these names (upstream's list for
    None), else of the first level word with bounds around it; unknown otherwise.

    json_depth   a field of JSON counts inside of so many objects; 0 for any number
    """

def levels_at(
    data: bytes,
    line_at: npt.NDArray[np.int64],
    line_end: npt.NDArray[np.int64],
    fields: tuple[bytes, ...] | None = None,
    json_depth: int = 2,
) -> npt.NDArray[np.uint8]:
    """The same of lines that are places in `data`, in any order: line i is `data[line_at[i]:line_end[i]]`."""

def code(texts: Texts) -> Coded:
    """Any texts as codes into distinct ones."""

def floats(texts: Texts) -> tuple[npt.NDArray[np.float64], Mask]:
    """Each text as a number, as Go's ParseFloat reads it, and 1 where it was read.

    Only plain decimal forms are: a 0 in the mask means that a complete reader has to look at the text. The number is
    0 there.
    """

def sizes(texts: Texts) -> tuple[npt.NDArray[np.float64], Mask]:
    """Each text as whole bytes (`1.5MB`, `2KiB`, `7`), and 1 where it was read; a 0 as in `floats`."""

def durations(texts: Texts) -> tuple[npt.NDArray[np.int64], Mask]:
    """Each text as nanoseconds, as Go's ParseDuration reads it (`1h2m3.5s`), and 1 where it was read; a 0 as in
    `floats`."""
