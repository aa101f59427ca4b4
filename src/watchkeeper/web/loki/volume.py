"""How much there is: statistics of the index, and bytes by stream or label, at once or step by step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from aiohttp import web

from watchkeeper.core.model.labels import Labels
from watchkeeper.core.model.matcher import Matcher, MatchType
from watchkeeper.logs.interface import LogQuerier, Stream
from watchkeeper.logs.logql.answer import Stats
from watchkeeper.web.envelope import json_response
from watchkeeper.web.errors import ApiError, bad_data
from watchkeeper.web.loki.answer_json import dumps
from watchkeeper.web.loki.backend import Backend
from watchkeeper.web.loki.labels import bounds_in_order, read_streams, selector
from watchkeeper.web.loki.params import MS, Params
from watchkeeper.web.loki.query_checks import check_matchers, window
from watchkeeper.web.loki.query_run import Check, gated
from watchkeeper.web.loki.stats_json import stats_json
from watchkeeper.web.loki.tenancy import querier_of, tenants_of

MAX_BUCKETS: Final = 11_000
Volumes = Sequence[tuple[Stream, int, int, int]]
Groups = dict[str, tuple[dict[str, str], int]]  # By name: the metric that is shown, and its bytes.


async def index_stats(backend: Backend, request: web.Request) -> web.Response:
    """GET POST /index/stats: streams, chunks, bytes and entries that a selector names."""
    return json_response(dumps(await _totals(backend, request)) + b"\n")


async def index_shards(backend: Backend, request: web.Request) -> web.Response:
    """GET POST /index/shards: one shard, which holds everything; queries here are not split over machines."""
    shard = {"bounds": {"min": 0, "max": 2**64 - 1}, "stats": await _totals(backend, request)}
    return json_response(b'{"shards":%b,"statistics":%b}\n' % (dumps([shard]), stats_json(Stats())))


async def _totals(backend: Backend, request: web.Request) -> dict[str, int]:
    params = await Params.of(request, backend)
    matchers = selector(params)
    start_ns, end_ns = bounds_in_order(params)

    def read(querier: LogQuerier, start_ns: int, end_ns: int) -> Volumes:
        return querier.volumes(matchers, start_ns, end_ns)

    found = await read_streams(backend, request, start_ns, end_ns, read)
    return {
        "streams": len(found),
        "chunks": sum(chunks for _, chunks, _, _ in found),
        "bytes": sum(size for _, _, size, _ in found),
        "entries": sum(entries for *_, entries in found),
    }


async def volume(backend: Backend, request: web.Request) -> web.Response:
    """GET POST /index/volume: bytes by stream or label over the whole range, largest first."""
    params = await Params.of(request, backend)
    start_ns, end_ns = bounds_in_order(params)
    return await _volume(backend, request, params, start_ns, end_ns, [(start_ns, end_ns)])


async def volume_range(backend: Backend, request: web.Request) -> web.Response:
    """GET POST /index/volume_range: the same for each step; a value stands at its step's end."""
    params = await Params.of(request, backend)
    start_ns, end_ns = bounds_in_order(params)
    step_ns = params.step_ns(start_ns, end_ns)
    if step_ns <= 0:
        raise bad_data("zero or negative query resolution step widths are not accepted. Try a positive integer")
    if (end_ns - start_ns) // step_ns > MAX_BUCKETS:
        raise bad_data(
            "exceeded maximum resolution of 11,000 points per time series. "
            "Try increasing the value of the step parameter"
        )
    buckets = []
    first_ns = start_ns
    while first_ns <= end_ns:
        # Steps end at multiples of the step, one ms before the next begins.
        next_ns = (first_ns // step_ns + 1) * step_ns
        buckets.append((first_ns, min(next_ns - MS, end_ns)))
        first_ns = next_ns
    return await _volume(backend, request, params, start_ns, end_ns, buckets)


async def _volume(
    backend: Backend,
    request: web.Request,
    params: Params,
    start_ns: int,
    end_ns: int,
    buckets: Sequence[tuple[int, int]],
) -> web.Response:
    by_label = params.get("aggregateBy", "series") or "series"
    if by_label not in ("series", "labels"):
        raise bad_data("invalid aggregation option")
    targets = [name for listed in params.all("targetLabels") for name in listed.split(",") if name]
    matchers = selector(params)
    limit = params.limit()
    tenants = tenants_of(backend, request)
    limits = [backend.limits(tenant) for tenant in tenants]
    for one in limits:
        if not one.volume_enabled:
            raise ApiError(404, "disabled", "the volume endpoint is disabled by volume_enabled")
        check_matchers(matchers, one)
    names = set(targets)
    if not names and by_label == "series":
        names = {matcher.name for matcher in matchers}
    # Streams without a label that is asked for are not counted.
    asked = [*matchers, *(Matcher(name, MatchType.REGEX, ".+") for name in targets if _lacks(name, matchers))]

    allowed = window(start_ns, end_ns, backend.now_ns(), limits)

    def work(check: Check) -> list[Groups]:
        querier = querier_of(backend, tenants)
        out = []
        for bucket_start_ns, bucket_end_ns in buckets:
            check()
            lo_ns, hi_ns = max(bucket_start_ns, allowed.start_ns), min(bucket_end_ns + MS, allowed.end_ns + 1)
            found = querier.volumes(asked, lo_ns, hi_ns) if lo_ns < hi_ns else []
            out.append(_grouped(found, names, by_label == "labels"))
        return out

    found = [] if allowed.is_empty else await gated(backend, limits, work)
    stamps_ms = [last_ns // MS for _, last_ns in buckets]
    most = min((one.volume_max_series for one in limits if one.volume_max_series), default=limit)
    warnings = []
    if most < limit and any(len(groups) > most for groups in found):
        warnings = [f"the query hit the max number of series limit (limit: {most} series)"]
    return json_response(_series_json(found, stamps_ms, min(limit, most), warnings))


def _grouped(found: Volumes, names: set[str], by_label: bool) -> Groups:
    """Bytes by the name of their group; no names are all of a stream's."""
    sizes: dict[Labels | str, int] = {}
    for stream, _, size, _ in found:
        keys: Sequence[Labels | str]
        if by_label:
            keys = [name for name, _ in stream.labels.pairs if not names or name in names]
        else:
            keys = [stream.labels.keep(names) if names else stream.labels]
        for key in keys:
            sizes[key] = sizes.get(key, 0) + size
    return {str(key): ({key: ""} if isinstance(key, str) else key.as_dict(), size) for key, size in sizes.items()}


def _series_json(found: Sequence[Groups], stamps_ms: Sequence[int], limit: int, warnings: Sequence[str]) -> bytes:
    """Largest first by the first value, then by name; cut to `limit` in each step as upstream does."""
    points: dict[str, tuple[dict[str, str], list[list[Any]]]] = {}
    for stamp_ms, groups in zip(stamps_ms, found, strict=False):
        stamp_s = stamp_ms / 1000 if stamp_ms % 1000 else stamp_ms // 1000
        for name, (metric, size) in sorted(groups.items(), key=lambda item: (-item[1][1], item[0]))[:limit]:
            points.setdefault(name, (metric, []))[1].append([stamp_s, str(size)])
    rows = sorted(points.items(), key=lambda item: (-int(item[1][1][0][1]), item[0]))
    is_matrix = any(len(values) > 1 for _, (_, values) in rows)
    result = [
        {"metric": metric, **({"values": values} if is_matrix else {"value": values[0]})}
        for _, (metric, values) in rows
    ]
    kind = b"matrix" if is_matrix else b"vector"
    told = b'"warnings":%b,' % dumps(warnings) if warnings else b""
    return b'{"status":"success",%b"data":{"resultType":"%b","result":%b,"stats":%b}}\n' % (
        told,
        kind,
        dumps(result),
        stats_json(Stats()),
    )


def _lacks(name: str, matchers: Sequence[Matcher]) -> bool:
    return all(matcher.name != name for matcher in matchers)
