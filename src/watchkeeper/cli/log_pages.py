"""Lines of a range in pages: servers give no more than some thousand lines at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from watchkeeper.cli.log_lines import Entry

PAGE = 5000  # The default of max_entries_limit_per_query.

AskPage = Callable[[int, int, int], list[Entry]]
"""Entries of a range (start, end, limit), the nearest to its end or start, as the direction says."""


def pages(ask: AskPage, start_ns: int, end_ns: int, limit: int, *, forward: bool) -> Iterator[list[Entry]]:
    """Pages of at most PAGE entries until there are `limit` or no more.

    Lines of the last time of a page may be in the next one too; they are left out there. Where a whole page has one
    time, its other lines can't be reached, and the next page begins behind it.
    """
    seen: set[tuple[int, str, str]] = set()
    left = limit
    while left > 0 and start_ns < end_ns:
        size = min(PAGE, left + len(seen))
        found = ask(start_ns, end_ns, size)
        new = [entry for entry in found if _key(entry) not in seen]
        if new:
            yield new[-left:] if not forward else new[:left]
        left -= len(new)
        if len(found) < size:
            return
        times = [entry.ts_ns for entry in found]
        last_ns = max(times) if forward else min(times)
        if not new or min(times) == max(times):
            start_ns, end_ns = (last_ns + 1, end_ns) if forward else (start_ns, last_ns)
            seen = set()
            continue
        start_ns, end_ns = (last_ns, end_ns) if forward else (start_ns, last_ns + 1)
        seen = {_key(entry) for entry in found if entry.ts_ns == last_ns}


def _key(entry: Entry) -> tuple[int, str, str]:
    return entry.ts_ns, entry.line, repr(sorted(entry.labels.items()))
