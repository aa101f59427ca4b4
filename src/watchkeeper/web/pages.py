"""The plain status page: targets with their last error, the head, the configuration. Works without scripts."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from itertools import groupby
from typing import Any, Final

from watchkeeper.metrics.scrape.target import Target
from watchkeeper.web.html_page import fact, html_page, span_text

STYLE: Final = """
th.job { color: inherit; padding-top: 1.1rem; }
th.job span { color: var(--muted); font-weight: 400; margin-left: .5rem; }
td:nth-child(2) { width: 36%; }
.number { padding-right: 0; }
th.number + th.number, td.number + td.number { padding-left: .8rem; }
.state { white-space: nowrap; } .state::before { content: "\\25CF"; margin-right: .35em; }
.up { color: var(--good); } .down, .error { color: var(--bad); } .unknown { color: var(--muted); }
.label { display: inline-block; font: 12px/1.5 ui-monospace, monospace; background: var(--soft); border-radius: 4px;
  padding: 0 .4em; margin: 0 .3em .25em 0; max-width: 100%; }
pre { font-size: 12.5px; }
@media (max-width: 720px) {
  body { padding: 1rem; } thead { display: none; } tr { display: block; border-bottom: 1px solid var(--line); }
  th, td { display: block; width: auto !important; border: 0; padding: .2rem 0; }
  tr:not(:first-child) td:first-child { padding-top: .6rem; }
  .number { display: inline-block; text-align: left; padding: 0 1rem .6rem 0 !important; color: var(--muted); }
}
"""


def status_page(
    title: str,
    targets: Iterable[Target],
    head: Mapping[str, Any],
    build: Sequence[tuple[str, str]],
    config: str,
    *,
    prefix: str = "",
) -> str:
    """The whole page as HTML. `head` is `headStats` of status/tsdb; every text from outside is escaped."""
    rows = sorted(targets, key=lambda target: (target.pool, target.url))
    n_up = sum(target.health == "up" for target in rows)
    facts = [("Targets up", f"{n_up} of {len(rows)}"), *_head_facts(head), *build]
    body = [
        f"<header><h1>{escape(title)}</h1><nav><a href='#targets'>Targets</a><a href='#config'>Configuration</a>",
        *(
            f"<a href='{escape(prefix, quote=True)}/{name.lower()}'>{name}</a>"
            for name in ("Alerts", "Rules", "Metrics")
        ),
        "</nav></header><h2 id='status'>Status</h2><dl>",
        *(fact(name, value) for name, value in facts),
        "</dl><h2 id='targets'>Targets</h2>",
        _target_table(rows),
        f"<h2 id='config'>Configuration</h2><pre>{escape(config)}</pre>",
    ]
    return html_page(title, body, STYLE)


def _head_facts(head: Mapping[str, Any]) -> list[tuple[str, str]]:
    facts = [("Series in the head", f"{head.get('numSeries', 0):,}"), ("Chunks", f"{head.get('chunkCount', 0):,}")]
    oldest, newest = head.get("minTime", 0), head.get("maxTime", 0)
    if 0 < oldest <= newest:
        facts.append(("Head covers", span_text((newest - oldest) / 1000)))
    return facts


def _target_table(rows: Sequence[Target]) -> str:
    if not rows:
        return "<p class='muted'>No targets yet. Add a scrape_config, then reload.</p>"
    out = [
        "<table><thead><tr><th>State</th><th>Endpoint</th><th>Labels</th><th class='number'>Last scrape</th>"
        "<th class='number'>Took</th></tr></thead>"
    ]
    now_s = time.time()
    for job, grouped in groupby(rows, key=lambda target: target.pool):
        targets = list(grouped)
        n_up = sum(target.health == "up" for target in targets)
        out.append(
            f"<tbody><tr><th class='job' colspan='5'>{escape(job)}<span>{n_up} of {len(targets)} up</span></th></tr>"
        )
        out += [_target_row(target, now_s) for target in targets]
        out.append("</tbody>")
    return "".join(out) + "</table>"


def _target_row(target: Target, now_s: float) -> str:
    age = span_text(now_s - target.last_scrape_s) + " ago" if target.last_scrape_s else "never"
    labels = "".join(
        f"<span class='label'>{escape(name)}={escape(value)}</span>" for name, value in target.labels if name != "job"
    )
    error = f"<div class='error'>{escape(target.last_error)}</div>" if target.last_error else ""
    url = escape(target.url, quote=True)
    health = escape(target.health)
    took = f"{target.last_duration_s * 1000:.1f} ms" if target.last_scrape_s else ""
    return (
        f"<tr><td class='state {health}'>{health}</td><td><a href='{url}'>{url}</a>{error}</td><td>{labels}</td>"
        f"<td class='number'>{age}</td><td class='number'>{took}</td></tr>"
    )
