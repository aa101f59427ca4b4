"""Panels and variables that several dashboards share."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from watchkeeper.dashboards.database import Database, Row
from watchkeeper.dashboards.entry import packed
from watchkeeper.dashboards.errors import Conflict, Missing, Refused
from watchkeeper.dashboards.names import checked_uid, new_uid

PANEL: Final = 1
VARIABLE: Final = 2
MAX_NAME: Final = 190
NOT_FOUND: Final = "library element could not be found"
TAKEN: Final = "library element with that name or UID already exists"
# What a dashboard keeps of a panel that stands in the library: its place, and which one it is.
KEPT: Final = ("id", "gridPos", "libraryPanel", "repeat", "repeatDirection", "maxPerRow", "collapsed")
NAMES_KEPT: Final = ("uid", "name")
MAX_DEPTH: Final = 4  # Panels stand in rows, and rows in nothing.


@dataclass(frozen=True, slots=True)
class Element:
    """`kind` is PANEL or VARIABLE; `model` is its JSON."""

    id: int
    uid: str
    name: str
    kind: int
    folder_uid: str
    model: Mapping[str, Any]
    version: int
    created_ms: int
    updated_ms: int
    created_by: str
    updated_by: str

    @property
    def type(self) -> str:
        """The panel's or variable's type."""
        found = self.model.get("type")
        return found if isinstance(found, str) else ""


class Library:
    """The shared panels of the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[Element]:
        """By name."""
        return [_element(row) for row in self._database.rows("SELECT * FROM library_elements ORDER BY name, id")]

    def find(self, uid: str) -> Element | None:
        """The one of a uid."""
        row = self._database.row("SELECT * FROM library_elements WHERE uid = ?", uid)
        return None if row is None else _element(row)

    def get(self, uid: str) -> Element:
        """As `find`. Raises Missing."""
        found = self.find(uid)
        if found is None:
            raise Missing(NOT_FOUND)
        return found

    def add(
        self, name: str, model: Mapping[str, Any], folder_uid: str, by: str, now_ms: int, *, uid: str = "",
        kind: int = PANEL,
    ) -> Element:  # fmt: skip
        """A new one. Raises Refused and Conflict."""
        uid = checked_uid(uid) if uid else new_uid()
        if kind not in (PANEL, VARIABLE):
            raise Refused("kind is 1 for a panel or 2 for a variable")
        try:
            self._database.insert(
                "library_elements", uid=uid, name=_checked(name), kind=kind, folder_uid=folder_uid,
                model=packed(_clean(model)), version=1, created_ms=now_ms, updated_ms=now_ms, created_by=by,
                updated_by=by,
            )  # fmt: skip
        except sqlite3.IntegrityError:
            raise Refused(TAKEN, "name-exists") from None
        return self.get(uid)

    def change(
        self, uid: str, name: str, model: Mapping[str, Any], folder_uid: str, version: int, by: str, now_ms: int
    ) -> Element:  # fmt: skip
        """Replaces what it is. `version` is the one that was seen. Raises Refused, Conflict and Missing."""
        with self._database.change():
            old = self.get(uid)
            if version != old.version:
                raise Conflict("the library element has been changed by someone else", "version-mismatch")
            try:
                self._database.run(
                    "UPDATE library_elements SET name = ?, model = ?, folder_uid = ?, version = version + 1, "
                    "updated_ms = ?, updated_by = ? WHERE uid = ?",
                    _checked(name), packed(_clean(model)), folder_uid, now_ms, by, uid,
                )  # fmt: skip
            except sqlite3.IntegrityError:
                raise Refused(TAKEN, "name-exists") from None
            return self.get(uid)

    def delete(self, uid: str) -> Element:
        """Takes one away. Raises Missing."""
        with self._database.change():
            old = self.get(uid)
            self._database.run("DELETE FROM library_elements WHERE uid = ?", uid)
        return old

    def uses(self) -> dict[str, list[str]]:
        """By uid of an element, the uids of the saved dashboards that use it."""
        found: dict[str, list[str]] = {}
        sql = "SELECT uid, body FROM dashboards WHERE instr(body, CAST('\"libraryPanel\"' AS BLOB)) ORDER BY uid"
        for row in self._database.rows(sql):
            for panel in panels_of(orjson.loads(row["body"])):
                uid = reference(panel)
                if uid and row["uid"] not in found.setdefault(uid, []):
                    found[uid].append(row["uid"])
        return found

    def filled(self, body: dict[str, Any]) -> dict[str, Any]:
        """A dashboard's JSON with each panel of the library as it is there; of one that is gone, what the dashboard or
        its `__elements` have."""
        if not any(reference(panel) for panel in panels_of(body)):
            return body
        carried = body.get("__elements")
        return _mapped(body, lambda panel: self._filled(panel, carried if isinstance(carried, dict) else {}))

    def emptied(self, body: dict[str, Any]) -> dict[str, Any]:
        """The opposite: as a dashboard is kept."""
        if not any(reference(panel) for panel in panels_of(body)):
            return body
        return _mapped(body, self._emptied)

    def _filled(self, panel: dict[str, Any], carried: Mapping[str, Any]) -> dict[str, Any]:
        uid = reference(panel)
        element = self.find(uid) if uid else None
        if element is not None:
            shown = {"uid": uid, "name": element.name, "type": element.type, "version": element.version,
                     "description": str(element.model.get("description") or "")}  # fmt: skip
            return {**element.model, **{key: panel[key] for key in KEPT if key in panel}, "libraryPanel": shown}
        inner = carried.get(uid) if uid else None
        model = inner.get("model") if isinstance(inner, dict) else None
        if isinstance(model, dict) and "type" not in panel:
            return {**model, **panel}
        return panel

    def _emptied(self, panel: dict[str, Any]) -> dict[str, Any]:
        uid = reference(panel)
        if not uid or self.find(uid) is None:
            return panel
        named = {key: panel["libraryPanel"][key] for key in NAMES_KEPT if key in panel["libraryPanel"]}
        return {**{key: panel[key] for key in KEPT if key in panel}, "libraryPanel": named}


def reference(panel: Mapping[str, Any]) -> str:
    """The uid of the element that a panel stands for; empty for none."""
    named = panel.get("libraryPanel")
    uid = named.get("uid") if isinstance(named, dict) else None
    return uid if isinstance(uid, str) else ""


def panels_of(body: Any, depth: int = 0) -> Iterator[dict[str, Any]]:
    """All panels of a dashboard's JSON, with those in rows."""
    panels = body.get("panels") if isinstance(body, dict) else None
    for panel in panels if isinstance(panels, list) else ():
        if isinstance(panel, dict):
            yield panel
            if depth < MAX_DEPTH:
                yield from panels_of(panel, depth + 1)


def _mapped(body: dict[str, Any], change: Any, depth: int = 0) -> dict[str, Any]:
    panels = body.get("panels")
    if not isinstance(panels, list) or depth > MAX_DEPTH:
        return body
    made = [_mapped(change(panel), change, depth + 1) if isinstance(panel, dict) else panel for panel in panels]
    return {**body, "panels": made}


def _clean(model: Mapping[str, Any]) -> dict[str, Any]:
    """Where it stands, and for what, is each dashboard's own."""
    return {key: value for key, value in model.items() if key not in ("libraryPanel", "gridPos", "id")}


def _checked(name: str) -> str:
    name = name.strip()
    if not name or len(name) > MAX_NAME:
        raise Refused(f"a library element needs a name of at most {MAX_NAME} characters")
    return name


def _element(row: Row) -> Element:
    return Element(
        row["id"], row["uid"], row["name"], row["kind"], row["folder_uid"], orjson.loads(row["model"]), row["version"],
        row["created_ms"], row["updated_ms"], row["created_by"], row["updated_by"],
    )  # fmt: skip
