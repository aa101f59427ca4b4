"""What the agent shows of itself: targets, discovery, configuration, readiness, metrics."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any, Final

from watchkeeper.core.config.dump import dump
from watchkeeper.core.model.errors import ConfigError
from watchkeeper.logs.agent.agent import Agent
from watchkeeper.logs.agent.port import Reply, Request

NOT_READY: Final = (
    "Not ready: Unable to find any logs to tail. Please verify permissions, volumes, scrape_config, etc.\n"
)
TEXT: Final = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS: Final = "application/openmetrics-text; version=1.0.0; charset=utf-8"
HTML: Final = "text/html; charset=utf-8"

_STYLE: Final = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:75rem;margin:2rem auto;padding:0 1rem;color:#1f2328;"
    "background:#fff}nav a{margin-right:1rem}table{border-collapse:collapse;width:100%;margin-bottom:2rem}"
    "th,td{text-align:left;vertical-align:top;padding:.3rem .6rem;border-bottom:1px solid #d0d7de}"
    "code{font-size:.85em;overflow-wrap:anywhere}a{color:#0969da}.no{color:#a40e26}"
    "@media(prefers-color-scheme:dark){body{color:#e6edf3;background:#0d1117}th,td{border-color:#30363d}"
    "a{color:#4493f8}.no{color:#ff7b72}}"
)


def escape(text: str) -> str:
    """Text for HTML, also in attributes. The library's own brings a table of two thousand names with it."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


class Pages:
    """Answers the agent's port."""

    def __init__(self, agent: Callable[[], Agent], reload: Callable[[], Awaitable[None]]) -> None:
        """
        agent    the one that runs now
        reload   applies the configuration file again; raises ConfigError and OSError
        """
        self._agent = agent
        self._reload = reload

    async def handle(self, request: Request) -> Reply:
        """The answer to a request."""
        agent = self._agent()
        prefix = agent.config.server.prefix
        path = request.path.removeprefix(prefix) if request.path.startswith(prefix) else request.path
        path = path.rstrip("/") or "/"
        if path == "/reload":
            return await self._reloaded(request, agent)
        if request.method not in ("GET", "HEAD"):
            return Reply(b"Method Not Allowed\n", 405, headers={"Allow": "GET"})
        match path:
            case "/":
                return Reply(b"", 302, headers={"Location": f"{prefix}/targets"})
            case "/targets":
                return _page(agent, "Targets", _targets(agent), prefix)
            case "/service-discovery":
                return _page(agent, "Service discovery", _discovery(agent), prefix)
            case "/config":
                if "json" in request.headers.get("accept", ""):
                    return Reply(json.dumps({"yaml": dump(agent.config)}).encode(), content_type="application/json")
                body = f"<pre><code>{escape(dump(agent.config))}</code></pre>"
                return _page(agent, "Configuration", body, prefix)
            case "/ready":
                if agent.is_ready or not agent.config.server.health_check_target:
                    return Reply(b"Ready\n")
                return Reply(NOT_READY.encode(), 500)
            case "/metrics":
                openmetrics = "application/openmetrics-text" in request.headers.get("accept", "")
                body_ = agent.registry.exposition(openmetrics)
                return Reply(body_, content_type=OPENMETRICS if openmetrics else TEXT)
        return Reply(b"404 page not found\n", 404)

    async def _reloaded(self, request: Request, agent: Agent) -> Reply:
        if not agent.config.server.enable_runtime_reload:
            return Reply(b"404 page not found\n", 404)
        if request.method not in ("POST", "PUT"):
            return Reply(b"Method Not Allowed\n", 405, headers={"Allow": "POST"})
        try:
            await self._reload()
        except (ConfigError, OSError) as error:
            return Reply(f"failed to reload config: {error}\n".encode("utf-8", "replace"), 500)
        return Reply(b"")


def _page(agent: Agent, title: str, body: str, prefix: str) -> Reply:
    links = "".join(
        f'<a href="{escape(prefix)}/{name}">{name}</a>'
        for name in ("targets", "service-discovery", "config", "metrics")
    )
    page = (
        f"<!DOCTYPE html><html lang=en><head><meta charset=utf-8><title>{title} – watchkeeper agent</title>"
        f"<style>{_STYLE}</style></head><body><nav>{links}</nav><h1>{title}</h1>{body}</body></html>"
    )
    return Reply(page.encode("utf-8", "replace"), content_type=HTML)


def _labels(labels: dict[str, str]) -> str:
    return " ".join(
        f"<code>{escape(name)}=&quot;{escape(value)}&quot;</code>" for name, value in sorted(labels.items())
    )


def _table(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    head = "".join(f"<th>{name}" for name in heads)
    return f"<table><tr>{head}" + "".join(f"<tr>{''.join(f'<td>{cell}' for cell in row)}" for row in rows) + "</table>"


def _targets(agent: Agent) -> str:
    by_job: dict[str, list[tuple[str, ...]]] = {name: [] for name in agent.jobs}
    for target, files in agent.follower.status():
        shown = "<br>".join(f"<code>{escape(path)}</code> at {position}" for path, position in sorted(files.items()))
        ready = "yes" if files else "<span class=no>no files</span>"
        by_job[target.job.name].append(("File", ready, _labels({**target.labels, "__path__": target.pattern}), shown))
    for name, sources in agent.sources.items():
        for source in sources:
            status: dict[str, Any] = source.status()
            labels = status.pop("labels", {})
            kind = status.pop("type", "")
            details = "<br>".join(f"{escape(key)}: <code>{escape(str(value))}</code>" for key, value in status.items())
            by_job[name].append((escape(kind), "yes", _labels(labels), details))
    return "".join(
        f"<h2>{escape(name)}</h2>{_table(('Type', 'Ready', 'Labels', 'Details'), rows)}"
        for name, rows in by_job.items()
    )


def _discovery(agent: Agent) -> str:
    out = ""
    for name, found in agent.assembled.items():
        rows: list[tuple[str, ...]] = [
            (
                _labels(one.discovered),
                f"<span class=no>dropped: {escape(one.reason)}</span>" if one.reason else _labels(one.shown),
            )
            for one in found
        ]
        out += f"<h2>{escape(name)}</h2>{_table(('Discovered labels', 'Target labels'), rows)}"
    return out or "<p>Nothing was discovered yet.</p>"
