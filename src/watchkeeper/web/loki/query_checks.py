"""What a tenant's limits refuse before a query runs. Texts and statuses are upstream's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from watchkeeper.core.model.duration import format_duration_ms
from watchkeeper.core.model.matcher import Matcher
from watchkeeper.core.model.regex import RegexError, compile_re2
from watchkeeper.logs.logql import ast
from watchkeeper.logs.logql.answer import QueryLimits
from watchkeeper.logs.store.limits import Limits
from watchkeeper.logs.store.limits_query import BlockedQuery
from watchkeeper.web.errors import bad_data
from watchkeeper.web.loki.params import MS

NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Window:
    """The part of a range that may be read; None of it where `is_empty`."""

    start_ns: int
    end_ns: int

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left of the range."""
        return self.start_ns > self.end_ns


def engine_limits(limits: Sequence[Limits], max_memory_bytes: int, *, partial_series: bool) -> QueryLimits:
    """What a query over these tenants may use: of each limit the lowest that is set."""
    return QueryLimits(
        max_query_series=_lowest(one.max_query_series for one in limits),
        max_entries=_lowest(one.max_entries_limit_per_query for one in limits),
        max_bytes_read=_lowest(one.max_query_bytes_read for one in limits),
        timeout_s=timeout_s(limits),
        max_memory_bytes=max_memory_bytes,
        partial_series=partial_series,
    )


def timeout_s(limits: Sequence[Limits]) -> float:
    """How long a query of these tenants may take, waiting included."""
    return (_lowest(one.query_timeout_ns for one in limits) or 3600 * NS) / NS


def check_entries(expr: ast.Expr, limit: int, limits: Sequence[Limits]) -> None:
    """Refuses more lines than the tenants may ask for. Raises ApiError."""
    most = _lowest(one.max_entries_limit_per_query for one in limits)
    if isinstance(expr, ast.LogQuery) and most and limit > most:
        raise bad_data(f"max entries limit per query exceeded, limit > max_entries_limit_per_query ({limit} > {most})")


def check_query(expr: ast.Expr, text: str, limits: Sequence[Limits]) -> None:
    """Refuses queries that are blocked, that lack matchers or have too many, or whose ranges are too long.

    Raises ApiError.
    """
    for one in limits:
        for blocked in one.blocked_queries:
            if _is_blocked(blocked, expr, text):
                raise bad_data("query blocked by policy")
        for query in ast.log_queries(expr):
            check_matchers(query.matchers, one)
    most_ns = _lowest(one.max_query_range_ns for one in limits)
    if most_ns:
        for node in ast.walk(expr):
            if isinstance(node, ast.RangeAggregation) and node.range.range_ns > most_ns:
                asked = format_duration_ms(node.range.range_ns // MS)
                raise bad_data(f"[interval] value exceeds limit: [{asked}] > [{format_duration_ms(most_ns // MS)}]")


def check_matchers(matchers: Sequence[Matcher], limits: Limits) -> None:
    """Refuses a selector without the matchers that are required, or with too many. Raises ApiError."""
    most = limits.max_streams_matchers_per_query
    if most and len(matchers) > most:
        raise bad_data(f"max streams matchers per query exceeded, matchers-count > limit ({len(matchers)} > {most})")
    names = sorted({matcher.name for matcher in matchers})
    missing = [name for name in limits.required_labels if name not in names]
    if missing:
        raise bad_data(
            f"stream selector is missing required matchers [{', '.join(missing)}], "
            f"labels present in the query were [{', '.join(names)}]"
        )
    if len(names) < limits.minimum_labels_number:
        raise bad_data(
            f"stream selector has less label matchers than required: (present: [{', '.join(names)}], "
            f"number_present: {len(names)}, required_number_label_matchers: {limits.minimum_labels_number})"
        )


def window(start_ns: int, end_ns: int, now_ns: int, limits: Sequence[Limits]) -> Window:
    """The range without what lies before the lookback. Raises ApiError where the range is too long."""
    lookback_ns = _lowest(one.max_query_lookback_ns for one in limits)
    if lookback_ns:
        first_ns = now_ns - lookback_ns
        if end_ns < first_ns:
            return Window(1, 0)
        start_ns = max(start_ns, first_ns)
    longest_ns = _lowest(one.max_query_length_ns for one in limits)
    if longest_ns and end_ns - start_ns > longest_ns:
        length, limit = format_duration_ms((end_ns - start_ns) // MS), format_duration_ms(longest_ns // MS)
        raise bad_data(f"the query time range exceeds the limit (query length: {length}, limit: {limit})")
    return Window(start_ns, end_ns)


def _lowest(values: Iterable[int]) -> int:
    """The lowest that is not 0, which is no limit."""
    return min((value for value in values if value), default=0)


def _is_blocked(blocked: BlockedQuery, expr: ast.Expr, text: str) -> bool:
    kind = "metric"
    if isinstance(expr, ast.LogQuery):
        kind = "filter" if expr.stages else "limited"
    if blocked.types and kind not in blocked.types:
        return False
    if blocked.hash:
        return blocked.hash == _fnv32(text)
    if not blocked.pattern:
        return True
    if blocked.pattern.strip() == text.strip():
        return True
    if not blocked.regex:
        return False
    try:
        return compile_re2(blocked.pattern).search(text) is not None
    except RegexError:
        return False


def _fnv32(text: str) -> int:
    """FNV-1 of 32 bits, by which upstream's policies name a query."""
    found = 2_166_136_261
    for byte in text.encode():
        found = (found * 16_777_619) % 2**32 ^ byte
    return found
