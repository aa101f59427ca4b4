"""The page of the alerts port: alerts by group, silences, the cluster, the configuration. Works without scripts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Final

from aiohttp import web

from watchkeeper.alerts.interface import Silence
from watchkeeper.alerts.matchers import matcher_text
from watchkeeper.alerts.silences.silence import state_of
from watchkeeper.alerts.status import AlertState, AlertView, ClusterView, GroupView
from watchkeeper.core.model.labels import Labels
from watchkeeper.web.alertmanager.answer_json import SECOND_NS, time_text
from watchkeeper.web.alertmanager.backend import Backend
from watchkeeper.web.alertmanager.silences import ordered
from watchkeeper.web.build import build_info
from watchkeeper.web.html_page import fact, html_page, span_text

STYLE: Final = """
h3 { font-size: .95rem; margin: 1.2rem 0 .2rem; font-weight: 600; } h3 .muted { font-weight: 400; }
.label { display: inline-block; font: 12px/1.5 ui-monospace, monospace; background: var(--soft); border-radius: 4px;
  padding: 0 .4em; margin: 0 .3em .25em 0; max-width: 100%; }
.state { white-space: nowrap; width: 8.5rem; } .state::before { content: "\\25CF"; margin-right: .35em; }
.firing, .active { color: var(--bad); } .suppressed, .expired, .unprocessed, .pending { color: var(--muted); }
.silence .active { color: var(--good); } .why { color: var(--muted); font-size: 12.5px; }
td.since { width: 9rem; white-space: nowrap; } pre { font-size: 12.5px; }
@media (max-width: 720px) { body { padding: 1rem; } td { display: block; border: 0; padding: .15rem 0; width: auto; }
  tr { display: block; border-bottom: 1px solid var(--line); padding: .3rem 0; } thead { display: none; } }
"""
MAX_ALERTS: Final = 500  # Of all groups together; the API has the rest.
MAX_SILENCES: Final = 200
LINKS: Final = ("http://", "https://", "/")


async def page(backend: Backend, _: web.Request) -> web.Response:
    """GET / and /alerts: what fires, what is silenced, and by which configuration."""
    now_ns = backend.now_ns()
    cluster = backend.alerts.peers()

    def make() -> str:
        return alerts_page(
            backend.settings.page_title,
            backend.alerts.groups(),
            ordered(backend.alerts.silences.query(), now_ns),
            cluster,
            backend.config_text(),
            now_ns,
            prefix=backend.settings.route_prefix,
        )

    return web.Response(text=await backend.run(make), content_type="text/html")


def alerts_page(
    title: str,
    groups: Sequence[GroupView],
    silences: Sequence[Silence],
    cluster: ClusterView,
    config: str,
    now_ns: int,
    *,
    prefix: str = "",
) -> str:
    """The whole page as HTML; every text from outside is escaped."""
    alerts = {view.fingerprint: view.state.value for group in groups for view in group.alerts}
    at = escape(prefix, quote=True)
    states = [state_of(silence, now_ns).value for silence in silences]
    n_suppressed = sum(state == "suppressed" for state in alerts.values())
    facts = [
        ("Alerts", f"{len(alerts):,}"),
        ("Suppressed", f"{n_suppressed:,}"),
        ("Groups", f"{len(groups):,}"),
        ("Active silences", f"{states.count('active'):,}"),
        ("Cluster", cluster.status),
        ("Version", build_info()["revision"].removeprefix("watchkeeper-")),
    ]
    body = [
        f"<header><h1>{escape(title)} alerts</h1><nav><a href='#alerts'>Alerts</a><a href='#silences'>Silences</a>",
        f"<a href='#config'>Configuration</a><a href='{at}/metrics'>Metrics</a></nav></header><h2>Status</h2><dl>",
        *(fact(name, value) for name, value in facts),
        "</dl><h2 id='alerts'>Alerts</h2>",
        *_groups(groups, now_ns),
        "<h2 id='silences'>Silences</h2>",
        _silences(silences, states, now_ns),
        *_peers(cluster),
        f"<h2 id='config'>Configuration</h2><pre>{escape(config)}</pre>",
        "<h2>Ask</h2><pre>watchkeeper alerts severity=critical\n"
        "watchkeeper silence add alertname=Example --duration 2h --comment 'known'</pre>",
    ]
    return html_page(f"{title} alerts", body, STYLE)


def _groups(groups: Sequence[GroupView], now_ns: int) -> Iterable[str]:
    if not groups:
        yield "<p class='muted'>No alerts.</p>"
        return
    left = MAX_ALERTS
    for view in groups:
        if left <= 0:
            break
        name = _labels(view.labels) or "<span class='muted'>all together</span>"
        muted = f", muted by {escape(', '.join(sorted(view.muted_by)))}" if view.muted_by else ""
        yield f"<h3>{name} <span class='muted'>to {escape(view.receiver)}{muted}</span></h3><table><tbody>"
        yield from (_alert(alert, view.labels, now_ns) for alert in view.alerts[:left])
        yield "</tbody></table>"
        left -= len(view.alerts)
    if left < 0:
        yield f"<p class='muted'>and {-left:,} or more others; the API has them all</p>"


def _alert(view: AlertView, group: Labels, now_ns: int) -> str:
    alert = view.alert
    shown = "firing" if view.state is AlertState.ACTIVE else view.state.value
    notes = "".join(
        f"<div>{escape(text)}</div>" for name in ("summary", "description") if (text := alert.annotations.get(name))
    )
    why = "".join(
        f"<div class='why'>{word} {escape(', '.join(sorted(who)))}</div>"
        for word, who in (
            ("silenced by", view.silenced_by), ("inhibited by", view.inhibited_by), ("muted by", view.muted_by),
        )
        if who
    )  # fmt: skip
    url = alert.generator_url
    link = f" <a href='{escape(url, quote=True)}'>source</a>" if url.startswith(LINKS) else ""
    labels = _labels(alert.labels.drop(group.as_dict()))
    return (
        f"<tr><td class='state {escape(shown)}'>{escape(shown)}</td><td>{labels}{notes}{why}</td>"
        f"<td class='since' title='{time_text(alert.starts_ns)}'>{_span(now_ns - alert.starts_ns)}{link}</td></tr>"
    )


def _silences(silences: Sequence[Silence], states: Sequence[str], now_ns: int) -> str:
    if not silences:
        return "<p class='muted'>No silences.</p>"
    rows = []
    for silence, state in list(zip(silences, states, strict=True))[:MAX_SILENCES]:
        matchers = "".join(f"<span class='label'>{escape(matcher_text(m))}</span>" for m in silence.matchers)
        by = f"<div class='why'>{escape(silence.created_by)}: {escape(silence.comment)}</div>"
        to_go_ns = {"active": silence.ends_ns - now_ns, "pending": silence.starts_ns - now_ns}.get(state, 0)
        when = {"active": "ends in", "pending": "starts in"}.get(state, "")
        left = f"{when} {_span(to_go_ns)}" if when else "ended"
        rows.append(
            f"<tr class='silence'><td class='state {state}'>{state}</td><td>{matchers}{by}</td>"
            f"<td class='since' title='{time_text(silence.ends_ns)}'>{left}</td></tr>"
        )
    left_out = len(silences) - MAX_SILENCES
    more = f"<p class='muted'>and {left_out:,} more</p>" if left_out > 0 else ""
    return f"<table><tbody>{''.join(rows)}</tbody></table>{more}"


def _peers(cluster: ClusterView) -> Iterable[str]:
    if cluster.peers:
        yield "<h2>Cluster</h2><table><tbody>"
        for peer in cluster.peers:
            yield f"<tr><td>{escape(peer.name)}</td><td>{escape(peer.address)}</td></tr>"
        yield "</tbody></table>"


def _labels(labels: Labels) -> str:
    return "".join(f"<span class='label'>{escape(name)}={escape(value)}</span>" for name, value in labels)


def _span(span_ns: int) -> str:
    return span_text(span_ns / SECOND_NS, second_digits=0)
