"""`watchkeeper logs`: lines of a running server, the newest last, or as they come; and counts of them."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import click

from watchkeeper.cli.client import ApiError, ask, own_headers, server_parts
from watchkeeper.cli.log_lines import Entry, Printer, entries_of
from watchkeeper.cli.log_pages import pages
from watchkeeper.cli.moments import parse_moment, parse_span_s

RETRY_S = 2.0  # Between two attempts to follow again where the server went away.
NS = 1_000_000_000


@click.command()
@click.argument("query")
@click.option(
    "--url",
    default="http://127.0.0.1:3100",
    envvar="WATCHKEEPER_LOGS_URL",
    show_default=True,
    show_envvar=True,
    help="The server to ask.",
)
@click.option("-f", "--follow", is_flag=True, help="Go on with lines as they come.")
@click.option("--since", metavar="DURATION", default="1h", show_default=True, help="Look back so far.")
@click.option("--start", metavar="TIME", help="Look from here: now-1h, 2026-08-01T10:00:00Z, 1700000000.")
@click.option("--end", metavar="TIME", help="To here.  [default: now]")
@click.option("--limit", type=click.IntRange(min=1), default=100, show_default=True, help="Show at most so many lines.")
@click.option("--forward", is_flag=True, help="The oldest lines of the range, not the newest.")
@click.option(
    "-o", "--output", type=click.Choice(["pretty", "raw", "jsonl"]), default="pretty", show_default=True,
    help="With time, level and labels; the lines alone; or one JSON object for each line.",
)  # fmt: skip
@click.option("--org-id", metavar="TENANT", help="The tenant, where the server keeps several.")
@click.option("--timeout", metavar="DURATION", default="2m", show_default=True, help="How long to wait.")
def logs(
    query: str,
    url: str,
    follow: bool,
    since: str,
    start: str | None,
    end: str | None,
    limit: int,
    forward: bool,
    output: str,
    org_id: str | None,
    timeout: str,
) -> None:
    """Show log lines that match QUERY, or what a metric query counts.

    \b
    watchkeeper logs '{job=~".+"}' --limit 20
    watchkeeper logs '{namespace="shop"} |= "error" | json | status >= 500' --since 15m
    watchkeeper logs '{app="checkout"}' --follow -o raw
    watchkeeper logs 'sum by (level) (count_over_time({job=~".+"} | logfmt [5m]))'
    """
    now_s = time.time()
    end_s = now_s if end is None else _parse(lambda text: parse_moment(text, now_s), end, "--end")
    if start is not None:
        start_s = _parse(lambda text: parse_moment(text, now_s), start, "--start")
    else:
        start_s = end_s - _parse(parse_span_s, since, "--since")
    if start_s >= end_s:
        raise click.BadParameter("the start is not before the end", param_hint="--start")
    timeout_s = _parse(parse_span_s, timeout, "--timeout")
    try:
        if not is_log_query(query):
            if follow:
                raise click.UsageError("Only log lines can be followed: a query that starts with {…}.")
            _show_metric(query, url, end_s, timeout_s, org_id)
            return
        printer = Printer(output)
        if not follow:
            start_ns, end_ns = int(start_s * NS), int(end_s * NS)
            ask_page = partial(_ask_page, query, url, forward, timeout_s, org_id)
            found = pages(ask_page, start_ns, end_ns, limit, forward=forward)
            # The newest page comes first, and its lines are shown last.
            shown = list(found) if forward else list(found)[::-1]
            printer.show([entry for page in shown for entry in page])
            if not shown:
                click.echo("no lines match", err=True)
            return
    except ApiError as error:
        click.echo(explain(error, query), err=True)
        raise SystemExit(1) from None
    _follow(query, url, int(start_s * NS), limit, printer, org_id)


def is_log_query(query: str) -> bool:
    """Whether lines come back: a selector with stages. Metric queries begin with a function, a number or a bracket."""
    lines = (line.partition("#")[0] if line.lstrip().startswith("#") else line for line in query.splitlines())
    return "\n".join(lines).lstrip().startswith("{")


def explain(error: ApiError, query: str) -> str:
    """The server's words; for a parse error with the line, and a caret below the place."""
    import re

    match = re.search(r"parse error at line (\d+), col (\d+): ", error.message)
    if match is None:
        return error.message
    line, column = int(match[1]), int(match[2])
    lines = query.split("\n")
    if not 1 <= line <= len(lines):
        return error.message
    return f"{error.message}\n    {lines[line - 1]}\n    {' ' * (column - 1)}^"


def _parse(parse: Callable[[str], float], text: str, option: str) -> float:
    try:
        return parse(text)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint=option) from None


def _show_metric(query: str, url: str, at_s: float, timeout_s: float, org_id: str | None) -> None:
    from rich.console import Console

    from watchkeeper.cli.result import print_instant, read_series

    params = {"query": query, "time": str(int(at_s * NS))}
    series = read_series(ask(url, "/loki/api/v1/query", params, timeout_s, api="Loki", org_id=org_id).data)
    if not series:
        click.echo("no lines match", err=True)
        return
    console = Console(highlight=False)
    print_instant(console if console.is_terminal else Console(highlight=False, width=10_000), series)


def _ask_page(
    query: str, url: str, forward: bool, timeout_s: float, org_id: str | None, start_ns: int, end_ns: int, limit: int
) -> list[Entry]:
    """One page of lines, oldest first. Raises ApiError and ClientError."""
    params = {
        "query": query,
        "limit": str(limit),
        "start": str(start_ns),
        "end": str(end_ns),
        "direction": "forward" if forward else "backward",
    }
    answer = ask(url, "/loki/api/v1/query_range", params, timeout_s, api="Loki", org_id=org_id)
    return entries_of(answer.data["result"])


def _follow(query: str, url: str, start_ns: int, limit: int, printer: Printer, org_id: str | None) -> None:
    """Until the user has seen enough. A server that goes away is asked again, from the last line that was seen."""
    import asyncio
    from urllib.parse import urlencode

    import aiohttp

    parts = server_parts(url)
    headers = own_headers(parts) | ({"X-Scope-OrgID": org_id} if org_id else {})
    secure = "wss" if parts.scheme == "https" else "ws"
    base = f"{secure}://{parts.netloc.rpartition('@')[2]}{parts.path.rstrip('/')}/loki/api/v1/tail"

    async def listen() -> None:
        nonlocal start_ns
        told = False
        async with aiohttp.ClientSession(headers=headers) as session:
            while True:
                params = urlencode({"query": query, "start": start_ns, "limit": limit})
                try:
                    async with session.ws_connect(f"{base}?{params}", max_msg_size=0) as socket:
                        told = False
                        async for message in socket:
                            if message.type is not aiohttp.WSMsgType.TEXT:
                                continue
                            document = message.json()
                            found = entries_of(document.get("streams") or [])
                            printer.show(found)
                            start_ns = max([start_ns, *(entry.ts_ns + 1 for entry in found)])
                            if dropped := len(document.get("dropped_entries") or []):
                                click.echo(f"{dropped} lines left out: they came faster than they are shown", err=True)
                except aiohttp.WSServerHandshakeError as error:
                    if error.status < 500:
                        # A handshake's answer has no words; that of the same as a plain request has.
                        async with session.get(f"{base.replace('ws', 'http', 1)}?{params}") as response:
                            words = (await response.text()).strip() if response.status >= 400 else ""
                        said = explain(ApiError("", words), query) if words else f"{error.status} {error.message}"
                        raise click.ClickException(f"the server refused: {said}") from None
                except (aiohttp.ClientError, OSError):
                    pass
                if not told:
                    click.echo(f"the connection to {parts.netloc.rpartition('@')[2]} ended; trying again", err=True)
                    told = True
                await asyncio.sleep(RETRY_S)

    try:
        asyncio.run(listen())
    except KeyboardInterrupt:
        return
