"""Numbers as Go's strconv prints them, and query results as JSON."""

import numpy as np
import numpy.typing as npt

def format_float(x: float) -> str:
    """The HTTP API's form: the shortest digits, plain; with an exponent below 1e-6 and from 1e21 on; NaN, +Inf, -Inf."""

def format_plain(x: float) -> str:
    """The shortest digits, never with an exponent (`strconv.FormatFloat(x, 'f', -1, 64)`)."""

def format_general(x: float, precision: int = -1) -> str:
    """Go's `%g`, or with a precision of 1 to 30 `%.<precision>g`. Raises ValueError for another precision."""

def format_time(time_ms: int) -> str:
    """Seconds: whole ones without a point, else three decimals."""

def quoted_texts(texts: list[str]) -> tuple[bytes, npt.NDArray[np.int64]]:
    """Texts as JSON strings, one after the other, for `result_json`: text i has code i + 1, code 0 is empty.

    A lone surrogate, which UTF-8 can't hold, becomes a question mark.
    """

def result_json(
    names: list[bytes],
    codes: npt.NDArray[np.int32],
    texts: bytes,
    text_at: npt.NDArray[np.int64],
    values: npt.NDArray[np.float64],
    present: npt.NDArray[np.uint8],
    times_ms: npt.NDArray[np.int64],
    single: bool,
    more: dict[int, bytes],
) -> bytes:
    """`[{"metric":{…},"values":[[t,"v"],…]},…]`, or with `single` `"value":[t,"v"]`; absent cells are left out.

    names     each label's name as JSON with the colon after it
    codes     int32 (n_series, len(names)); 0 where a set lacks the label
    texts     label values as JSON, one after the other; code c has texts[text_at[c]:text_at[c + 1]]
    times_ms  int64 (n_steps,)
    more      by row: another member of its object, as `"histograms":[…]`
    Releases the GIL. Raises ValueError where the arrays do not fit each other.
    """
