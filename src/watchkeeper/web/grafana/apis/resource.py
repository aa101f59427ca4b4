"""Resources as JSON: their metadata, lists of them, and what an error looks like."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from watchkeeper.dashboards.resource_notes import Notes
from watchkeeper.web.errors import ApiError, bad_data
from watchkeeper.web.grafana.answers import time_text
from watchkeeper.web.grafana.ask import Fields

NAMESPACE: Final = "default"
NAMESPACES: Final = (NAMESPACE, "org-1")
FOLDER: Final = "grafana.app/folder"
MESSAGE: Final = "grafana.app/message"
NUMBER: Final = "grafana.app/deprecatedInternalID"
# What the server says; the rest is kept as it was sent.
OWN: Final = frozenset((
    FOLDER, MESSAGE, NUMBER, "grafana.app/createdBy", "grafana.app/updatedBy", "grafana.app/updatedTimestamp",
))  # fmt: skip
MAX_NOTES: Final = 100
MAX_NOTE: Final = 256 << 10  # Of all together, as Kubernetes has it: kubectl keeps the whole of what it applied in one.
_IDS: Final = uuid.UUID("6f1e3a52-9d0b-5c1e-8a53-0a1d6c1f7b1e")
# Kubernetes' names for what a status means.
REASONS: Final = {
    400: "BadRequest", 401: "Unauthorized", 403: "Forbidden", 404: "NotFound", 405: "MethodNotAllowed", 409: "Conflict",
    410: "Expired", 412: "Conflict", 413: "RequestEntityTooLarge", 415: "UnsupportedMediaType", 422: "Invalid",
    429: "TooManyRequests", 500: "InternalError", 503: "ServiceUnavailable", 504: "Timeout",
}  # fmt: skip
EXISTS: Final = "AlreadyExists"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of resource. The first of `versions` is the one to use."""

    group: str
    name: str
    plural: str
    singular: str
    versions: tuple[str, ...]

    @property
    def full_name(self) -> str:
        """As errors say it: `dashboards.dashboard.grafana.app`."""
        return f"{self.plural}.{self.group}"


# Of dashboards that have elements and a layout, and no panels.
SECOND: Final = ("v2beta1", "v2", "v2alpha1")
DASHBOARDS: Final = Kind(
    "dashboard.grafana.app", "Dashboard", "dashboards", "dashboard",
    ("v1beta1", "v1", "v1alpha1", "v0alpha1", *SECOND),
)  # fmt: skip
FOLDERS: Final = Kind("folder.grafana.app", "Folder", "folders", "folder", ("v1beta1", "v1", "v0alpha1"))
KINDS: Final = {kind.group: kind for kind in (DASHBOARDS, FOLDERS)}


@dataclass(frozen=True, slots=True)
class Meta:
    """What is known of a resource besides what it holds. `file` is empty where people saved it."""

    name: str
    number: int
    version: int
    folder_uid: str
    created_ms: int
    updated_ms: int
    created_by: str
    updated_by: str
    file: str = ""
    notes: Notes = field(default_factory=Notes)

    @property
    def resource_version(self) -> str:
        """Another one after each change."""
        return str(self.updated_ms * 10_000 + self.version % 10_000)


@dataclass(frozen=True, slots=True)
class Sent:
    """A resource as a request holds it. `folder_uid` None where it says nothing of a folder."""

    name: str
    generate_name: str
    resource_version: str
    uid: str
    folder_uid: str | None
    message: str
    spec: dict[str, Any] = field(default_factory=dict)
    notes: Notes = field(default_factory=Notes)


def sent_of(document: Any, kind: Kind, version: str) -> Sent:
    """Raises ApiError where it is no resource of the kind and version. What else Kubernetes has in metadata, as
    finalizers and owners, is not kept."""
    fields = Fields(document)
    if fields.text("kind", kind.name) != kind.name:
        raise bad_data(f"the kind is {kind.name}, not {fields.text('kind')}")
    wanted = f"{kind.group}/{version}"
    if fields.text("apiVersion", wanted) != wanted:
        raise bad_data(
            f"the API version in the data ({fields.text('apiVersion')}) does not match the expected API version "
            f"({wanted})"
        )
    meta = Fields(fields.mapping("metadata"))
    if (meta.text("namespace") or NAMESPACE) not in NAMESPACES:
        raise bad_data(f"the namespace of the object ({meta.text('namespace')}) is not {NAMESPACE}, the only one")
    notes = Fields(meta.mapping("annotations"))
    place = notes.text(FOLDER) if FOLDER in notes.values else None
    return Sent(
        meta.text("name"), meta.text("generateName"), meta.text("resourceVersion"), meta.text("uid"),
        "" if place == "general" else place, notes.text(MESSAGE)[:500], fields.mapping("spec"),
        Notes(_texts(meta, "annotations"), _texts(meta, "labels")),
    )  # fmt: skip


def _texts(meta: Fields, key: str) -> dict[str, str]:
    """Annotations or labels without those that the server says. Raises ApiError."""
    found = {name: value for name, value in meta.mapping(key).items() if name not in OWN}
    if len(found) > MAX_NOTES:
        raise bad_data(f"metadata.{key} has more than {MAX_NOTES} entries")
    if not all(isinstance(value, str) for value in found.values()):
        raise bad_data(f"metadata.{key} holds texts")
    if sum(len(name) + len(value) for name, value in found.items()) > MAX_NOTE:
        raise bad_data(f"metadata.{key}: Too long: may not be more than {MAX_NOTE} characters")
    return found


def is_second(spec: Mapping[str, Any]) -> bool:
    """Whether a dashboard is of the second schema."""
    return isinstance(spec.get("elements"), dict) and isinstance(spec.get("layout"), dict)


def check_schema(kind: Kind, version: str, spec: Mapping[str, Any]) -> None:
    """Raises ApiError where a spec is not of the schema that the version has."""
    if kind is DASHBOARDS and version in SECOND and not is_second(spec):
        raise bad_data(
            f"the spec of a dashboard of {version} has elements and a layout; for panels use {kind.versions[0]}"
        )


def resource_json(kind: Kind, version: str, meta: Meta, spec: Mapping[str, Any]) -> dict[str, Any]:
    """One resource. A dashboard is of the schema it was saved in; `status` says where that is not the one of the
    version."""
    notes = {
        **meta.notes.annotations,
        "grafana.app/createdBy": _by(meta.created_by), "grafana.app/updatedBy": _by(meta.updated_by),
        "grafana.app/updatedTimestamp": time_text(meta.updated_ms),
    }  # fmt: skip
    if meta.folder_uid:
        notes[FOLDER] = meta.folder_uid
    if meta.file:
        notes.update({
            "grafana.app/managedBy": "classic-file-provisioning", "grafana.app/managerId": "files",
            "grafana.app/sourcePath": meta.file,
        })  # fmt: skip
    found: dict[str, Any] = {
        "kind": kind.name,
        "apiVersion": f"{kind.group}/{version}",
        "metadata": {
            "name": meta.name,
            "namespace": NAMESPACE,
            "uid": _id(kind, meta.name),
            "resourceVersion": meta.resource_version,
            "generation": meta.version,
            "creationTimestamp": time_text(meta.created_ms),
            "labels": labels_of(meta),
            "annotations": notes,
        },
        "spec": dict(spec),
    }
    if kind is DASHBOARDS and (version in SECOND) is not is_second(spec):
        stored = SECOND[0] if is_second(spec) else kind.versions[0]
        said = f"it was saved in the schema of {stored}, and is shown as it is"
        found["status"] = {"conversion": {"failed": True, "storedVersion": stored, "error": said}}
    return found


def labels_of(meta: Meta) -> dict[str, str]:
    """Those that provisioners wrote, and the number of older tools."""
    return {**meta.notes.labels, NUMBER: str(meta.number)}


def check_version(kind: Kind, meta: Meta, resource_version: str, uid: str = "") -> None:
    """Raises ApiError where the resource is not the one that was seen any more; an empty text takes any."""
    seen = _id(kind, meta.name)
    if uid not in ("", seen):
        why = f"Precondition failed: UID in precondition: {uid}, UID in object meta: {seen}"
    elif resource_version not in ("", meta.resource_version):
        why = "the object has been modified; please apply your changes to the latest version and try again"
    else:
        return
    raise ApiError(409, "Conflict", f'Operation cannot be fulfilled on {kind.full_name} "{meta.name}": {why}')


def exists(kind: Kind, name: str) -> ApiError:
    """There is one of that name."""
    return ApiError(409, EXISTS, f'{kind.full_name} "{name}" already exists')


def missing(kind: Kind, name: str) -> ApiError:
    """There is none of that name."""
    return ApiError(404, "NotFound", f'{kind.full_name} "{name}" not found')


def status_json(error: ApiError) -> dict[str, Any]:
    """An error."""
    text = error.message.encode("utf-8", "replace").decode()
    reason = EXISTS if error.type == EXISTS else REASONS.get(error.status, "Unknown")
    return {
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": text, "reason": reason,
        "code": 409 if error.status == 412 else error.status,
    }  # fmt: skip


def deleted_json(kind: Kind, name: str) -> dict[str, Any]:
    """That it is gone."""
    details = {
        "name": name,
        "group": kind.group,
        "kind": kind.plural,
        "uid": _id(kind, name),
    }
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}


def groups_json() -> dict[str, Any]:
    """Which groups there are."""
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": [group_json(kind) for kind in KINDS.values()]}


def group_json(kind: Kind) -> dict[str, Any]:
    """One group, and its versions."""
    versions = [{"groupVersion": f"{kind.group}/{version}", "version": version} for version in kind.versions]
    return {
        "kind": "APIGroup", "apiVersion": "v1", "name": kind.group, "versions": versions,
        "preferredVersion": versions[0],
    }  # fmt: skip


def version_json(kind: Kind, version: str) -> dict[str, Any]:
    """What one version of a group has."""
    found = {
        "name": kind.plural, "singularName": kind.singular, "namespaced": True, "kind": kind.name,
        "verbs": ["create", "delete", "get", "list", "patch", "update", "watch"],
    }  # fmt: skip
    return {
        "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": f"{kind.group}/{version}", "resources": [found],
    }  # fmt: skip


def merged(old: Any, patch: Any, depth: int = 0) -> Any:
    """A merge patch applied, as RFC 7396 says."""
    if depth > 200:
        raise bad_data("the patch is nested too deeply")
    if not isinstance(patch, dict):
        return patch
    found = dict(old) if isinstance(old, dict) else {}
    for key, value in patch.items():
        if value is None:
            found.pop(key, None)
        else:
            found[key] = merged(found.get(key), value, depth + 1)
    return found


def _by(login: str) -> str:
    return f"user:{login}" if login else "anonymous:0"


def _id(kind: Kind, name: str) -> str:
    """The same for the same name, in every process."""
    return str(uuid.uuid5(_IDS, f"{kind.plural}/{name}"))
