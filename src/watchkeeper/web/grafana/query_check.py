"""Whether a query parses, for editors that ask while somebody types."""

from __future__ import annotations

from typing import Any, Final

import orjson
from aiohttp import web

from watchkeeper.web.errors import ApiError
from watchkeeper.web.grafana.answers import answer
from watchkeeper.web.grafana.ask import Ask
from watchkeeper.web.grafana.backend import Backend
from watchkeeper.web.grafana.datasources import sought
from watchkeeper.web.grafana.ways import Answer

LAYOUTS: Final = {"loki": "/loki/api/v1/format_query"}
LAYOUT: Final = "/api/v1/format_query"
# That somebody may not ask, that the server knows no such question, or that it has no time, says nothing of the query.
OF_THE_REQUEST: Final = frozenset((401, 403, 404, 405, 408, 429))


async def check(backend: Backend, ask: Ask) -> web.Response:
    """POST /datasources/uid/:uid/check: a query laid out, or what is wrong with it; the status is 200 either way.

    `{"query": text}` gives `{"status": "success", "data": text}`, `{"status": "error", "error": text}`, or the status
    "unknown" where the datasource did not say. Browsers count each answer of 400 as an error of the page, and a query
    that is being typed is none.
    """
    blank = ask.request.clone()
    query = (await ask.fields()).text("query")
    datasource = await backend.run(lambda: sought(backend, ask))
    path = LAYOUTS.get(datasource.type, LAYOUT)
    try:
        found = await backend.way(datasource).get(blank, path, {"query": query})
    except ApiError as error:
        return answer({"status": "unknown", "error": error.message})
    return answer(_told(found))


def _told(found: Answer) -> dict[str, str]:
    try:
        document: Any = orjson.loads(found.body)
    except orjson.JSONDecodeError:
        document = None
    said: dict[str, Any] = document if isinstance(document, dict) else {}
    if found.status == 200 and isinstance(said.get("data"), str):
        return {"status": "success", "data": said["data"]}
    text = str(said.get("error") or said.get("message") or found.body[:1000].decode("utf-8", "replace").strip())
    is_of_query = 400 <= found.status < 500 and found.status not in OF_THE_REQUEST and text
    return {"status": "error" if is_of_query else "unknown", "error": text or f"status {found.status}"}
