"""Paths of dashboards and folders, as links name them."""

from __future__ import annotations

from watchkeeper.dashboards.entry import Entry
from watchkeeper.dashboards.names import slug_of
from watchkeeper.web.grafana.backend import Backend


def url_of(backend: Backend, entry: Entry) -> str:
    """A dashboard's path."""
    return f"{backend.settings.route_prefix}/d/{entry.uid}/{entry.slug}"


def folder_url(backend: Backend, uid: str, title: str) -> str:
    """A folder's path."""
    return f"{backend.settings.route_prefix}/dashboards/f/{uid}/{slug_of(title)}"
