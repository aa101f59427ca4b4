"""The datasources that dashboards ask: all that somebody may query who sees nothing but those dashboards."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from watchkeeper.dashboards.catalog import Catalog, body_of
from watchkeeper.dashboards.datasource import Datasource, Datasources
from watchkeeper.dashboards.errors import Missing, Refused
from watchkeeper.dashboards.library import Library
from watchkeeper.dashboards.rights import Rights
from watchkeeper.dashboards.roles import Role

MAX_DEPTH: Final = 60
MAX_KEPT: Final = 200
DEFAULT: Final = ("", "default")


class SeenSources:
    """Kept for each person until something changes, as each of their queries asks for it."""

    def __init__(self, catalog: Catalog, library: Library, datasources: Datasources) -> None:
        self._catalog = catalog
        self._library = library
        self._datasources = datasources
        self._lock = threading.Lock()
        self._kept: dict[tuple[Any, ...], frozenset[str]] = {}

    def all(self, rights: Callable[[], Rights], role: Role, who: tuple[Any, ...]) -> list[Datasource]:
        """By name; for the role None those of dashboards that they see, for others all.

        who   tells one person from another
        """
        found = self._datasources.all()
        if role >= Role.VIEWER:
            return found
        key = (*who, self._catalog.revision)
        uids = self._kept.get(key)
        if uids is None:
            uids = self._named(rights(), found)
            with self._lock:
                self._kept = {} if len(self._kept) >= MAX_KEPT else self._kept
                self._kept[key] = uids
        return [one for one in found if one.uid in uids]

    def _named(self, rights: Rights, sources: Sequence[Datasource]) -> frozenset[str]:
        found: set[str] = set()
        for entry in filter(rights.sees, self._catalog.entries()):
            try:
                body = self._library.filled(body_of(entry))
            except (Missing, Refused):
                continue
            found |= named(body, sources)
        return frozenset(found)


def named(body: Any, sources: Sequence[Datasource]) -> set[str]:
    """The uids of the datasources that a dashboard, or a part of one, asks or lets one choose."""
    return {uid for reference in references(body) for uid in _uids(reference, sources)}


def references(value: Any, depth: int = 0) -> Iterator[tuple[str, str]]:
    """What a dashboard's JSON names as datasources: uid or name, and type, each empty where it is not said."""
    if depth > MAX_DEPTH:
        return
    if isinstance(value, list):
        for item in value:
            yield from references(item, depth + 1)
        return
    if not isinstance(value, dict):
        return
    if value.get("type") == "datasource" and isinstance(value.get("query"), str):
        yield "*", value["query"]  # A variable: any of a type.
    if value.get("kind") == "DatasourceVariable" and isinstance(spec := value.get("spec"), dict):
        yield "*", str(spec.get("pluginId") or "")
    named = value.get("datasource")
    if isinstance(named, str):
        yield named, ""
    elif isinstance(named, dict):
        yield _text(named.get("uid")) or _text(named.get("name")), _text(named.get("type"))
    elif value.get("targets") or value.get("type") == "query" or value.get("kind") == "DataQuery":
        yield "", _text(value.get("group"))  # The default.
    for key, inner in value.items():
        if key != "datasource" and isinstance(inner, dict | list):
            yield from references(inner, depth + 1)


def _uids(reference: tuple[str, str], sources: Sequence[Datasource]) -> set[str]:
    name, kind = reference
    if name == "*":
        return {one.uid for one in sources if one.type == kind}
    if name in DEFAULT:
        return {one.uid for one in sources if (one.type == kind if kind else one.is_default)}
    return {one.uid for one in sources if name in (one.uid, one.name)}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
