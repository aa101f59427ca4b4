"""`watchkeeper alerts`: what fires on a running server, and what is silenced or inhibited."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

import click

from watchkeeper.alerts.matchers import matcher_text
from watchkeeper.cli.alerts_client import (
    labels_text,
    moment_s,
    plain_text,
    read_matchers,
    server_of,
    server_options,
    span_text,
    time_text,
)
from watchkeeper.cli.client import ApiError

COLOURS = {"active": "red", "suppressed": "yellow", "unprocessed": "bright_black"}
SHOWN_STATES = {"active": "firing"}
IN_COLUMNS = ("alertname", "severity")
NARROW = 100  # Columns of a terminal below which the summary stands below the labels.


@click.command()
@click.argument("matchers", nargs=-1, metavar="[MATCHER]...")
@click.option("-a", "--active", is_flag=True, help="Those that people are told of.  [default: only these]")
@click.option("-s", "--silenced", is_flag=True, help="Silenced ones.")
@click.option("-i", "--inhibited", is_flag=True, help="Those that others inhibit.")
@click.option("--all", "everything", is_flag=True, help="All of them.")
@click.option("-r", "--receiver", metavar="REGEX", help="Only those that go to such a receiver.")
@click.option(
    "-o", "--output", type=click.Choice(["table", "extended", "json"]), default="table", show_default=True,
    help="A line for each; all that is known of each; or the server's JSON.",
)  # fmt: skip
@server_options
def alerts(
    matchers: tuple[str, ...],
    active: bool,
    silenced: bool,
    inhibited: bool,
    everything: bool,
    receiver: str | None,
    output: str,
    url: str,
    timeout: str,
) -> None:
    """Show the alerts that pass all MATCHERs; a first word without an operator is an alertname.

    \b
    watchkeeper alerts
    watchkeeper alerts severity=critical 'job=~shop.*'
    watchkeeper alerts NodeDown --all -o extended
    """
    if not (active or silenced or inhibited):
        active = True
    asked: dict[str, Any] = {
        "active": str(active or everything).lower(),
        "silenced": str(silenced or everything).lower(),
        "inhibited": str(inhibited or everything).lower(),
        "unprocessed": str(active or everything).lower(),
        "filter": [matcher_text(matcher) for matcher in read_matchers(matchers)],
    }
    if receiver:
        asked["receiver"] = receiver
    try:
        found = server_of(url, timeout).get("/alerts", asked)
    except ApiError as error:
        raise click.ClickException(error.message) from None
    if output == "json":
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
        return
    if not found:
        click.echo("no alerts" if not matchers else "no alerts match", err=True)
        return
    found.sort(key=lambda alert: (alert["labels"].get("alertname", ""), sorted(alert["labels"].items())))
    if output == "table":
        _table(found)
    else:
        click.echo("\n\n".join(_block(alert) for alert in found))


def _table(found: Sequence[Mapping[str, Any]]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)
    # What is not a terminal gets whole lines, for other programs to cut.
    console = console if console.is_terminal else Console(highlight=False, width=10_000)
    now_s = time.time()
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="bold")
    for name in ("state", "alert", "severity"):
        table.add_column(name, no_wrap=True)
    table.add_column("since", no_wrap=True, justify="right")
    is_narrow = console.width < NARROW
    for name in ("labels",) if is_narrow else ("labels", "summary"):
        table.add_column(name, overflow="fold")
    for alert in found:
        labels, state = alert["labels"], alert["status"]["state"]
        words, summary = labels_text(labels, IN_COLUMNS), _summary(alert["annotations"])
        table.add_row(
            Text(_state_text(alert["status"]), style=COLOURS.get(state, "")),
            Text(plain_text(labels.get("alertname", ""))),
            Text(plain_text(labels.get("severity", ""))),
            span_text(now_s - moment_s(alert["startsAt"])),
            *([Text("\n".join(filter(None, (words, summary))))] if is_narrow else [Text(words), Text(summary)]),
        )
    console.print(table)


def _state_text(status: Mapping[str, Any]) -> str:
    """`firing`, `silenced`, `inhibited`, `muted`, or the server's word."""
    for key, word in (("silencedBy", "silenced"), ("inhibitedBy", "inhibited"), ("mutedBy", "muted")):
        if status.get(key):
            return word
    return SHOWN_STATES.get(status["state"], str(status["state"]))


def _summary(annotations: Mapping[str, str]) -> str:
    for name in ("summary", "description", "message"):
        if annotations.get(name):
            return plain_text(annotations[name])
    return ""


def _block(alert: Mapping[str, Any]) -> str:
    """All that is known of one, on several lines."""
    labels, status = alert["labels"], alert["status"]
    state = _state_text(status)
    since = f"{time_text(alert['startsAt'])} ({span_text(time.time() - moment_s(alert['startsAt']))})"
    head = click.style(plain_text(labels.get("alertname", "(no name)")), bold=True)
    rows = [("labels", labels_text(labels, ("alertname",)))]
    rows += [(plain_text(name), plain_text(value)) for name, value in sorted(alert["annotations"].items())]
    rows += [("since", since), ("until", time_text(alert["endsAt"]))]
    rows.append(("told", ", ".join(plain_text(one["name"]) for one in alert["receivers"])))
    for key, name in (("silencedBy", "silenced by"), ("inhibitedBy", "inhibited by"), ("mutedBy", "muted by")):
        if status.get(key):
            rows.append((name, ", ".join(map(plain_text, status[key]))))
    rows.append(("source", plain_text(alert.get("generatorURL", ""))))
    rows.append(("fingerprint", alert["fingerprint"]))
    width = max(len(name) for name, _ in rows)
    lines = [f"  {name:<{width}}  {text}" for name, text in rows if text]
    return "\n".join([f"{head}  {click.style(state, fg=COLOURS.get(status['state']))}", *lines])
