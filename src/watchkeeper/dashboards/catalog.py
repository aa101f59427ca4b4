"""All dashboards and folders as one: those that people saved, those of files, and our own."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from watchkeeper.dashboards.entry import Entry, Origin
from watchkeeper.dashboards.errors import Conflict, Missing, Provisioned, Refused
from watchkeeper.dashboards.folders import GENERAL, Folder, Folders
from watchkeeper.dashboards.folders import NOT_FOUND as NO_FOLDER
from watchkeeper.dashboards.stored import CHANGED, NOT_FOUND, Save, Stored

CANT_SAVE: Final = "Cannot save provisioned dashboard"
CANT_DELETE: Final = "provisioned dashboard cannot be deleted"
CANT_CHANGE_FOLDER: Final = "the folder is made by files of dashboards, and changes with them"


@dataclass(frozen=True, slots=True)
class Clash:
    """Two dashboards of one uid: the one that is shown, and one that is not."""

    uid: str
    shown: str
    hidden: str

    def __str__(self) -> str:
        return f'uid "{self.uid}": {self.shown} is shown, {self.hidden} is not'


@dataclass(frozen=True, slots=True)
class Files:
    """What files bring, in the order of precedence."""

    entries: tuple[Entry, ...] = ()
    folders: tuple[Folder, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _View:
    """Entries by uid; `hidden` are stored ones that a file stands before."""

    entries: dict[str, Entry] = field(default_factory=dict)
    folders: dict[str, Folder] = field(default_factory=dict)
    renamed: dict[str, str] = field(default_factory=dict)
    clashes: tuple[Clash, ...] = ()


class Catalog:
    """What the API sees. A file wins over a saved dashboard of its uid, as in Grafana, unless people may change it and
    have since the file last changed; an earlier file wins over a later one; our own come last."""

    def __init__(self, stored: Stored, folders: Folders) -> None:
        self.stored = stored
        self._folders = folders
        self._files = Files()
        self._kept: tuple[tuple[int, int], Files, _View] | None = None
        self._lock = threading.Lock()
        self._n_files = 0

    def follow(self, files: Files) -> None:
        """From now on these are what files bring."""
        with self._lock:
            self._files = files
            self._n_files += 1

    @property
    def revision(self) -> tuple[int, ...]:
        """Another one after each change of the database or of files."""
        return *self.stored.revision, self._n_files

    def entries(self) -> list[Entry]:
        """All that are shown, by title."""
        return sorted(self._view().entries.values(), key=lambda entry: (entry.title.casefold(), entry.uid))

    def clashes(self) -> tuple[Clash, ...]:
        """Dashboards that are not shown, as others have their uid."""
        return self._view().clashes

    def problems(self) -> tuple[str, ...]:
        """What is wrong with files."""
        return self._files.problems

    def find(self, uid: str) -> Entry | None:
        """The dashboard that is shown under a uid."""
        return self._view().entries.get(uid)

    def get(self, uid: str) -> Entry:
        """As `find`. Raises Missing."""
        found = self.find(uid)
        if found is None:
            raise Missing(NOT_FOUND)
        return found

    def by_number(self, number: int) -> Entry | None:
        """The dashboard of an integer id."""
        return next((entry for entry in self._view().entries.values() if entry.number == number), None)

    def by_slug(self, slug: str) -> Entry | None:
        """The first dashboard of a slug."""
        return next((entry for entry in self.entries() if entry.slug == slug), None)

    def replaced_by(self, save: Save) -> Entry | None:
        """The dashboard that `save` would change; None where it would be a new one. Raises Missing."""
        save = self._identified(save)
        uid = save.body.get("uid")
        if isinstance(uid, str) and uid:
            return self.find(uid)
        return self.stored.twin(save.body.get("title"), save.folder_uid or GENERAL)

    def save(self, save: Save, now_ms: int) -> Entry:
        """Keeps a dashboard. Raises Refused, Conflict, Missing, and Provisioned where only its file can change it."""
        save = self._identified(save)
        uid = save.body.get("uid")
        old = self.find(uid) if isinstance(uid, str) and uid else None
        if save.folder_uid and save.folder_uid not in self._view().folders:
            raise Refused(NO_FOLDER)
        if old is None or old.origin is Origin.STORED:
            digest = "" if old is None else old.digest
            return self.stored.save(replace(save, file_digest=digest), now_ms)
        if not old.writable:
            raise Provisioned(f"{CANT_SAVE}: {_owner(old)}; save it under another uid to change it")
        if not save.overwrite and save.body.get("version") not in (None, old.version):
            raise Conflict(CHANGED, "version-mismatch")
        # The first change since the file changed: what was saved before that gives way.
        placed = replace(save, file_digest=old.digest, folder_uid=old.folder_uid, overwrite=True)
        return self.stored.save(placed, now_ms)

    def delete(self, uid: str) -> Entry:
        """Takes a dashboard away. Raises Missing, and Provisioned where a file would bring it back."""
        old = self.get(uid)
        if old.origin is not Origin.STORED or self._of_file(uid) is not None:
            raise Provisioned(f"{CANT_DELETE}: {_owner(old)}")
        return self.stored.delete(uid)

    def folders(self) -> list[Folder]:
        """All folders, by title."""
        return sorted(self._view().folders.values(), key=lambda folder: (folder.title.casefold(), folder.uid))

    def folder(self, uid: str) -> Folder:
        """The folder of a uid. Raises Missing."""
        found = self._view().folders.get(uid)
        if found is None:
            raise Missing(NO_FOLDER)
        return found

    def above(self, folder: Folder) -> list[Folder]:
        """The folders that one stands in, from the top."""
        folders = self._view().folders
        found: list[Folder] = []
        while (parent := folders.get(folder.parent_uid)) is not None and parent not in found:
            found.insert(0, parent)
            folder = parent
        return found

    def changeable_folder(self, uid: str) -> Folder:
        """As `folder`. Raises Provisioned where files made it."""
        found = self.folder(uid)
        if found.is_file:
            raise Provisioned(CANT_CHANGE_FOLDER)
        return found

    def delete_folder(self, uid: str) -> Folder:
        """Takes a folder away with what is in it. Raises Missing, and Provisioned where files are in it."""
        self.changeable_folder(uid)
        inside = set(self._folders.below(uid))
        held = [entry for entry in self.entries() if entry.folder_uid in inside and entry.origin is not Origin.STORED]
        if held:
            raise Provisioned(f"the folder holds a dashboard of a file: {held[0].title}")
        return self._folders.delete(uid)

    def _identified(self, save: Save) -> Save:
        """Older tools name a dashboard by its integer id."""
        uid, number = save.body.get("uid"), save.body.get("id")
        if uid or not isinstance(number, int) or isinstance(number, bool) or number <= 0:
            return save
        found = self.by_number(number)
        if found is None:
            raise Missing(NOT_FOUND)
        return replace(save, body={**save.body, "uid": found.uid})

    def _of_file(self, uid: str) -> Entry | None:
        return next((entry for entry in self._files.entries if entry.uid == uid), None)

    def _view(self) -> _View:
        """What is there now; made anew after a change of the database or the files."""
        files, revision = self._files, self.stored.revision
        kept = self._kept
        if kept is not None and kept[0] == revision and kept[1] is files:
            return kept[2]
        view = self._made(files)
        self._kept = revision, files, view
        return view

    def _made(self, files: Files) -> _View:
        stored = {entry.uid: entry for entry in self.stored.all()}
        own = {folder.uid: folder for folder in self._folders.all()}
        folders, renamed = _with_file_folders(own, files.folders)
        entries: dict[str, Entry] = {}
        clashes: list[Clash] = []
        for entry in files.entries:
            entry = replace(entry, folder_uid=renamed.get(entry.folder_uid, entry.folder_uid))
            first = entries.get(entry.uid)
            if first is not None:
                if entry.origin is not Origin.BUILTIN:  # One of ours that a file replaces is no surprise.
                    clashes.append(Clash(entry.uid, _owner(first), _owner(entry)))
                continue
            saved = stored.get(entry.uid)
            if saved is not None and entry.writable and saved.digest == entry.digest:
                entries[entry.uid] = replace(saved, file=entry.file)
                continue
            if saved is not None and not saved.digest:
                if entry.origin is Origin.BUILTIN:
                    entries[entry.uid] = saved
                    continue
                clashes.append(Clash(entry.uid, _owner(entry), f'the saved dashboard "{saved.title}"'))
            entries[entry.uid] = entry
        for uid, saved in stored.items():
            if uid not in entries:
                # Of a file that is gone, with changes that people made: it is theirs now.
                placed = saved.folder_uid if saved.folder_uid in folders else GENERAL
                entries[uid] = replace(saved, folder_uid=placed)
        return _View(entries, folders, renamed, tuple(clashes))


def _with_file_folders(own: dict[str, Folder], made: Iterable[Folder]) -> tuple[dict[str, Folder], dict[str, str]]:
    """All folders by uid, and which of those of files are one that stands already, by its title at the top."""
    folders = dict(own)
    titles = {folder.title: folder.uid for folder in own.values() if not folder.parent_uid}
    renamed: dict[str, str] = {}
    for folder in made:
        if folder.uid in folders:
            continue
        if folder.title in titles:
            renamed[folder.uid] = titles[folder.title]
        else:
            folders[folder.uid] = folder
            titles[folder.title] = folder.uid
    return folders, renamed


def _owner(entry: Entry) -> str:
    match entry.origin:
        case Origin.BUILTIN:
            return f"{entry.file} of watchkeeper"
        case Origin.FILE:
            return f"the file {entry.file}"
        case Origin.STORED:
            return f'the saved dashboard "{entry.title}"'


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a search asks for; None where everything is.

    folder_uids   GENERAL among them for the top
    """

    query: str = ""
    tags: Sequence[str] = ()
    kinds: frozenset[str] = frozenset(("dash-db", "dash-folder"))
    folder_uids: frozenset[str] | None = None
    uids: frozenset[str] | None = None
    numbers: frozenset[int] | None = None
    is_descending: bool = False


def search(catalog: Catalog, wanted: Wanted) -> list[Entry | Folder]:
    """Folders, then dashboards, each by title."""
    words = wanted.query.casefold().split()

    def has_words(title: str) -> bool:
        folded = title.casefold()
        return all(word in folded for word in words)

    found: list[Entry | Folder] = []
    if "dash-folder" in wanted.kinds and not wanted.tags and wanted.numbers is None:
        folders = [
            folder
            for folder in catalog.folders()
            if has_words(folder.title)
            and (wanted.uids is None or folder.uid in wanted.uids)
            and (wanted.folder_uids is None or folder.parent_uid in wanted.folder_uids)
        ]
        found += reversed(folders) if wanted.is_descending else folders
    if "dash-db" in wanted.kinds:
        tags = set(wanted.tags)
        entries = [
            entry
            for entry in catalog.entries()
            if has_words(entry.title)
            and tags.issubset(entry.tags)
            and (wanted.folder_uids is None or entry.folder_uid in wanted.folder_uids)
            and (wanted.uids is None or entry.uid in wanted.uids)
            and (wanted.numbers is None or entry.number in wanted.numbers)
        ]
        found += reversed(entries) if wanted.is_descending else entries
    return found


def body_of(entry: Entry) -> dict[str, Any]:
    """A dashboard's JSON. Raises Missing where its file went away meanwhile, and Refused where it is broken now."""
    try:
        return entry.load()
    except OSError:
        raise Missing(NOT_FOUND) from None
    except Refused as error:
        raise Refused(f"{_owner(entry)}: {error}") from None
