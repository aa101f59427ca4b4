"""The table of PromQL's functions: what they take and what they return.

Source: Prometheus 3.14, promql/parser/functions.go.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Final


class ValueType(enum.Enum):
    """The four kinds of value, by the word of the JSON tree."""

    SCALAR = "scalar"
    VECTOR = "vector"
    MATRIX = "matrix"
    STRING = "string"

    @property
    def description(self) -> str:
        """The words of error texts: `instant vector`, `range vector`."""
        return _DESCRIPTIONS[self]


_DESCRIPTIONS: Final = {
    ValueType.SCALAR: "scalar",
    ValueType.VECTOR: "instant vector",
    ValueType.MATRIX: "range vector",
    ValueType.STRING: "string",
}


@dataclass(frozen=True, slots=True)
class Signature:
    """One function.

    arguments     the types; with `variadic` the last one may be absent or repeated
    variadic      0: as many as `arguments`; n > 0: the last up to n times; -1: the last any number of times
    experimental  must be switched on
    """

    name: str
    arguments: tuple[ValueType, ...]
    returns: ValueType
    variadic: int = 0
    experimental: bool = False

    @property
    def least(self) -> int:
        """The fewest arguments it takes."""
        return len(self.arguments) - (1 if self.variadic else 0)

    @property
    def most(self) -> int | None:
        """The most arguments it takes; None without a bound."""
        return None if self.variadic < 0 else self.least + self.variadic

    def argument_type(self, index: int) -> ValueType:
        """The type of argument `index`, counted from 0; repeats the last one."""
        return self.arguments[min(index, len(self.arguments) - 1)]


_LETTERS: Final = {"v": ValueType.VECTOR, "m": ValueType.MATRIX, "s": ValueType.SCALAR, "t": ValueType.STRING}


def _functions(arguments: str, names: str, returns: str = "v", variadic: int = 0, experimental: bool = False) -> None:
    """Enter functions of one form; `arguments` has a letter for each."""
    types = tuple(_LETTERS[letter] for letter in arguments)
    for name in names.split():
        _table[name] = Signature(name, types, _LETTERS[returns], variadic, experimental)


_table: dict[str, Signature] = {}

_functions("v", "abs ceil floor exp sqrt ln log2 log10 sgn")
_functions("vs", "round", variadic=1)
_functions("vss", "clamp")
_functions("vs", "clamp_min clamp_max")
_functions("v", "acos acosh asin asinh atan atanh cos cosh sin sinh tan tanh deg rad")
_functions("", "pi time", returns="s")
_functions("v", "timestamp")
_functions("v", "minute hour day_of_week day_of_month day_of_year days_in_month month year", variadic=1)
_functions("m", "rate irate increase resets delta idelta deriv changes")
_functions("ms", "predict_linear")
_functions("m", "avg_over_time min_over_time max_over_time sum_over_time count_over_time last_over_time")
_functions("m", "first_over_time present_over_time stddev_over_time stdvar_over_time absent_over_time")
_functions("sm", "quantile_over_time")
_functions("v", "absent sort sort_desc")
_functions("v", "scalar", returns="s")
_functions("s", "vector")
_functions("vtttt", "label_replace")
_functions("vttt", "label_join", variadic=-1)
_functions("v", "histogram_avg histogram_count histogram_sum histogram_stddev histogram_stdvar")
_functions("ssv", "histogram_fraction")
_functions("sv", "histogram_quantile")

_functions("mss", "double_exponential_smoothing", experimental=True)
_functions("m", "mad_over_time ts_of_first_over_time ts_of_last_over_time", experimental=True)
_functions("m", "ts_of_min_over_time ts_of_max_over_time", experimental=True)
_functions("vt", "sort_by_label sort_by_label_desc", variadic=-1, experimental=True)
_functions("vv", "info", variadic=1, experimental=True)
_functions("vtss", "histogram_quantiles", variadic=9, experimental=True)
_functions("ss", "min_of max_of", returns="s", experimental=True)
_functions("", "start end step range", returns="s", experimental=True)
_functions("v", "start_timestamp", experimental=True)

FUNCTIONS: Final[dict[str, Signature]] = dict(sorted(_table.items()))
