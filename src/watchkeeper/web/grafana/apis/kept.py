"""Dashboards and folders as the resources that the API shows and changes. All of it waits for the database."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

from watchkeeper.dashboards.catalog import body_of
from watchkeeper.dashboards.entry import Entry
from watchkeeper.dashboards.errors import Missing
from watchkeeper.dashboards.folders import Folder
from watchkeeper.dashboards.permissions import DASHBOARD, FOLDER, Level
from watchkeeper.dashboards.resource_notes import Notes
from watchkeeper.dashboards.rights import Rights
from watchkeeper.dashboards.stored import Save
from watchkeeper.web.grafana.allowed import entry_for, folder_for, may_folder
from watchkeeper.web.grafana.apis.resource import DASHBOARDS, FOLDERS, Kind, Meta, Sent, missing
from watchkeeper.web.grafana.ask import Ask
from watchkeeper.web.grafana.backend import Backend
from watchkeeper.web.grafana.dashboards import kept
from watchkeeper.web.grafana.folders import created, moved

# A resource's name and place say these.
OWN_KEYS = ("id", "uid", "version")

NONE = Notes()

Found = tuple[Meta, Callable[[], dict[str, Any]]]  # What is known of a resource, and what it holds.


class Kept(Protocol):
    """One kind of resource."""

    kind: Kind

    def all(self, backend: Backend, rights: Rights) -> list[Found]:
        """Those that may be seen, by name."""
        ...

    def get(self, backend: Backend, ask: Ask, name: str) -> tuple[Meta, dict[str, Any]]:
        """One of them, and what it holds. Raises Missing and ApiError."""
        ...

    def add(self, backend: Backend, ask: Ask, name: str, sent: Sent) -> None:
        """A new one."""
        ...

    def change(self, backend: Backend, ask: Ask, name: str, sent: Sent) -> None:
        """Replaces what it holds, and where it stands."""
        ...

    def delete(self, backend: Backend, ask: Ask, name: str) -> None:
        """Takes it away."""
        ...


class KeptDashboards:
    """Those of the catalog."""

    kind = DASHBOARDS

    def all(self, backend: Backend, rights: Rights) -> list[Found]:
        """By name."""
        entries = sorted(filter(rights.sees, backend.state.catalog.entries()), key=lambda entry: entry.uid)
        notes = backend.state.resource_notes.all(DASHBOARD)
        return [(_of_entry(entry, notes.get(entry.uid, NONE)), partial(_spec, entry)) for entry in entries]

    def get(self, backend: Backend, ask: Ask, name: str) -> tuple[Meta, dict[str, Any]]:
        """With its panels of the library as they are kept: by their names."""
        try:
            entry = entry_for(backend, ask, name, Level.VIEW)
        except Missing:
            raise missing(self.kind, name) from None
        return _of_entry(entry, backend.state.resource_notes.get(DASHBOARD, name)), _spec(entry)

    def add(self, backend: Backend, ask: Ask, name: str, sent: Sent) -> None:
        """A new one, at the top where no folder is named."""
        body = {**sent.spec, "uid": name, "id": None, "version": 0}
        kept(backend, ask, Save(body, sent.folder_uid or "", sent.message, ask.identity.login, overwrite=True))
        backend.state.resource_notes.put(DASHBOARD, name, sent.notes)

    def change(self, backend: Backend, ask: Ask, name: str, sent: Sent) -> None:
        """Whoever saved last: the resource's version was looked at already."""
        body = {**sent.spec, "uid": name, "id": None}
        kept(backend, ask, Save(body, sent.folder_uid or "", sent.message, ask.identity.login, overwrite=True))
        backend.state.resource_notes.put(DASHBOARD, name, sent.notes)

    def delete(self, backend: Backend, ask: Ask, name: str) -> None:
        """Raises Provisioned where a file would bring it back."""
        entry_for(backend, ask, name, Level.EDIT)
        backend.state.catalog.delete(name)


class KeptFolders:
    """Those of the catalog."""

    kind = FOLDERS

    def all(self, backend: Backend, rights: Rights) -> list[Found]:
        """By name."""
        folders = sorted(filter(rights.sees, backend.state.catalog.folders()), key=lambda folder: folder.uid)
        notes = backend.state.resource_notes.all(FOLDER)
        return [
            (_of_folder(folder, notes.get(folder.uid, NONE)), partial(dict, title=folder.title)) for folder in folders
        ]

    def get(self, backend: Backend, ask: Ask, name: str) -> tuple[Meta, dict[str, Any]]:
        """Its title."""
        try:
            folder = folder_for(backend, ask, name, Level.VIEW)
        except Missing:
            raise missing(self.kind, name) from None
        return _of_folder(folder, backend.state.resource_notes.get(FOLDER, name)), {"title": folder.title}

    def add(self, backend: Backend, ask: Ask, name: str, sent: Sent) -> None:
        """A new one, at the top where no other is named."""
        created(backend, ask, _title(sent), name, sent.folder_uid or "")
        backend.state.resource_notes.put(FOLDER, name, sent.notes)

    def change(self, backend: Backend, ask: Ask, name: str, sent: Sent) -> None:
        """Another title, another place, or both."""
        state, by, now_ms = backend.state, ask.identity.login, backend.now_ms()
        old = folder_for(backend, ask, name, Level.EDIT)
        state.catalog.changeable_folder(name)
        if (sent.folder_uid or "") != old.parent_uid:
            moved(backend, ask, name, sent.folder_uid or "")
        state.folders.rename(name, _title(sent), None, by, now_ms)
        state.resource_notes.put(FOLDER, name, sent.notes)

    def delete(self, backend: Backend, ask: Ask, name: str) -> None:
        """With all that is in it."""
        may_folder(backend.state.rights(ask.identity), name, Level.EDIT)
        backend.state.catalog.delete_folder(name)


def _spec(entry: Entry) -> dict[str, Any]:
    return {key: value for key, value in body_of(entry).items() if key not in OWN_KEYS}


def _title(sent: Sent) -> str:
    title = sent.spec.get("title")
    return title if isinstance(title, str) else ""


def _of_entry(entry: Entry, notes: Notes) -> Meta:
    return Meta(
        entry.uid, entry.number, entry.version, entry.folder_uid, entry.created_ms, entry.updated_ms, entry.created_by,
        entry.updated_by, entry.file, notes,
    )  # fmt: skip


def _of_folder(folder: Folder, notes: Notes) -> Meta:
    return Meta(
        folder.uid, folder.number, folder.version, folder.parent_uid, folder.created_ms, folder.updated_ms,
        folder.created_by, folder.updated_by, "files" if folder.is_file else "", notes,
    )  # fmt: skip
