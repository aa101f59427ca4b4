"""Where panels get their data from: our own stores, those of files, and those that people added."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final
from urllib.parse import urlsplit

import orjson

from watchkeeper.core.config.secret import Secret
from watchkeeper.dashboards.database import Database, Row
from watchkeeper.dashboards.entry import packed
from watchkeeper.dashboards.errors import Conflict, Missing, Provisioned, Refused
from watchkeeper.dashboards.names import checked_uid, derived_uid, file_number, new_uid
from watchkeeper.dashboards.provisioning.config import DatasourceConfig

NOT_FOUND: Final = "Data source not found"
READ_ONLY: Final = "Cannot {} read-only data source"
MAX_NAME: Final = 190
SCHEMES: Final = ("http", "https")


@dataclass(frozen=True, slots=True)
class Datasource:
    """
    is_own     answered by this process: no network between
    read_only  from a file or our own: the API can't change it
    secrets    values of secureJsonData, never shown
    digest     of what a file says, where that lets people change it; of theirs, what it said then. Empty otherwise
    """

    uid: str
    number: int
    name: str
    type: str
    url: str
    is_default: bool = False
    is_own: bool = False
    read_only: bool = True
    access: str = "proxy"
    user: str = ""
    database: str = ""
    basic_auth: bool = False
    basic_auth_user: str = ""
    with_credentials: bool = False
    json_data: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, Secret] = field(default_factory=dict)
    version: int = 1
    digest: str = ""


def own(uid: str, name: str, type_: str, url: str, *, is_default: bool = False, **json_data: Any) -> Datasource:
    """One of this process's own."""
    return Datasource(
        uid, file_number(f"datasource:{uid}"), name, type_, url, is_default, True, json_data=json_data
    )  # fmt: skip


def of_config(config: DatasourceConfig) -> Datasource:
    """As a file declares it."""
    uid = config.uid or derived_uid("datasource", config.name)
    return Datasource(
        uid, file_number(f"datasource:{uid}"), config.name, config.type, config.url, config.is_default,
        read_only=not config.editable, digest=_digest(config) if config.editable else "",
        access=config.access, user=config.user, database=config.database, basic_auth=config.basic_auth,
        basic_auth_user=config.basic_auth_user, with_credentials=config.with_credentials,
        json_data=config.json_data if isinstance(config.json_data, dict) else {},
        secrets={name: Secret(value) for name, value in config.secure_json_data.items()}, version=config.version,
    )  # fmt: skip


def _digest(config: DatasourceConfig) -> str:
    # Of secrets only a hash stays, too.
    return hashlib.sha256(repr(config).encode("utf-8", "surrogatepass")).hexdigest()[:32]


class Datasources:
    """All of them. One of a file comes before one of ours of the same uid or name: people say where their data is."""

    def __init__(self, database: Database, own: Iterable[Datasource] = ()) -> None:
        self._database = database
        self._own = tuple(own)
        self._files: tuple[Datasource, ...] = ()

    def follow(self, files: Iterable[Datasource]) -> None:
        """From now on these are the ones of files."""
        self._files = tuple(files)

    def all(self) -> list[Datasource]:
        """By name; exactly one is the default where there is any."""
        found: dict[str, Datasource] = {}
        names: set[str] = set()
        stored = [_datasource(row) for row in self._database.rows("SELECT * FROM datasources ORDER BY id")]
        changed = {one.uid: one for one in stored if one.digest}
        files = [self._as_changed(one, changed.get(one.uid)) for one in self._files]
        for one in (*files, *stored, *self._own):
            if one.uid not in found and one.name not in names:
                found[one.uid] = one
                names.add(one.name)
        default = next((one.uid for one in found.values() if one.is_default), next(iter(found), ""))
        marked = (replace(one, is_default=one.uid == default) for one in found.values())
        return sorted(marked, key=lambda one: one.name.casefold())

    @staticmethod
    def _as_changed(file: Datasource, changed: Datasource | None) -> Datasource:
        """What people made of one of a file, until the file says something else."""
        if changed is None or not file.digest or changed.digest != file.digest:
            return file
        return replace(changed, number=file.number)

    def forget(self, names: Iterable[str]) -> None:
        """Takes away those that people added under these names."""
        for name in names:
            self._database.run("DELETE FROM datasources WHERE name = ?", name)

    def default(self) -> Datasource | None:
        """What panels that name none ask."""
        return next((one for one in self.all() if one.is_default), None)

    def find(self, uid: str) -> Datasource:
        """By uid. Raises Missing."""
        return self._one(one for one in self.all() if one.uid == uid)

    def by_name(self, name: str) -> Datasource:
        """By name. Raises Missing."""
        return self._one(one for one in self.all() if one.name == name)

    def by_number(self, number: int) -> Datasource:
        """By integer id. Raises Missing."""
        return self._one(one for one in self.all() if one.number == number)

    def resolve(self, reference: str) -> Datasource:
        """By uid, name, `default` or an empty text. Raises Missing."""
        if reference in ("", "default"):
            return self._one(one for one in self.all() if one.is_default)
        return self._one(one for one in self.all() if reference in (one.uid, one.name))

    def add(self, made: Datasource) -> Datasource:
        """Keeps a new one. Raises Refused and Conflict."""
        made = replace(_checked(made), uid=checked_uid(made.uid) if made.uid else new_uid())
        with self._database.change():
            for one in self.all():
                if one.name == made.name:
                    raise Conflict("data source with the same name already exists")
                if one.uid == made.uid:
                    raise Conflict("data source with the same uid already exists")
            if made.is_default:
                self._take_default()
            try:
                self._database.insert("datasources", uid=made.uid, name=made.name, version=1, **_columns(made))
            except sqlite3.IntegrityError:
                raise Conflict("data source with the same name already exists") from None
            return self.find(made.uid)

    def change(self, uid: str, made: Datasource) -> Datasource:
        """Replaces one; secrets that it does not name stay. Raises Missing, Provisioned, Refused, Conflict."""
        with self._database.change():
            old = self._changeable(uid, "update")
            made = replace(_checked(made), uid=checked_uid(made.uid) if made.uid else old.uid)
            made = replace(made, secrets={**old.secrets, **made.secrets}, digest=old.digest)
            if any(one.name == made.name and one.uid != uid for one in self.all()):
                raise Conflict("data source with the same name already exists")
            if made.is_default:
                self._take_default()
            columns = _columns(made)
            if old.digest:
                made = replace(made, uid=old.uid)  # The file names it so.
                self._database.run("DELETE FROM datasources WHERE uid = ?", old.uid)
                self._database.insert("datasources", uid=old.uid, name=made.name, version=old.version + 1, **columns)
                return self.find(old.uid)
            try:
                self._database.run(
                    "UPDATE datasources SET uid = ?, name = ?, body = ?, secrets = ?, version = version + 1 "
                    "WHERE uid = ?",
                    made.uid, made.name, columns["body"], columns["secrets"], uid,
                )  # fmt: skip
            except sqlite3.IntegrityError:
                raise Conflict("data source with the same uid already exists") from None
            return self.find(made.uid)

    def delete(self, uid: str) -> Datasource:
        """Takes one away. Raises Missing and Provisioned."""
        with self._database.change():
            old = self._changeable(uid, "delete")
            if any(one.uid == uid for one in self._files):
                raise Provisioned(f"{old.name} stands in a file of provisioning/datasources, and would be back at once")
            self._database.run("DELETE FROM datasources WHERE uid = ?", uid)
        return old

    def _changeable(self, uid: str, how: str) -> Datasource:
        old = self.find(uid)
        if old.read_only:
            raise Provisioned(READ_ONLY.format(how))
        return old

    def _take_default(self) -> None:
        for row in self._database.rows("SELECT id, body FROM datasources"):
            body = orjson.loads(row["body"])
            if body.get("is_default"):
                body["is_default"] = False
                self._database.run(
                    "UPDATE datasources SET body = ? WHERE id = ?", orjson.dumps(body).decode(), row["id"]
                )

    @staticmethod
    def _one(found: Iterable[Datasource]) -> Datasource:
        for one in found:
            return one
        raise Missing(NOT_FOUND)


def _checked(made: Datasource) -> Datasource:
    if not made.name or len(made.name) > MAX_NAME:
        raise Refused(f"a data source needs a name of at most {MAX_NAME} characters")
    if not made.type:
        raise Refused("a data source needs a type")
    if made.url:
        try:
            parts = urlsplit(made.url)
            good = parts.scheme in SCHEMES and bool(parts.hostname) and parts.port != 0
        except ValueError:
            good = False
        if not good:
            raise Refused("Validation error, invalid URL: it begins with http:// or https:// and a host")
    return made


_KEPT: Final = (
    "type", "url", "is_default", "access", "user", "database", "basic_auth", "basic_auth_user", "with_credentials",
    "digest",
)  # fmt: skip


def _columns(made: Datasource) -> dict[str, str]:
    body = {name: getattr(made, name) for name in _KEPT}
    text = packed({**body, "json_data": dict(made.json_data)}).decode()
    secrets = orjson.dumps({name: value.reveal() for name, value in made.secrets.items()}).decode()
    return {"body": text, "secrets": secrets}


def _datasource(row: Row) -> Datasource:
    body = orjson.loads(row["body"])
    secrets = {name: Secret(value) for name, value in orjson.loads(row["secrets"]).items()}
    return Datasource(
        row["uid"], row["id"], row["name"], read_only=False, secrets=secrets, version=row["version"], **body
    )  # fmt: skip
