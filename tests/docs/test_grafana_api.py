"""docs/grafana-api.md is written from the table of routes."""

from __future__ import annotations

import os
import re
from pathlib import Path

from watchkeeper.web.grafana.routes import ANY, API, OPENAPI, PLAIN, RESOURCES, WRITE, Row
from watchkeeper.web.grafana.who import Who

REFERENCE = Path(__file__).parents[2] / "docs" / "grafana-api.md"
WHO = {Who.ANYBODY: "everybody", Who.KNOWN: "who may see it", Who.SERVER: "administrators of the server"}
HEAD = """# Grafana's API

What watchkeeper answers of Grafana's HTTP API, on the port of the pages (3000), from the table of routes in the code
(`make golden` writes this page anew).

- Who asks: a session's cookie, `Authorization: Bearer` with a service account's token or an API key, or Basic
  authentication. Whoever does none of it is `--dashboards.anonymous-role` (Viewer).
- The role is the least that one needs. For "who may see it" permissions decide, of reads and writes alike: of the
  dashboard, its folder and the folders above, for roles, users, service accounts and teams. Until somebody decides
  otherwise, viewers see all and editors change all. What a folder gives holds for all that is in it; administrators
  may everything.
- The role None has what permissions name a user, a service account or a team for, and nothing else: those folders and
  dashboards in every list, their annotations and library panels, and queries of the data sources that they ask.
- Administrators of the server are users for whom `isGrafanaAdmin` is true: the first one, and whom they make one with
  `PUT /api/admin/users/:id/permissions`. The last of them can't be taken away. The role Admin alone is no
  administrator of the server, and no token is.
- A request of a browser that another site sent changes nothing (status 403).
- Errors are `{"message": "..."}`; below `/apis` they are Kubernetes' `Status`. A dashboard that was changed meanwhile
  is 412 with `"status": "version-mismatch"` (409 below `/apis`), one of the same name `"name-exists"`; one of a file
  is 400, with the file's name.
- There is one organization (id 1) and one namespace (`default`). Alert rules, contact points, policies, mute timings
  and templates can be read in Grafana's shapes; writes are refused with the name of the file to change.
- Pictures: `/render/d-solo/:uid/:slug?panelId=1&width=1000&height=500&scale=1&tz=UTC&timeout=30` and
  `/render/d/:uid/:slug` where Chromium is installed (501 otherwise). Sides are 50 to 3000, the scale is 1 to 3, the
  time at most 90 s.

| method | path | for | |
| --- | --- | --- | --- |
"""


def test_the_page_is_up_to_date() -> None:
    lines = [
        line
        for below, rows in (("/api", API), ("/apis", RESOURCES), ("", OPENAPI), ("", PLAIN))
        for row in rows
        for line in [shown(below, row)]
    ]
    text = HEAD + "\n".join(lines) + "\n"
    if os.environ.get("WATCHKEEPER_GOLDEN") == "write":
        REFERENCE.write_text(text)
    assert REFERENCE.read_text() == text
    assert len(lines) > 150
    # Each says what it answers.
    assert [line for line in lines if line.endswith("|  |")] == []


def shown(below: str, row: Row) -> str:
    methods, path, needed, endpoint = row
    words = {ANY: "any", WRITE: "POST PUT PATCH DELETE"}
    method = methods if isinstance(methods, str) else words.get(methods, " ".join(methods))
    path = re.sub(r"\{(\w+):([\w|-]+)\}", lambda found: f"({found[2]})".replace("|", "\\|"), below + path)
    path = re.sub(r"\{(\w+)(:[^}]*)?\}", lambda found: "*" if found[1] == "rest" else f":{found[1]}", path)
    said = " ".join((endpoint.__doc__ or "").split())
    text = said.partition(": ")[2] or said
    who = WHO.get(needed, needed.name.title())
    return f"| {method} | `{path}` | {who} | {text[:1].upper()}{text[1:].replace('|', chr(92) + '|')} |"
