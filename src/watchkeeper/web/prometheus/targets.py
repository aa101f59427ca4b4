"""Targets: what is scraped, what was dropped, and what their expositions say of their metrics."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

import orjson
from aiohttp import web

from watchkeeper.core.config.dump import plain
from watchkeeper.core.model.errors import NotFoundError, ParseError
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.model.matcher import Matcher
from watchkeeper.core.model.metadata import Metadata
from watchkeeper.core.relabel import Relabeler
from watchkeeper.metrics.promql.parser import parse_selector
from watchkeeper.metrics.scrape.target import DroppedTarget, Target
from watchkeeper.web.envelope import Reply
from watchkeeper.web.errors import bad_data, bad_parameter
from watchkeeper.web.params import Params
from watchkeeper.web.prometheus.backend import Backend

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
        raise NotFoundError(f'scrape pool "{name}" not found')
    return Reply({"yaml": text})


async def targets(backend: Backend, params: Params, _: web.Request) -> Reply:
    """GET /targets: by state; both parameters are read from the URL alone, as upstream does."""
    state = _url(params, "state").lower()
    pool = _url(params, "scrapePool")
    show_active = state in ("", "any", "active")
    show_dropped = state in ("", "any", "dropped")
    active = [_active(target) for target in _targets(backend, pool)] if show_active else []
    dropped = []
    if show_dropped:
        by_pool = backend.scrape.dropped_targets()
        dropped = [_dropped(one) for job in sorted(by_pool) if pool in ("", job) for one in by_pool[job]]
    counts = {job: count for job, count in sorted(backend.scrape.dropped_target_counts().items()) if pool in ("", job)}
    return Reply({"activeTargets": active, "droppedTargets": dropped, "droppedTargetCounts": counts})


async def target_metadata(backend: Backend, params: Params, _: web.Request) -> Reply:
    """GET /targets/metadata: families of the targets that match, or of one metric."""
    limit = params.limit()
    metric = params.get("metric")
    matchers: tuple[Matcher, ...] = ()
    if text := params.get("match_target"):
        try:
            matchers = parse_selector(text)
        except ParseError as error:
            raise bad_parameter("match_target", error) from None
    rows: list[dict[str, Any]] = []
    for target in _targets(backend, ""):
        if not all(matcher.matches(target.labels.get(matcher.name)) for matcher in matchers):
            continue
        for name, told in target.families.items():
            if metric and name != metric:
                continue
            row = {"target": target.labels.as_dict(), "type": told.type, "help": told.help, "unit": told.unit}
            rows.append(row if metric else {**row, "metric": name})
            if limit and len(rows) >= limit:
                return Reply(rows)
    return Reply(rows)


async def relabel_steps(backend: Backend, params: Params, _: web.Request) -> Reply:
    """GET /targets/relabel_steps: what each rule of a job makes of a set of discovered labels."""
    job = params.get("scrapePool")
    config = backend.scrape.config(job)
    if config is None:
        raise NotFoundError(f'scrape pool "{job}" not found')
    try:
        given = orjson.loads(params.get("labels") or "{}")
        labels = Labels({str(name): str(value) for name, value in given.items()}.items())
    except (orjson.JSONDecodeError, AttributeError) as error:
        raise bad_parameter("labels", error) from None
    steps = []
    current = labels.as_dict()
    for rule in config.relabel_configs:
        keep = Relabeler((rule,)).apply(current)
        rule_json = plain(rule)
        steps.append({"rule": rule_json, "output": dict(sorted(current.items())) if keep else {}, "keep": keep})
        if not keep:
            break
    return Reply({"steps": steps})


async def metadata(backend: Backend, params: Params, _: web.Request) -> Reply:
    """GET /metadata: by metric name, each different statement once."""
    limit = params.limit()
    per_metric = params.limit("limit_per_metric")
    wanted = params.get("metric")
    found: dict[str, dict[Metadata, None]] = {}
    for target in _targets(backend, ""):
        for name, told in target.families.items():
            if wanted and name != wanted:
                continue
            if name not in found and limit and len(found) >= limit:
                continue
            entries = found.setdefault(name, {})
            if not per_metric or len(entries) < per_metric:
                entries[told] = None
    for name, listed in backend.metadata().items():
        if (not wanted or name == wanted) and (name in found or not limit or len(found) < limit):
            for told in listed:
                found.setdefault(name, {})[told] = None
    return Reply(
        {
            name: [{"type": told.type, "help": told.help, "unit": told.unit} for told in entries]
            for name, entries in found.items()
        }
    )


def _targets(backend: Backend, pool: str) -> Iterator[Target]:
    by_pool = backend.scrape.active_targets()
    for job in sorted(by_pool):
        if pool in ("", job):
            yield from sorted(by_pool[job], key=lambda target: target.url)


def _active(target: Target) -> dict[str, Any]:
    last = NEVER
    if target.last_scrape_s:
        last = datetime.fromtimestamp(target.last_scrape_s, UTC).isoformat().replace("+00:00", "Z")
    return {
        "discoveredLabels": target.discovered.as_dict(),
        "labels": target.labels.as_dict(),
        "scrapePool": target.pool,
        "scrapeUrl": target.url,
        "globalUrl": target.global_url,
        "lastError": target.last_error,
        "lastScrape": last,
        "lastScrapeDuration": target.last_duration_s,
        "health": target.health,
        "scrapeInterval": target.scrape_interval,
        "scrapeTimeout": target.scrape_timeout,
    }


def _dropped(target: DroppedTarget) -> dict[str, Any]:
    return {"discoveredLabels": target.discovered.as_dict(), "scrapePool": target.pool}


def _url(params: Params, name: str) -> str:
    return next((value for key, value in params.url if key == name), "")
