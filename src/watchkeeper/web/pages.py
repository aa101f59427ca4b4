"""The plain status page: targets with their last error, the head, the configuration. Works without scripts."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any, Final

from watchkeeper.metrics.scrape.target import Target

STYLE: Final = """
:root { color-scheme: light dark; --line: #8884; --muted: #888; --good: #2a9d5c; --bad: #d1453b; }
body { font: 14px/1.45 system-ui, sans-serif; margin: 0 auto; max-width: 1160px; padding: 1.2rem 1.5rem 4rem; }
header { display: flex; gap: 1.2rem; align-items: baseline; flex-wrap: wrap; }
h1 { font-size: 1.35rem; margin: 0; } h2 { font-size: 1.05rem; margin: 2rem 0 .5rem; }
nav a { margin-right: .9rem; } a { color: inherit; }
table { border-collapse: collapse; width: 100%; } th { text-align: left; font-weight: 600; color: var(--muted); }
th, td { padding: .28rem .7rem .28rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.up::before, .down::before, .unknown::before { content: "\\25CF "; } .up { color: var(--good); }
.down { color: var(--bad); } .unknown, .muted { color: var(--muted); }
.labels { font-family: ui-monospace, monospace; font-size: 12px; } .error { color: var(--bad); }
pre { background: #8881; padding: .8rem 1rem; border-radius: 6px; overflow: auto; font-size: 12.5px; }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(180px, 1fr)); gap: .7rem; margin: 0; }
dt { color: var(--muted); } dd { margin: 0; font-size: 1.15rem; font-variant-numeric: tabular-nums; }
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
        f"<a href='{escape(prefix, quote=True)}/metrics'>Metrics</a></nav></header><h2 id='status'>Status</h2><dl>",
        *(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in facts),
        "</dl><h2 id='targets'>Targets</h2>",
        _target_table(rows),
        f"<h2 id='config'>Configuration</h2><pre>{escape(config)}</pre>",
    ]
    return (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width,initial-scale=1'>"
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>{''.join(body)}</body></html>"
    )


def _head_facts(head: Mapping[str, Any]) -> list[tuple[str, str]]:
    facts = [("Series in the head", f"{head.get('numSeries', 0):,}"), ("Chunks", f"{head.get('chunkCount', 0):,}")]
    oldest, newest = head.get("minTime", 0), head.get("maxTime", 0)
    if 0 < oldest <= newest:
        facts.append(("Head covers", _span_text((newest - oldest) / 1000)))
    return facts


def _target_table(rows: Sequence[Target]) -> str:
    if not rows:
        return "<p class='muted'>No targets yet. Add a scrape_config, then reload.</p>"
    out = [
        "<table><thead><tr><th>Job</th><th>Endpoint</th><th>State</th><th>Labels</th><th>Last scrape</th>"
        "<th>Took</th><th>Last error</th></tr></thead><tbody>"
    ]
    now_s = time.time()
    for target in rows:
        age = _span_text(now_s - target.last_scrape_s) + " ago" if target.last_scrape_s else "never"
        labels = ", ".join(f'{escape(name)}="{escape(value)}"' for name, value in target.labels)
        url = escape(target.url, quote=True)
        out.append(
            f"<tr><td>{escape(target.pool)}</td><td><a href='{url}'>{url}</a></td>"
            f"<td class='{target.health}'>{target.health}</td><td class='labels'>{labels}</td>"
            f"<td class='number'>{age}</td><td class='number'>{target.last_duration_s * 1000:.1f} ms</td>"
            f"<td class='error'>{escape(target.last_error)}</td></tr>"
        )
    return "".join(out) + "</tbody></table>"


def _span_text(seconds: float) -> str:
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{max(0.0, seconds):.1f} s"
