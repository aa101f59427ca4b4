"""Search among names and values for those who type: answers in lines of JSON, best batches first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
from aiohttp import web

from watchkeeper.core.model.errors import UnavailableError
from watchkeeper.core.model.labels import METRIC_NAME, quote
from watchkeeper.core.model.matcher import Matcher
from watchkeeper.web.envelope import failure
from watchkeeper.web.errors import bad_data, to_prometheus
from watchkeeper.web.params import Params, parse_bool, parse_int
from watchkeeper.web.prometheus.backend import Backend
from watchkeeper.web.prometheus.search_score import ALGORITHMS, Score, scorer

NDJSON: Final = "application/x-ndjson; charset=utf-8"
HOUR_MS: Final = 3_600_000
MAX_SEARCHES: Final = 32
DEFAULT_LIMIT: Final = 100
MAX_BATCH: Final = 10_000


@dataclass(frozen=True, slots=True)
class Search:
    """What one request asks for."""

    sets: list[list[Matcher]]
    score: Score
    start_ms: int
    end_ms: int
    by_score: bool
    descending: bool
    include_score: bool
    limit: int
    batch_size: int


async def metric_names(backend: Backend, request: web.Request) -> web.StreamResponse:
    """GET POST /search/metric_names."""
    return await _answer(backend, request, "metric_names", METRIC_NAME)


async def label_names(backend: Backend, request: web.Request) -> web.StreamResponse:
    """GET POST /search/label_names."""
    return await _answer(backend, request, "label_names", None)


async def label_values(backend: Backend, request: web.Request) -> web.StreamResponse:
    """GET POST /search/label_values: of the label that the parameter `label` names."""
    return await _answer(backend, request, "label_values", "")


async def _answer(backend: Backend, request: web.Request, kind: str, label: str | None) -> web.StreamResponse:
    """`label` is the one whose values are searched; None for names, empty where the request names it."""
    try:
        if "search-api" not in backend.settings.features:
            raise UnavailableError("search API disabled")
        params = await Params.of(request)
        search = read_search(params, kind, backend.now_ms(), backend.settings.search_max_limit)
        with_metadata = label == METRIC_NAME and _flag(params, "include_metadata", False)
        if label == "":
            label = params.get("label")
            if not label:
                raise bad_data('missing required parameter "label"')

        def work() -> list[tuple[str, float]]:
            querier = backend.querier()
            if label is None:
                return ranked(querier.label_names(search.sets, search.start_ms, search.end_ms), search)
            return ranked(querier.label_values(label, search.sets, search.start_ms, search.end_ms), search)

        rows: list[tuple[str, float]] = await backend.run_read(work)
    except Exception as error:
        return failure(to_prometheus(error))
    told = _metadata_of(backend, {name for name, _ in rows[: search.limit]}) if with_metadata else {}
    response = web.StreamResponse(headers={"Content-Type": NDJSON})
    await response.prepare(request)
    for line in lines(rows, search, told):
        await response.write(orjson.dumps(line) + b"\n")
    await response.write_eof()
    return response


def read_search(params: Params, kind: str, now_ms: int, max_limit: int) -> Search:
    """The request's parameters; raises ApiError in upstream's words."""
    start_ms = params.time_ms("start", now_ms - HOUR_MS)
    end_ms = params.time_ms("end", now_ms)
    sets = params.matcher_sets()
    searches = params.all("search[]")
    if len(searches) > MAX_SEARCHES:
        raise bad_data(f"too many search[] values: {len(searches)}, at most {MAX_SEARCHES} are taken")
    threshold = _whole(params, "fuzz_threshold", 0, "must be 0-100", 100)
    algorithm = params.get("fuzz_alg") or ALGORITHMS[0]
    if algorithm not in ALGORITHMS:
        raise bad_data(f"unsupported fuzz_alg {quote(algorithm)}: must be one of [{' '.join(ALGORITHMS)}]")
    case_sensitive = _flag(params, "case_sensitive", True)
    include_score = _flag(params, "include_score", False)
    sort_by, sort_dir = params.get("sort_by"), params.get("sort_dir")
    if sort_dir and not sort_by:
        raise bad_data("sort_dir is only valid when sort_by is set")
    if sort_dir and sort_by == "score":
        raise bad_data("sort_dir is not supported for sort_by=score")
    if sort_dir not in ("", "asc", "dsc"):
        raise bad_data(f'invalid sort_dir {quote(sort_dir)}: must be "asc" or "dsc"')
    if sort_by == "score" and not searches:
        raise bad_data("sort_by=score requires search[] to be set")
    # Zero asks for as many as without the parameter.
    limit = _whole(params, "limit", 0, "must be non-negative integer") or min(DEFAULT_LIMIT, max_limit)
    if limit > max_limit:
        raise bad_data(f"invalid limit {limit}: exceeds the maximum of {max_limit} (web.search.max-limit)")
    batch_size = _whole(params, "batch_size", 100, "must be non-negative integer") or 100
    if sort_by not in ("", "alpha", "score"):
        raise bad_data(f'invalid sort_by {quote(sort_by)} for {kind}: must be "alpha" or "score"')
    score = scorer(searches, algorithm, threshold / 100, case_sensitive=case_sensitive)
    batch_size = min(batch_size, MAX_BATCH)
    return Search(
        sets, score, start_ms, end_ms, sort_by == "score", sort_dir == "dsc", include_score, limit, batch_size
    )


def ranked(names: Sequence[str], search: Search) -> list[tuple[str, float]]:
    """The names that fit with their scores, in the order asked for: one more than the limit, if there are more."""
    rows = [(name, score) for name in names if (score := search.score(name)) is not None]
    if search.by_score:
        rows.sort(key=lambda row: (-row[1], row[0]))
    else:
        rows.sort(reverse=search.descending)
    return rows[: search.limit + 1]


def lines(rows: list[tuple[str, float]], search: Search, told: dict[str, dict[str, str]]) -> Iterator[dict[str, Any]]:
    """Batches of results, at least one, then the trailer."""
    kept = rows[: search.limit]
    results = [
        {"name": name, **({"score": score} if search.include_score else {}), **told.get(name, {})}
        for name, score in kept
    ]
    for lo in range(0, max(1, len(results)), search.batch_size):
        yield {"results": results[lo : lo + search.batch_size]}
    yield {"status": "success", "has_more": len(rows) > search.limit}


def _metadata_of(backend: Backend, names: set[str]) -> dict[str, dict[str, str]]:
    told: dict[str, dict[str, str]] = {}
    for targets in backend.scrape.active_targets().values():
        for target in targets:
            for name, entry in target.families.items():
                if name in names and name not in told:
                    fields = {"type": entry.type, "help": entry.help, "unit": entry.unit}
                    told[name] = {key: text for key, text in fields.items() if text}
    return told


def _whole(params: Params, name: str, default: int, rule: str, maximum: int = 2**63 - 1) -> int:
    text = params.get(name)
    if not text:
        return default
    try:
        number = parse_int(text)
    except ValueError:
        number = -1
    if not 0 <= number <= maximum:
        raise bad_data(f"invalid {name} {quote(text)}: {rule}")
    return number


def _flag(params: Params, name: str, default: bool) -> bool:
    text = params.get(name)
    if not text:
        return default
    try:
        return parse_bool(text)
    except ValueError:
        raise bad_data(f"invalid {name} {quote(text)}: must be boolean") from None
