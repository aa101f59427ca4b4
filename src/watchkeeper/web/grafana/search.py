"""Search over dashboards and folders."""

from __future__ import annotations

from typing import Any, Final

from aiohttp import web

from watchkeeper.dashboards.catalog import Wanted, search
from watchkeeper.dashboards.entry import Entry
from watchkeeper.dashboards.folders import Folder
from watchkeeper.dashboards.permissions import Level
from watchkeeper.dashboards.roles import Kind
from watchkeeper.web.errors import ApiError, bad_data
from watchkeeper.web.grafana.answers import answer
from watchkeeper.web.grafana.ask import Ask
from watchkeeper.web.grafana.backend import Backend
from watchkeeper.web.grafana.links import folder_url, url_of

DEFAULT_LIMIT: Final = 1000
MAX_LIMIT: Final = 5000
KINDS: Final = frozenset(("dash-db", "dash-folder"))


async def find(backend: Backend, ask: Ask) -> web.Response:
    """GET /search: what has the words, the tags, and stands where it was asked for."""
    if (ask.number("limit", DEFAULT_LIMIT) or 0) > MAX_LIMIT:
        raise ApiError(422, "limit", f"Limit is above maximum allowed ({MAX_LIMIT}), use page parameter to access hits")
    if ask.flag("deleted"):
        return answer([])  # What is deleted is gone.
    limit, page = ask.limit(DEFAULT_LIMIT, MAX_LIMIT), ask.page()
    kind = ask.text("type")
    folder_uids = _split(ask, "folderUIDs", "folderUids")
    numbers = [_number(text) for text in _split(ask, "dashboardIds")]
    folder_numbers = [_number(text) for text in _split(ask, "folderIds")]
    uids = _split(ask, "dashboardUIDs", "dashboardUids", "dashboardUID")
    starred = ask.flag("starred")

    def work() -> Any:
        state, identity = backend.state, ask.identity
        stars = state.preferences.stars(identity.id) if identity.kind is Kind.USER else set()
        rights = state.rights(identity)
        least = Level.EDIT if ask.text("permission") == "Edit" else Level.VIEW
        folders = {folder.uid: folder for folder in filter(rights.sees, state.catalog.folders())}
        places = {"" if uid == "general" else uid for uid in folder_uids}
        places |= {"" for number in folder_numbers if number == 0}
        places |= {folder.uid for folder in folders.values() if folder.number in folder_numbers}
        asked_uids = frozenset(uids) & stars if uids and starred else frozenset(stars if starred else uids)
        wanted = Wanted(
            ask.text("query"),
            [tag for tag in ask.texts("tag") if tag],
            frozenset((kind,)) if kind in KINDS else KINDS,
            frozenset(places) if folder_uids or folder_numbers else None,
            asked_uids if uids or starred else None,
            frozenset(numbers) if numbers else None,
            ask.text("sort") == "alpha-desc",
        )
        found = [
            hit
            for hit in search(state.catalog, wanted)
            if (rights.folder(hit.uid) if isinstance(hit, Folder) else rights.dashboard(hit)) >= least
        ]
        return [_hit(backend, hit, folders, stars) for hit in found[(page - 1) * limit : page * limit]]

    return answer(await backend.run(work))


async def sorting(_: Backend, __: Ask) -> web.Response:
    """GET /search/sorting: the orders there are."""
    options = [("alpha-asc", "Alphabetically (A–Z)"), ("alpha-desc", "Alphabetically (Z–A)")]
    return answer({"sortOptions": [{"name": name, "displayName": text, "meta": ""} for name, text in options]})


def _hit(backend: Backend, hit: Entry | Folder, folders: dict[str, Folder], stars: set[str]) -> dict[str, Any]:
    is_folder = isinstance(hit, Folder)
    parent = folders.get(hit.parent_uid if isinstance(hit, Folder) else hit.folder_uid)
    url = folder_url(backend, hit.uid, hit.title) if isinstance(hit, Folder) else url_of(backend, hit)
    found: dict[str, Any] = {
        "id": hit.number,
        "orgId": 1,
        "uid": hit.uid,
        "title": hit.title,
        "uri": f"db/{url.rpartition('/')[2]}",
        "url": url,
        "slug": "",
        "type": "dash-folder" if is_folder else "dash-db",
        "tags": [] if isinstance(hit, Folder) else list(hit.tags),
        "isStarred": hit.uid in stars,
        "sortMeta": 0,
        "isDeleted": False,
    }
    if parent is not None:
        found.update(
            folderId=parent.number,
            folderUid=parent.uid,
            folderTitle=parent.title,
            folderUrl=folder_url(backend, parent.uid, parent.title),
        )
    return found


def _split(ask: Ask, *names: str) -> list[str]:
    """All values of a parameter, which may also stand in one with commas."""
    return [text for name in names for value in ask.texts(name) for text in value.split(",") if text]


def _number(text: str) -> int:
    if not text.isdecimal() or len(text) > 18:
        raise bad_data("an id is a number")
    return int(text)
