"""The status page of the log port: what is stored, by which limits. Works without scripts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Final

from aiohttp import web

from watchkeeper.web.build import build_info
from watchkeeper.web.html_page import fact, html_page
from watchkeeper.web.loki.backend import Backend

STYLE: Final = "code, pre { font: 12.5px/1.5 ui-monospace, monospace; }"
MAX_STREAMS: Final = 200
DAY_NS: Final = 86_400_000_000_000


async def page(backend: Backend, request: web.Request) -> web.Response:
    """GET /: figures, the largest streams of the last day, the limits in force."""
    tenant = backend.settings.single_tenant
    now_ns = backend.now_ns()
    streams: list[tuple[str, int, int]] = []
    if not backend.settings.auth_enabled:
        found = await backend.run_read(lambda: backend.store.querier(tenant).volumes((), now_ns - DAY_NS, now_ns + 1))
        streams = sorted(((stream.text, size, entries) for stream, _, size, entries in found), key=lambda row: -row[1])
    text = status_page(
        backend.settings.page_title,
        backend.figures(),
        streams,
        backend.published_limits(tenant),
        prefix=backend.settings.route_prefix,
    )
    return web.Response(text=text, content_type="text/html")


def status_page(
    title: str,
    figures: Mapping[str, Any],
    streams: Sequence[tuple[str, int, int]],
    limits: Mapping[str, Any],
    *,
    prefix: str = "",
) -> str:
    """The whole page as HTML; every text from outside is escaped. `streams` are (labels, bytes, lines)."""
    version = build_info()["revision"].removeprefix("watchkeeper-")
    facts = [(name, f"{value:,}" if isinstance(value, int) else str(value)) for name, value in figures.items()]
    at = escape(prefix, quote=True)
    body = [
        f"<header><h1>{escape(title)} logs</h1><nav><a href='#streams'>Streams</a><a href='#limits'>Limits</a>",
        f"<a href='{at}/config'>Configuration</a><a href='{at}/metrics'>Metrics</a></nav></header>",
        "<h2>Status</h2><dl>",
        *(fact(name, value) for name, value in (*facts, ("Version", version))),
        "</dl><h2 id='streams'>Streams of the last day</h2>",
        _stream_table(streams),
        "<h2 id='limits'>Limits</h2><table><tbody>",
        *(
            f"<tr><td><code>{escape(name)}</code></td><td>{escape(_shown(value))}</td></tr>"
            for name, value in sorted(limits.items())
        ),
        "</tbody></table><h2>Ask</h2><pre>watchkeeper logs '{job=~\".+\"}' --limit 20</pre>",
    ]
    return html_page(f"{title} logs", body, STYLE)


def size_text(n_bytes: float) -> str:
    """`1.5 MiB`."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if n_bytes < 1024:
            return f"{n_bytes:.0f} {unit}" if unit == "B" else f"{n_bytes:.1f} {unit}"
        n_bytes /= 1024
    return f"{n_bytes:.1f} TiB"


def _stream_table(streams: Sequence[tuple[str, int, int]]) -> str:
    if not streams:
        return "<p class='muted'>No lines yet. Push some to /loki/api/v1/push, or let the agent follow files.</p>"
    rows = [
        f"<tr><td><code>{escape(text)}</code></td><td class='number'>{entries:,}</td>"
        f"<td class='number'>{size_text(size)}</td></tr>"
        for text, size, entries in streams[:MAX_STREAMS]
    ]
    left = len(streams) - MAX_STREAMS
    more = f"<p class='muted'>and {left:,} more</p>" if left > 0 else ""
    head = "<table><thead><tr><th>Labels</th><th class='number'>Lines</th><th class='number'>Size</th></tr></thead>"
    return f"{head}<tbody>{''.join(rows)}</tbody></table>{more}"


def _shown(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
