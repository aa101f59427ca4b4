"""What somebody may do with each folder and dashboard."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from watchkeeper.dashboards.accounts import FIRST_ID
from watchkeeper.dashboards.entry import Entry
from watchkeeper.dashboards.folders import GENERAL, Folder
from watchkeeper.dashboards.permissions import DASHBOARD, FOLDER, Decided, Level, Permission
from watchkeeper.dashboards.roles import Identity, Kind, Role

BY_ROLE: Final = {
    Role.NONE: Level.NONE, Role.VIEWER: Level.VIEW, Role.EDITOR: Level.EDIT, Role.ADMIN: Level.ADMIN,
}  # fmt: skip
NOTHING: Final = Decided()


class Rights:
    """For one request: what is decided is read once. What a folder gives holds for all below it; permissions further
    down only add to it. Administrators may everything."""

    def __init__(
        self,
        identity: Identity,
        decided: Mapping[tuple[str, str], Decided],
        team_ids: Iterable[int],
        folders: Iterable[Folder],
    ) -> None:
        self.identity = identity
        # Who draws a picture for somebody sees what they see, and changes nothing.
        only_looks = identity.sees_as is not None
        self._role = identity.role if identity.sees_as is None else identity.sees_as
        self._most = Level.VIEW if only_looks else Level.ADMIN
        self._decided = decided
        self._team_ids = frozenset(team_ids)
        self._folders = {folder.uid: folder for folder in folders}
        self._known: dict[str, Level] = {}

    def knows(self, uid: str) -> bool:
        """Whether there is a folder of a uid; the top counts as one."""
        return uid == GENERAL or uid in self._folders

    def folder(self, uid: str) -> Level:
        """With a folder; GENERAL for the top, where one may do what the role may."""
        return min(self._folder(uid), self._most)

    def dashboard(self, entry: Entry) -> Level:
        """With a dashboard."""
        return min(self._dashboard(entry), self._most)

    def sees(self, found: Entry | Folder) -> bool:
        """Whether it is to be shown."""
        level = self.folder(found.uid) if isinstance(found, Folder) else self.dashboard(found)
        return level >= Level.VIEW

    def administers(self, entries: Iterable[Entry]) -> bool:
        """Whether there is a folder, or one of these dashboards, whose permissions one decides."""
        return (
            self.folder(GENERAL) >= Level.ADMIN
            or any(self.folder(uid) >= Level.ADMIN for uid in self._folders)
            or any(self.dashboard(entry) >= Level.ADMIN for entry in entries)
        )

    def held(self, found: Entry | Folder) -> list[tuple[Permission, bool]]:
        """All that is decided of a folder or dashboard; True for what comes from a folder above."""
        if isinstance(found, Folder):
            at, own = found.parent_uid, self._own(FOLDER, found.uid, at_top=not found.parent_uid)
        else:
            at, own = found.folder_uid, self._own(DASHBOARD, found.uid, at_top=not found.folder_uid)
        above: list[tuple[Permission, bool]] = []
        while at and (folder := self._folders.get(at)) is not None:
            above += [(item, True) for item in self._own(FOLDER, at, at_top=not folder.parent_uid)]
            at = folder.parent_uid
        return [*above, *((item, False) for item in own)]

    def _folder(self, uid: str) -> Level:
        if self._role is Role.ADMIN or uid == GENERAL:
            return BY_ROLE[self._role]
        known = self._known.get(uid)
        if known is not None:
            return known
        folder = self._folders.get(uid)
        if folder is None:
            return Level.NONE
        above = self._folder(folder.parent_uid) if folder.parent_uid else Level.NONE
        own = self._mine(self._own(FOLDER, uid, at_top=not folder.parent_uid))
        self._known[uid] = max(above, own)
        return self._known[uid]

    def _dashboard(self, entry: Entry) -> Level:
        if self._role is Role.ADMIN:
            return Level.ADMIN
        above = self._folder(entry.folder_uid) if entry.folder_uid else Level.NONE
        return max(above, self._mine(self._own(DASHBOARD, entry.uid, at_top=not entry.folder_uid)))

    def _own(self, kind: str, uid: str, *, at_top: bool) -> tuple[Permission, ...]:
        return self._decided.get((kind, uid), NOTHING).held(at_top=at_top)

    def _mine(self, items: Iterable[Permission]) -> Level:
        return max((item.level for item in items if self._is_mine(item)), default=Level.NONE)

    def _is_mine(self, item: Permission) -> bool:
        if item.role is not None:
            return self._role >= item.role
        if self.identity.kind is Kind.ACCOUNT:
            return item.user_id == self.identity.id >= FIRST_ID
        if self.identity.kind is not Kind.USER:
            return False
        return item.user_id == self.identity.id if item.user_id else item.team_id in self._team_ids
