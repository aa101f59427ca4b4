"""What Kubernetes' clients want to know of resources before they send one, as OpenAPI 3."""

from __future__ import annotations

from typing import Any, Final

from watchkeeper import __version__
from watchkeeper.web.grafana.apis.resource import KINDS, Kind

# Clients that find these leave it to the server to say what is wrong with a resource.
PARAMETERS: Final = ("dryRun", "fieldManager", "fieldValidation")
TOLD: Final = {
    "Dashboard": "A dashboard. Its spec is the dashboard's JSON, without id, uid and version.",
    "Folder": "A folder. Its spec has a title; metadata.annotations has the folder above, as grafana.app/folder.",
}


def index_json() -> dict[str, Any]:
    """Where the document of each version of each group is."""
    versions = [f"apis/{kind.group}/{version}" for kind in KINDS.values() for version in kind.versions]
    return {"paths": {at: {"serverRelativeURL": f"/openapi/v3/{at}"} for at in versions}}


def document_json(kind: Kind, version: str) -> dict[str, Any]:
    """Of one version of a group: its paths, and what a resource of it is."""
    is_of = {"group": kind.group, "version": version, "kind": kind.name}
    reference = {"$ref": f"#/components/schemas/{kind.name}"}
    content = {"application/json": {"schema": reference}}
    base = f"/apis/{kind.group}/{version}/namespaces/{{namespace}}/{kind.plural}"

    def operation(action: str) -> dict[str, Any]:
        found: dict[str, Any] = {
            "x-kubernetes-action": action, "x-kubernetes-group-version-kind": is_of,
            "responses": {"200": {"description": "OK", "content": content}},
        }  # fmt: skip
        if action in ("patch", "post", "put"):
            text = {"type": "string"}
            found["parameters"] = [{"name": name, "in": "query", "schema": text} for name in PARAMETERS]
            found["requestBody"] = {"content": content}
        return found

    return {
        "openapi": "3.0.0",
        "info": {"title": "watchkeeper", "version": __version__},
        "paths": {
            base: {"get": operation("list"), "post": operation("post")},
            f"{base}/{{name}}": {method: operation(method) for method in ("get", "put", "patch", "delete")},
        },
        "components": {"schemas": {kind.name: _schema(kind, is_of)}},
    }


def _schema(kind: Kind, is_of: dict[str, str]) -> dict[str, Any]:
    some = {"type": "object", "additionalProperties": {"type": "string"}}
    meta = {key: {"type": "string"} for key in ("name", "namespace", "generateName", "uid", "resourceVersion")}
    return {
        "type": "object", "description": TOLD[kind.name], "required": ["spec"],
        "x-kubernetes-group-version-kind": [is_of],
        "properties": {
            "apiVersion": {"type": "string"},
            "kind": {"type": "string"},
            "metadata": {"type": "object", "properties": {**meta, "labels": some, "annotations": some}},
            "spec": {"type": "object", "properties": {"title": {"type": "string"}},
                     "x-kubernetes-preserve-unknown-fields": True},
        },
    }  # fmt: skip
