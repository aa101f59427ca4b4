"""Exported dashboards: their inputs filled in, and the library's panels that they bring along."""

from __future__ import annotations

import re
from typing import Any, Final

from aiohttp import web

from watchkeeper.dashboards.errors import Refused
from watchkeeper.dashboards.library import panels_of, reference
from watchkeeper.dashboards.permissions import Level
from watchkeeper.dashboards.stored import Save
from watchkeeper.web.errors import bad_data
from watchkeeper.web.grafana.allowed import may_folder, may_name
from watchkeeper.web.grafana.answers import answer
from watchkeeper.web.grafana.ask import Ask, Fields
from watchkeeper.web.grafana.backend import Backend
from watchkeeper.web.grafana.dashboards import folder_of, kept
from watchkeeper.web.grafana.links import url_of

MAX_ELEMENTS: Final = 500
_INPUT: Final = re.compile(r"\$\{(\w+)\}")


async def import_(backend: Backend, ask: Ask) -> web.Response:
    """POST /dashboards/import: an exported dashboard, its inputs replaced."""
    fields = await ask.fields()
    if not fields.has("dashboard"):
        raise bad_data("Dashboard must be set")
    inputs = [Fields(item) for item in fields.items("inputs")]

    def work() -> Any:
        body = with_inputs(backend, fields.mapping("dashboard"), inputs)
        folder_uid = folder_of(backend, fields)
        made = Save(body, folder_uid, "Imported", ask.identity.login, overwrite=fields.flag("overwrite"))
        with backend.state.database.change():
            carry_elements(backend, ask, fields, inputs, body, folder_uid or "")
            entry = kept(backend, ask, made)
        url = url_of(backend, entry)
        return {
            "uid": entry.uid, "pluginId": "", "title": entry.title, "imported": True, "importedUri": f"db/{entry.slug}",
            "importedUrl": url, "slug": entry.slug, "dashboardId": entry.number, "folderUid": entry.folder_uid,
            "importedRevision": entry.version, "revision": entry.version, "description": "", "path": "",
            "removed": False,
        }  # fmt: skip

    return answer(await backend.run(work))


def with_inputs(backend: Backend, body: dict[str, Any], inputs: list[Fields]) -> dict[str, Any]:
    """An exported dashboard with each `${NAME}` of its `__inputs` replaced. Raises Refused where one is missing."""
    declared = body.get("__inputs")
    values = {fields.text("name"): fields.text("value") for fields in inputs}
    for item in declared if isinstance(declared, list) else ():
        if not isinstance(item, dict) or not isinstance(name := item.get("name"), str) or values.get(name):
            continue
        kind, value = item.get("type"), item.get("value")
        if kind == "constant" and isinstance(value, str):
            values[name] = value
        elif kind == "datasource":
            same = [one for one in backend.state.datasources.all() if one.type == item.get("pluginId")]
            if not same:
                raise Refused(f"import needs a data source for {name}, of the type {item.get('pluginId')}")
            values[name] = next((one.uid for one in same if one.is_default), same[0].uid)
    kept = {key: value for key, value in body.items() if key not in ("__inputs", "__requires", "__elements", "id")}
    replaced: dict[str, Any] = _replaced(kept, values, 0)
    return replaced


def carry_elements(
    backend: Backend, ask: Ask, fields: Fields, inputs: list[Fields], body: dict[str, Any], folder_uid: str
) -> None:  # fmt: skip
    """Puts the panels that an exported dashboard brings along into the library, where they are not there yet."""
    sent = fields.mapping("dashboard")
    carried = sent.get("__elements")
    if not isinstance(carried, dict) or not carried:
        return
    may_folder(backend.state.rights(ask.identity), folder_uid, Level.EDIT)
    used = {reference(panel) for panel in panels_of(body)}
    taken = {one.name for one in backend.state.library.all() if one.folder_uid == folder_uid}
    for uid, element in list(carried.items())[:MAX_ELEMENTS]:
        model = element.get("model") if isinstance(element, dict) else None
        if uid not in used or not isinstance(model, dict) or backend.state.library.find(uid) is not None:
            continue
        name = Fields(element).text("name") or uid
        if name in taken:
            name = f"{name} ({uid})"
        taken.add(name)
        # What the inputs fill in the dashboard, they fill in its panels.
        made = with_inputs(backend, {**model, "__inputs": sent.get("__inputs")}, inputs)
        may_name(backend, ask, made)
        backend.state.library.add(name, made, folder_uid, ask.identity.login, backend.now_ms(), uid=uid)


def _replaced(value: Any, values: dict[str, str], depth: int) -> Any:
    if depth > 200:
        raise Refused("the JSON is nested too deeply")
    match value:
        case str():
            return _INPUT.sub(lambda found: values.get(found[1], found[0]), value) if "${" in value else value
        case list():
            return [_replaced(item, values, depth + 1) for item in value]
        case dict():
            return {key: _replaced(item, values, depth + 1) for key, item in value.items()}
        case _:
            return value
