"""Everything that is kept, in one place: opened and closed together."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from watchkeeper.dashboards.accounts import Accounts
from watchkeeper.dashboards.annotations import Annotations
from watchkeeper.dashboards.catalog import Catalog
from watchkeeper.dashboards.database import Database
from watchkeeper.dashboards.datasource import Datasource, Datasources
from watchkeeper.dashboards.folders import Folders
from watchkeeper.dashboards.library import Library
from watchkeeper.dashboards.passwords import MEMORY_KIB, Passwords
from watchkeeper.dashboards.permissions import Permissions
from watchkeeper.dashboards.playlists import Playlists
from watchkeeper.dashboards.preferences import ORG, Preferences, of_team, of_user
from watchkeeper.dashboards.provisioning.leftovers import Leftovers
from watchkeeper.dashboards.resource_notes import ResourceNotes
from watchkeeper.dashboards.rights import Rights
from watchkeeper.dashboards.roles import Identity, Kind
from watchkeeper.dashboards.seen_sources import SeenSources
from watchkeeper.dashboards.sessions import Sessions
from watchkeeper.dashboards.short_urls import ShortUrls
from watchkeeper.dashboards.snapshots import Snapshots
from watchkeeper.dashboards.stored import Stored
from watchkeeper.dashboards.teams import Teams
from watchkeeper.dashboards.users import Users


class State:
    """What the API works on. Its parts may be used on any thread once it is open."""

    def __init__(self, path: Path | None, own: Iterable[Datasource], *, password_memory_kib: int = MEMORY_KIB) -> None:
        """path   the SQLite file; None for one in memory"""
        self.database = Database(path)
        self.stored = Stored(self.database)
        self.folders = Folders(self.database)
        self.leftovers = Leftovers(self.database, self.stored, self.folders)
        self.catalog = Catalog(self.stored, self.folders)
        self.datasources = Datasources(self.database, own)
        self.annotations = Annotations(self.database)
        self.passwords = Passwords(memory_kib=password_memory_kib)
        self.users = Users(self.database, self.passwords)
        self.sessions = Sessions(self.database, self.users)
        self.accounts = Accounts(self.database)
        self.short_urls = ShortUrls(self.database)
        self.snapshots = Snapshots(self.database)
        self.playlists = Playlists(self.database)
        self.preferences = Preferences(self.database)
        self.teams = Teams(self.database)
        self.library = Library(self.database)
        self.permissions = Permissions(self.database)
        self.resource_notes = ResourceNotes(self.database)
        self._seen_sources = SeenSources(self.catalog, self.library, self.datasources)

    def rights(self, identity: Identity) -> Rights:
        """What somebody may do with folders and dashboards, as things are now."""
        decided = self.permissions.all()
        team_ids = self.teams.ids_of(identity.id) if decided and identity.kind is Kind.USER else ()
        return Rights(identity, decided, team_ids, self.catalog.folders())

    def sources(self, identity: Identity) -> list[Datasource]:
        """The datasources that somebody may ask, by name."""
        role = identity.role if identity.sees_as is None else identity.sees_as
        return self._seen_sources.all(lambda: self.rights(identity), role, (identity.kind, identity.id))

    def likings(self, identity: Identity) -> list[dict[str, str]]:
        """What holds for somebody, the nearest first: their own preferences, their teams', the organisation's."""
        owners = [ORG]
        if identity.kind is Kind.USER:
            teams = sorted(self.teams.ids_of(identity.id))
            owners = [of_user(identity.id), *(of_team(number) for number in teams), ORG]
        return [self.preferences.get(owner) for owner in owners]

    def open(self) -> None:
        """Raises DatabaseError where the file can't be used."""
        self.database.open()

    def close(self) -> None:
        """Lets go of the file."""
        self.database.close()
