"""The JSON files of one provider, read again when they change."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import orjson

from watchkeeper.core.model.errors import describe_os_error
from watchkeeper.dashboards.entry import Entry, Origin, face_of, packed
from watchkeeper.dashboards.errors import Refused
from watchkeeper.dashboards.folders import GENERAL, Folder, file_folder
from watchkeeper.dashboards.names import checked_uid, derived_uid, file_number, slug_of
from watchkeeper.dashboards.provisioning.config import Provider

MAX_FILE_BYTES: Final = 16 << 20
MAX_FILES: Final = 10_000
BY: Final = "provisioning"

State = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class _Known:
    """What a file held when it was in this state."""

    state: State
    entry: Entry | None
    problem: str


class DashboardFiles:
    """`scan` looks; what it found stays until the next look. Not for several threads at a time."""

    def __init__(self, provider: Provider, origin: Origin = Origin.FILE) -> None:
        self.provider = provider
        self.entries: list[Entry] = []
        self.folders: dict[str, Folder] = {}
        self.problems: list[str] = []
        self.is_there = False  # Whether its folder was, at the last look.
        self._origin = origin
        self._known: dict[str, _Known] = {}

    def scan(self) -> bool:
        """Whether something has changed since the last look: a dashboard, or what is wrong with one."""
        known: dict[str, _Known] = {}
        problems: list[str] = []
        root = Path(self.provider.where)
        self.is_there = root.is_dir()
        if not self.is_there:
            problems.append(f"{root}: there is no such folder (provider {self.provider.name})")
        paths = _json_files(root)
        if len(paths) > MAX_FILES:
            problems.append(f"{root}: only the first {MAX_FILES} files are read")
        for path in paths[:MAX_FILES]:
            state = _state(path)
            if state is None:
                continue
            old = self._known.get(path)
            known[path] = old if old is not None and old.state == state else self._read(root, Path(path), state)
        entries = [found.entry for found in known.values() if found.entry is not None]
        problems += [found.problem for found in known.values() if found.problem]
        has_changed = self._known != known or problems != self.problems
        self._known, self.entries, self.problems = known, entries, problems
        return has_changed

    def _read(self, root: Path, path: Path, state: State) -> _Known:
        try:
            if state[1] > MAX_FILE_BYTES:
                raise Refused(f"is larger than {MAX_FILE_BYTES} bytes")
            text = path.read_bytes()
            body = _parsed(text)
            face = face_of(body)
            packed(body)  # Not deeper than can be shown.
            relative = path.relative_to(root).as_posix()
            uid = checked_uid(face.uid) if face.uid else derived_uid(self.provider.name, relative)
        except Refused as error:
            return _Known(state, None, f"{path}: {error}")
        except OSError as error:
            return _Known(state, None, f"{path}: {describe_os_error(error)}")
        modified_ms = state[0] // 1_000_000
        entry = Entry(
            uid, file_number(uid), face.title, slug_of(face.title), face.tags, self._folder(root, path), 1,
            modified_ms, modified_ms, BY, BY, self._origin,
            self.provider.allow_ui_updates and self._origin is Origin.FILE,
            partial(load_file, path, uid), relative, hashlib.sha256(text).hexdigest()[:32],
        )  # fmt: skip
        return _Known(state, entry, "")

    def _folder(self, root: Path, path: Path) -> str:
        """The uid of the folder of a file; it is in `folders` from now on."""
        provider = self.provider
        title, uid = provider.folder, provider.folder_uid
        if provider.options.folders_from_files and path.parent != root:
            title, uid = path.parent.name, ""
        if not title or title.lower() == "general":
            return GENERAL
        uid = uid or derived_uid("folder", title)
        self.folders[uid] = file_folder(uid, title)
        return uid


def load_file(path: Path, uid: str) -> dict[str, Any]:
    """The JSON of a file, with the identity it has here. Raises OSError and Refused."""
    body = _parsed(path.read_bytes())
    if not isinstance(body, dict):
        raise Refused(f"{path.name}: a dashboard is a JSON object")
    body.update(id=file_number(uid), uid=uid, version=1)
    return body


def _parsed(text: bytes) -> Any:
    try:
        body = orjson.loads(text.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as error:
        raise Refused(f"is not JSON: {error}") from None
    if not isinstance(body, dict) or "title" in body:
        return body
    # As the API takes them, and as resources.
    if isinstance(body.get("dashboard"), dict):
        return body["dashboard"]
    spec, meta = body.get("spec"), body.get("metadata")
    if isinstance(spec, dict) and body.get("kind", "Dashboard") == "Dashboard":
        name = meta.get("name") if isinstance(meta, dict) else None
        return {**spec, "uid": name} if isinstance(name, str) and name else spec
    return body


def _json_files(root: Path) -> list[str]:
    """Following links to folders, as Kubernetes' volumes are made of them; none twice."""
    found: dict[tuple[int, int], str] = {}
    seen: set[tuple[int, int]] = set()
    for at, folders, names in os.walk(root, followlinks=True):
        here = _place(at)
        if here is None or here in seen:
            folders.clear()
            continue
        seen.add(here)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if name.endswith(".json") and not name.startswith("."):
                path = os.path.join(at, name)
                if (one := _place(path)) is not None:
                    found.setdefault(one, path)
        if len(found) > MAX_FILES:
            break
    return sorted(found.values())


def _state(path: str) -> State | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _place(path: str) -> tuple[int, int] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino
