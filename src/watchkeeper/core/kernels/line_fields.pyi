"""Fields of many lines at once: what LogQL's and the agent's parser stages find in text that was never shredded.

Each parser returns columns over the lines it was given. A name's column is `Coded`; a row without the name has -1.
"""

import numpy as np
import numpy.typing as npt

from watchkeeper.core.kernels.texts import Coded, Texts

Mask = npt.NDArray[np.uint8]

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

def pattern(lines: Texts, literals: tuple[bytes, ...], names: tuple[str | None, ...]) -> dict[str, Coded]:
    """Captures between literals (`len(literals) == len(names) + 1`, the first and last may be empty); None captures
    nothing. A capture reaches to the first place of the next literal."""

def levels(lines: Texts, fields: tuple[bytes, ...] | None = None) -> npt.NDArray[np.uint8]:
    """Index into `line_block.LEVELS` of each line's level: of a JSON (two levels deep) or logfmt field of these names
    (upstream's list for None), else of the first level word with bounds around it; unknown otherwise."""

def code(texts: Texts) -> Coded:
    """Any texts as codes into distinct ones."""
