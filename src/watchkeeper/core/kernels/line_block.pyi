"""Lines of one stream, shredded: constant skeletons, and a column for each place where lines differ.

A line is split into a *skeleton* (constant text with numbered slots) and the values of its slots. All values of one
slot, over the lines that share the skeleton, are a *column*. Bytes are always restored exactly, whatever they are.
The entry's structured metadata is shredded the same way: its names in order are a *shape*, its values columns.
A block is open (rows are appended, in any order of time) or sealed (immutable, rows ascending in time).
Methods release the GIL where they work; an open block may be appended to and read from different threads.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from watchkeeper.core.kernels.line_regex import Automaton
from watchkeeper.core.kernels.texts import Coded, Texts

PLAIN: Final = 0  # words are constant, tokens with a digit are values
JSON: Final = 1  # the whole line is one valid JSON object: keys and punctuation constant, scalars values
LOGFMT: Final = 2  # key=value pairs
WHOLE: Final = 3  # the line is one value: shredding did not pay

class Block:
    def __init__(self) -> None:
        """An open block without rows."""

    def append(
        self,
        data: bytes,
        line_at: npt.NDArray[np.int64],
        line_end: npt.NDArray[np.int64],
        times_ns: npt.NDArray[np.int64],
        metadata: Metadata | None = None,
        levels: npt.NDArray[np.uint8] | None = None,
        dedupe: bool = True,
    ) -> int:
        """Append rows: line i is `data[line_at[i]:line_end[i]]`. How many were added.

        metadata   structured metadata of each row, or None
        levels     index into LEVELS of each row's `detected_level`, added behind its metadata; None and 0 add nothing
        dedupe     leave out a row whose time, line and metadata are those of a row that is there

        Raises ValueError where places lie outside of the data, and where the block would hold more than 16 million rows
        or 256 MiB: rows before that one were added then.
        """

    def seal(self, level: int = 3) -> tuple[bytes, bytes]:
        """The block as immutable bytes, rows in order of time (equal times in order of arrival), and its filter."""

    @staticmethod
    def open(data: bytes | memoryview) -> Block:
        """A sealed block over its bytes, which are kept; columns are unpacked when they are asked for.

        Raises ValueError where the bytes are not a whole block: hostile bytes never crash or read out of bounds.
        """

    @staticmethod
    def merge(blocks: list[Block], level: int = 3) -> tuple[bytes, bytes]:
        """Blocks of one stream as one sealed block, without restoring lines where skeletons allow; as `seal`.

        Rows of equal times keep the order of the blocks. Rows that come twice are kept.
        """

    @property
    def n_rows(self) -> int: ...
    @property
    def raw_bytes(self) -> int:
        """Size of the lines and metadata as they came."""
    @property
    def size_bytes(self) -> int:
        """Memory that the block takes now."""
    @property
    def times(self) -> npt.NDArray[np.int64]:
        """int64 ns (n_rows,), a copy."""

    # --- reading. Rows are int32 row numbers, in any order unless said otherwise.

    def lines(self, rows: npt.NDArray[np.int32]) -> Texts:
        """The lines of these rows, byte for byte."""

    def line_lengths(self, rows: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
        """Their sizes in bytes, without restoring them."""

    def search(self, automaton: Automaton, rows: npt.NDArray[np.int32]) -> npt.NDArray[np.uint8]:
        """1 for each row whose line matches. Constant text and repeated values are walked once, not once a line."""

    def skeletons(self) -> list[Skeleton]: ...
    def skeleton_of(self, rows: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
        """Which skeleton each row has."""

    def values(self, slot: int, rows: npt.NDArray[np.int32]) -> Coded:
        """A slot's values for these rows, which must all have the slot's skeleton; ValueError otherwise."""

    def numbers(self, slot: int, rows: npt.NDArray[np.int32]) -> npt.NDArray[np.float64] | None:
        """The same as numbers, where the column's encoding knows every value to be a plain decimal number (None
        otherwise): exactly what Python's float() makes of the texts."""

    def shapes(self) -> list[tuple[str, ...]]:
        """The structured-metadata shapes: names, in the order sent. `()` is the shape of rows without any."""

    def shape_of(self, rows: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
        """Which shape each row has."""

    def metadata_values(self, shape: int, position: int, rows: npt.NDArray[np.int32]) -> Coded:
        """The values of one name of a shape for these rows, which must all have the shape."""

class Skeleton:
    """A line's constant part.

    kind    PLAIN, JSON, LOGFMT or WHOLE
    parts   constant bytes, and int for a slot; slot numbers are unique in the block
    n_rows  how many lines have it

    Quotes belong to the constants; what is between them is as in the line, with its escapes. A string of JSON or logfmt
    can be one slot, or several with constant words between them.
    """

    kind: int
    parts: tuple[bytes | int, ...]
    n_rows: int

class Metadata:
    """Structured metadata of n rows, as places in `data` of the same append.

    pair_lo                                int64 (n + 1,): row i has pairs pair_lo[i] to pair_lo[i + 1]
    name_at, name_end, value_at, value_end int64 (n_pairs,)
    """

    def __init__(
        self,
        pair_lo: npt.NDArray[np.int64],
        name_at: npt.NDArray[np.int64],
        name_end: npt.NDArray[np.int64],
        value_at: npt.NDArray[np.int64],
        value_end: npt.NDArray[np.int64],
    ) -> None: ...
    pair_lo: npt.NDArray[np.int64]
    name_at: npt.NDArray[np.int64]
    name_end: npt.NDArray[np.int64]
    value_at: npt.NDArray[np.int64]
    value_end: npt.NDArray[np.int64]

LEVELS: Final[tuple[str, ...]]  # "", unknown, trace, debug, info, warn, error, critical, fatal

def tokens(needle: bytes) -> npt.NDArray[np.uint64]:
    """Hashes of the words (runs of letters, digits, `_`, and bytes from 0x80) that have both their ends inside the
    needle: any line that holds the needle holds these words. Long words count without their ends. Words that no filter
    indexes (short ones, numbers below six digits, times) are left out; without any, filters can't help. Not for needles
    whose case does not matter."""

def may_contain(
    filters: bytes | memoryview, offsets: npt.NDArray[np.int64], hashes: npt.NDArray[np.uint64]
) -> npt.NDArray[np.uint8]:
    """For each filter i, `filters[offsets[i]:offsets[i + 1]]`: 0 where some word is surely in no line of its block."""
