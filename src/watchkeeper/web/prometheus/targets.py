"""Targets: what is scraped, what was dropped, and what their expositions say of their metrics."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

import orjson
from aiohttp import web

from watchkeeper.core.config.dump import plain
from watchkeeper.core.model.errors import NotFoundError, ParseError
from watchkeeper.core.model.labels import Labels, quote
from watchkeeper.core.model.matcher import Matcher
from watchkeeper.core.model.metadata import Metadata
from watchkeeper.core.relabel import Relabeler
from watchkeeper.metrics.promql.parser import parse_selector
from watchkeeper.metrics.scrape.target import DroppedTarget, Target
from watchkeeper.web.envelope import Reply
from watchkeeper.web.errors import bad_data, bad_parameter
from watchkeeper.web.params import Params, parse_int
from watchkeeper.web.prometheus.backend import Backend

LOCAL_HOSTS: Final = ("127.0.0.1", "localhost", "::1")
NEVER: Final = "0001-01-01T00:00:00Z"  # How upstream writes a time that has not come yet.


async def scrape_pools(backend: Backend, _: Params, __: web.Request) -> Reply:
    """GET /scrape_pools: job names."""
    return Reply({"scrapePools": sorted(backend.scrape.pools)})


async def scrape_pool_config(backend: Backend, params: Params, _: web.Request) -> Reply:
    """GET /scrape_pools/config: one job as YAML."""
    name = params.get("scrapePool")
    if not name:
        raise bad_data("no scrapePool parameter provided")
    text = backend.pool_config_text(name)
    if text is None:
        raise NotFoundError(f"scrape pool {quote(name)} not found")
    return Reply({"yaml": text})


async def targets(backend: Backend, params: Params, _: web.Request) -> Reply:
    """GET /targets: by state; both parameters are read from the URL alone, as upstream does."""
    state = params.of_url("state").lower()
    pool = params.of_url("scrapePool")
    show_active = state in ("", "any", "active")
    show_dropped = state in ("", "any", "dropped")
    active = [_active(target, backend) for target in _targets(backend, pool)] if show_active else []
    dropped = []
    if show_dropped:
        by_pool = backend.scrape.dropped_targets()
        dropped = [_dropped(one) for job in sorted(by_pool) if pool in ("", job) for one in by_pool[job]]
    counts = {job: count for job, count in sorted(backend.scrape.dropped_target_counts().items()) if pool in ("", job)}
    return Reply({"activeTargets": active, "droppedTargets": dropped, "droppedTargetCounts": counts})


async def target_metadata(backend: Backend, params: Params, _: web.Request) -> Reply:
    """GET /targets/metadata: families of the targets that match, or of one metric."""
    limit = _count(params, "limit")
    metric = params.get("metric")
    matchers: tuple[Matcher, ...] = ()
    if text := params.get("match_target"):
        try:
            matchers = parse_selector(text)
        except ParseError as error:
            raise bad_parameter("match_target", error) from None
    rows: list[dict[str, Any]] = []
    for target in _targets(backend, ""):
        # Upstream counts before each target, so the last one may exceed the limit.
        if limit is not None and len(rows) >= limit:
            break
        if not all(matcher.matches(target.labels.get(matcher.name)) for matcher in matchers):
            continue
        for name, told in target.families.items():
            if metric and name != metric:
                continue
            row = {"target": target.labels.as_dict(), "type": told.type, "help": told.help, "unit": told.unit}
            rows.append(row if metric else {**row, "metric": name})
    return Reply(rows)


async def relabel_steps(backend: Backend, params: Params, _: web.Request) -> Reply:
    """GET /targets/relabel_steps: what each rule of a job makes of a set of discovered labels."""
    job, text = params.get("scrapePool"), params.get("labels")
    for name, value in (("scrapePool", job), ("labels", text)):
        if not value:
            raise bad_data(f"no {name} parameter provided")
    try:
        given = orjson.loads(text)
        labels = Labels({str(name): str(value) for name, value in given.items()}.items())
    except (orjson.JSONDecodeError, AttributeError) as error:
        raise bad_data(f"error parsing labels: {error}") from None
    config = backend.scrape.config(job)
    if config is None:
        raise bad_data(f"error getting scrape config: scrape pool {quote(job)} not found")
    steps = []
    current, keep = labels.as_dict(), True
    for rule in config.relabel_configs:
        # Rules after the one that drops see nothing, and are shown so.
        keep = keep and Relabeler((rule,)).apply(current)
        steps.append({"rule": plain(rule), "output": dict(sorted(current.items())) if keep else {}, "keep": keep})
    return Reply({"steps": steps})


async def metadata(backend: Backend, params: Params, _: web.Request) -> Reply:
    """GET /metadata: by metric name, each different statement once."""
    limit = _count(params, "limit")
    per_metric = _count(params, "limit_per_metric") or 0
    wanted = params.get("metric")
    found: dict[str, dict[Metadata, None]] = {}
    told_of = [(name, told) for target in _targets(backend, "") for name, told in target.families.items()]
    told_of += [(name, told) for name, listed in backend.metadata().items() for told in listed]
    for name, told in told_of:
        if wanted and name != wanted:
            continue
        if name not in found and limit is not None and len(found) >= limit:
            continue
        entries = found.setdefault(name, {})
        if per_metric <= 0 or len(entries) < per_metric:
            entries[told] = None
    return Reply(
        {
            name: [{"type": told.type, "help": told.help, "unit": told.unit} for told in entries]
            for name, entries in sorted(found.items())
        }
    )


def _count(params: Params, name: str) -> int | None:
    """A limit of the metadata endpoints; None where there is none or a negative one."""
    text = params.get(name)
    if not text:
        return None
    try:
        count = parse_int(text)
    except ValueError:
        raise bad_data(f"{name} must be a number") from None
    return count if count >= 0 else None


def _targets(backend: Backend, pool: str) -> Iterator[Target]:
    by_pool = backend.scrape.active_targets()
    for job in sorted(by_pool):
        if pool in ("", job):
            yield from sorted(by_pool[job], key=lambda target: target.url)


def _active(target: Target, backend: Backend) -> dict[str, Any]:
    last = NEVER
    if target.last_scrape_s:
        last = datetime.fromtimestamp(target.last_scrape_s, UTC).isoformat().replace("+00:00", "Z")
    return {
        "discoveredLabels": target.discovered.as_dict(),
        "labels": target.labels.as_dict(),
        "scrapePool": target.pool,
        "scrapeUrl": target.url,
        "globalUrl": global_url(target.url, backend.settings.external_url, backend.settings.listen_port),
        "lastError": target.last_error,
        "lastScrape": last,
        "lastScrapeDuration": target.last_duration_s,
        "health": target.health,
        "scrapeInterval": target.scrape_interval,
        "scrapeTimeout": target.scrape_timeout,
    }


def global_url(url: str, external_url: str, listen_port: int) -> str:
    """The URL as others may reach it: a loopback host becomes this server's outer one.

    Only where the port is this server's own is the outer address known for sure; else only the host is replaced.
    """
    parts, outer = urlsplit(url), urlsplit(external_url)
    if parts.hostname not in LOCAL_HOSTS or not outer.hostname:
        return url
    if parts.port == listen_port:
        return urlunsplit((outer.scheme, outer.netloc, parts.path, parts.query, ""))
    host = f"[{outer.hostname}]" if ":" in outer.hostname else outer.hostname
    netloc = host if parts.port is None else f"{host}:{parts.port}"
    return urlunsplit((parts.scheme, netloc, parts.path, parts.query, ""))


def _dropped(target: DroppedTarget) -> dict[str, Any]:
    return {"discoveredLabels": target.discovered.as_dict(), "scrapePool": target.pool}
