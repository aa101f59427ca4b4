"""`watchkeeper silence`: make silences, list them, end them."""

from __future__ import annotations

import getpass
import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

import click

from watchkeeper.alerts.matchers import matcher_text
from watchkeeper.cli.alerts_client import (
    Server,
    matcher_words,
    moment_s,
    plain_text,
    read_matchers,
    rfc3339,
    server_of,
    server_options,
    span_text,
)
from watchkeeper.cli.client import ApiError
from watchkeeper.cli.moments import parse_moment, parse_span_s
from watchkeeper.core.model.matcher import MatchType

NARROW = 120  # Columns of a terminal below which a silence takes two lines.
COLOURS = {"active": "green", "pending": "yellow", "expired": "bright_black"}


@click.group()
def silence() -> None:
    """Make, list and end silences of a running server."""


@silence.command(short_help="Silence alerts from now on, or later.")
@click.argument("matchers", nargs=-1, required=True, metavar="MATCHER...")
@click.option("-d", "--duration", metavar="DURATION", default="1h", show_default=True, help="How long it lasts.")
@click.option("--start", metavar="TIME", help="When it begins: now+10m, 2026-08-01T10:00:00Z.  [default: now]")
@click.option("--end", metavar="TIME", help="When it ends, in place of a duration.")
@click.option("-c", "--comment", required=True, help="Why.")
@click.option("-a", "--author", help="Who.  [default: the user of this terminal]")
@server_options
def add(
    matchers: tuple[str, ...],
    duration: str,
    start: str | None,
    end: str | None,
    comment: str,
    author: str | None,
    url: str,
    timeout: str,
) -> None:
    """Silence the alerts that pass all MATCHERs; prints the silence's id.

    \b
    watchkeeper silence add NodeDown instance=web1 --duration 2h --comment "moving racks"
    watchkeeper silence add 'job=~shop.*' --start now+1h -d 30m -c release -a anna
    """
    wanted = read_matchers(matchers)
    if not comment.strip():
        raise click.BadParameter("say why, so that others know", param_hint="--comment")
    now_s = time.time()
    starts_s = now_s if start is None else _moment(start, now_s, "--start")
    ends_s = _moment(end, now_s, "--end") if end is not None else starts_s + _span_s(duration)
    if ends_s <= starts_s:
        raise click.BadParameter("the end is not after the start", param_hint="--end" if end else "--duration")
    document = {
        "matchers": [
            {
                "name": one.name,
                "value": one.value,
                "isRegex": one.type in (MatchType.REGEX, MatchType.NOT_REGEX),
                "isEqual": one.type in (MatchType.EQUAL, MatchType.REGEX),
            }
            for one in wanted
        ],
        "startsAt": rfc3339(starts_s),
        "endsAt": rfc3339(ends_s),
        "createdBy": author or _user(),
        "comment": comment,
    }
    try:
        click.echo(server_of(url, timeout).post("/silences", document)["silenceID"])
    except ApiError as error:
        raise click.ClickException(error.message) from None


@silence.command("list", short_help="Show silences.")
@click.argument("matchers", nargs=-1, metavar="[MATCHER]...")
@click.option("--expired", is_flag=True, help="Also those that have ended.")
@click.option(
    "-o", "--output", type=click.Choice(["table", "ids", "json"]), default="table", show_default=True,
    help="A line for each; the ids alone; or the server's JSON.",
)  # fmt: skip
@server_options
def list_(matchers: tuple[str, ...], expired: bool, output: str, url: str, timeout: str) -> None:
    """Show silences whose own matchers pass all MATCHERs.

    \b
    watchkeeper silence list
    watchkeeper silence list NodeDown --expired
    """
    found = _query(server_of(url, timeout), matchers, expired=expired)
    if output == "json":
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
    elif output == "ids":
        for one in found:
            click.echo(one["id"])
    elif not found:
        click.echo("no silences" if not matchers else "no silences match", err=True)
    else:
        _table(found)


@silence.command(short_help="End silences now.")
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option("-m", "--matcher", "matchers", multiple=True, metavar="MATCHER", help="All whose own matchers pass it.")
@server_options
def expire(ids: tuple[str, ...], matchers: tuple[str, ...], url: str, timeout: str) -> None:
    """End silences now: those with an ID, and those that every --matcher finds.

    \b
    watchkeeper silence expire 7b1d9f5e-3b0a-4c0e-9d55-1f3c9a0f6e11
    watchkeeper silence expire --matcher alertname=NodeDown
    """
    if not ids and not matchers:
        raise click.UsageError("Name a silence's id, or find some with --matcher.")
    server = server_of(url, timeout)
    found = [one["id"] for one in _query(server, matchers, expired=False)] if matchers else []
    if matchers and not found and not ids:
        raise click.ClickException("no silences match")
    failed = False
    for id in dict.fromkeys([*ids, *found]):
        try:
            server.delete(f"/silence/{id}")
            click.echo(id)
        except ApiError as error:
            failed = True
            said = "there is no such silence" if error.kind == "404" else error.message
            click.echo(f"Error: {plain_text(id)}: {said}", err=True)
    if failed:
        raise SystemExit(1)


def _query(server: Server, matchers: Sequence[str], *, expired: bool) -> list[dict[str, Any]]:
    asked = {"filter": [matcher_text(one) for one in read_matchers(matchers)], "expired": str(expired).lower()}
    try:
        found: list[dict[str, Any]] = server.get("/silences", asked)
    except ApiError as error:
        raise click.ClickException(error.message) from None
    # An Alertmanager of another release may not know the parameter.
    return [one for one in found if expired or one["status"]["state"] != "expired"]


def _table(found: Sequence[Mapping[str, Any]]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)
    console = console if console.is_terminal else Console(highlight=False, width=10_000)
    is_narrow = console.width < NARROW
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="bold")
    for name in ("id", "matchers") if is_narrow else ("id", "state", "time", "matchers", "by", "comment"):
        table.add_column(name, no_wrap=name in ("id", "state", "time"), overflow="fold")
    now_s = time.time()
    for one in found:
        state = one["status"]["state"]
        shown, when = Text(state, style=COLOURS.get(state, "")), _when(one, state, now_s)
        matchers, by, why = matcher_words(one["matchers"]), plain_text(one["createdBy"]), plain_text(one["comment"])
        if is_narrow:
            table.add_row(Text.assemble(one["id"], "\n", shown, f", {when}"), Text(f"{matchers}\n{by}: {why}"))
        else:
            table.add_row(one["id"], shown, when, Text(matchers), Text(by), Text(why))
    console.print(table)


def _when(one: Mapping[str, Any], state: str, now_s: float) -> str:
    if state == "pending":
        return f"in {span_text(moment_s(one['startsAt']) - now_s)}"
    ends_s = moment_s(one["endsAt"])
    return f"{span_text(ends_s - now_s)} left" if state == "active" else f"{span_text(now_s - ends_s)} ago"


def _moment(text: str, now_s: float, option: str) -> float:
    try:
        return parse_moment(text, now_s)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint=option) from None


def _span_s(text: str) -> float:
    try:
        return parse_span_s(text)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--duration") from None


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
