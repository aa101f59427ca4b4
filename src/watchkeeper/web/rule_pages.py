"""The plain pages of rules and alerts: what is evaluated, how that goes, what is pending or firing. Without scripts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Final

from watchkeeper.core.model.duration import format_duration_ms
from watchkeeper.core.model.go_float import format_shortest
from watchkeeper.core.model.labels import METRIC_NAME
from watchkeeper.rules.views import AlertView, GroupView, RuleView
from watchkeeper.web.html_page import fact, html_page, span_text

STYLE: Final = """
th.group { color: inherit; padding-top: 1.1rem; }
th.group span { color: var(--muted); font-weight: 400; margin-left: .5rem; }
td.rule { width: 60%; } td pre { margin: .3rem 0; padding: .4rem .6rem; font-size: 12.5px; white-space: pre-wrap; }
.number { padding-right: 0; }
th.number + th.number, td.number + td.number { padding-left: .8rem; }
.state { white-space: nowrap; } .state::before { content: "\\25CF"; margin-right: .35em; }
.ok, .inactive { color: var(--good); } .err, .error, .firing { color: var(--bad); }
.pending { color: #b7791f; } .unknown { color: var(--muted); }
.label { display: inline-block; font: 12px/1.5 ui-monospace, monospace; background: var(--soft); border-radius: 4px;
  padding: 0 .4em; margin: 0 .3em .25em 0; max-width: 100%; }
@media (max-width: 720px) {
  body { padding: 1rem; } thead { display: none; } tr { display: block; border-bottom: 1px solid var(--line); }
  th, td { display: block; width: auto !important; border: 0; padding: .2rem 0; }
  .number { display: inline-block; text-align: left; padding: 0 1rem .6rem 0 !important; color: var(--muted); }
}
"""
_ORDER: Final = {"firing": 0, "pending": 1, "unknown": 2, "inactive": 3}


def rules_page(title: str, groups: Sequence[GroupView], now_s: float, *, prefix: str = "") -> str:
    """Every group with its rules. Every text from outside is escaped."""
    rules = [rule for group in groups for rule in group.rules]
    n_failing = sum(rule.health == "err" for rule in rules)
    facts = [("Groups", f"{len(groups):,}"), ("Rules", f"{len(rules):,}"), ("Failing", f"{n_failing:,}")]
    body = [*_head(title, "Rules", facts, prefix)]
    if not groups:
        body.append("<p class='muted'>No rules. Name their files under rule_files, then reload.</p>")
    else:
        body.append(
            "<table><thead><tr><th>Rule</th><th>Health</th><th class='number'>Last evaluation</th>"
            "<th class='number'>Took</th></tr></thead>"
        )
        for group in sorted(groups, key=lambda group: (group.file, group.name)):
            every = format_duration_ms(group.interval_ms)
            body.append(
                f"<tbody><tr><th class='group' colspan='2'>{escape(group.name)}"
                f"<span>{escape(group.file)}, every {every}</span></th>{_times(group, now_s)}</tr>"
            )
            body += [_rule_row(rule, now_s) for rule in group.rules]
            body.append("</tbody>")
        body.append("</table>")
    return html_page(title, body, STYLE)


def alerts_page(title: str, groups: Sequence[GroupView], now_s: float, *, prefix: str = "") -> str:
    """Every alerting rule with the alerts that it has now, those that fire first."""
    rules = [(group, rule) for group in groups for rule in group.rules if rule.kind == "alert"]
    rules.sort(key=lambda pair: (_ORDER.get(pair[1].state or "unknown", 2), pair[1].name, pair[0].key))
    counts = {
        state: sum(alert.state == state for _, rule in rules for alert in rule.alerts)
        for state in ("firing", "pending")
    }
    facts = [("Firing", f"{counts['firing']:,}"), ("Pending", f"{counts['pending']:,}"), ("Rules", f"{len(rules):,}")]
    body = [*_head(title, "Alerts", facts, prefix)]
    if not rules:
        body.append("<p class='muted'>No alerting rules. Name their files under rule_files, then reload.</p>")
    else:
        body.append(
            "<table><thead><tr><th>State</th><th>Labels</th><th class='number'>Since</th>"
            "<th class='number'>Value</th></tr></thead>"
        )
        for group, rule in rules:
            state = escape(rule.state or "unknown")
            body.append(
                f"<tbody><tr><th class='group' colspan='4'>{escape(rule.name)}"
                f"<span>{state}, {escape(group.name)}</span></th></tr>"
            )
            body += [_alert_row(alert, now_s) for alert in rule.alerts]
            body.append("</tbody>")
        body.append("</table>")
    return html_page(title, body, STYLE)


def _head(title: str, heading: str, facts: Iterable[tuple[str, str]], prefix: str) -> list[str]:
    at = escape(prefix, quote=True)
    return [
        f"<header><h1>{escape(title)}</h1><nav><a href='{at}/targets'>Targets</a><a href='{at}/alerts'>Alerts</a>"
        f"<a href='{at}/rules'>Rules</a><a href='{at}/metrics'>Metrics</a></nav></header><h2>{heading}</h2><dl>",
        *(fact(name, value) for name, value in facts),
        "</dl>",
    ]


def _rule_row(rule: RuleView, now_s: float) -> str:
    said = "record" if rule.kind == "record" else "alert"
    waits = f", for {format_duration_ms(rule.for_ms)}" if rule.for_ms else ""
    if rule.keep_firing_for_ms:
        waits += f", keeps firing for {format_duration_ms(rule.keep_firing_for_ms)}"
    error = f"<div class='error'>{escape(rule.last_error)}</div>" if rule.last_error else ""
    health = escape(rule.health)
    return (
        f"<tr><td class='rule'>{said} <b>{escape(rule.name)}</b><span class='muted'>{waits}</span>"
        f"<pre>{escape(rule.query)}</pre>{_labels(rule.labels)}{error}</td>"
        f"<td class='state {health}'>{health}</td>{_times(rule, now_s)}</tr>"
    )


def _alert_row(alert: AlertView, now_s: float) -> str:
    notes = "".join(
        f"<div class='muted'>{escape(name)}: {escape(text)}</div>" for name, text in alert.annotations.pairs
    )
    labels = [(name, text) for name, text in alert.labels if name not in (METRIC_NAME, "alertname")]
    kept = " (kept firing)" if alert.keep_firing_since_ms is not None else ""
    state = escape(alert.state)
    return (
        f"<tr><td class='state {state}'>{state}{kept}</td><td>{_labels(labels)}{notes}</td>"
        f"<td class='number'>{span_text(now_s - alert.active_ms / 1000)}</td>"
        f"<td class='number'>{format_shortest(alert.value)}</td></tr>"
    )


def _times(what: RuleView | GroupView, now_s: float) -> str:
    if what.last_evaluation_s is None:
        return "<td class='number'>never</td><td class='number'></td>"
    ago = span_text(now_s - what.last_evaluation_s)
    return f"<td class='number'>{ago} ago</td><td class='number'>{what.evaluation_s * 1000:.1f} ms</td>"


def _labels(pairs: Iterable[tuple[str, str]]) -> str:
    return "".join(f"<span class='label'>{escape(name)}={escape(text)}</span>" for name, text in pairs)
