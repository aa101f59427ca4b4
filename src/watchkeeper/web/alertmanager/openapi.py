"""An OpenAPI 3 description of the API of alerts, made from the table of its routes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeAlias

Schema: TypeAlias = Mapping[str, Any]

VERSION: Final = "3.0.3"
JSON: Final = "application/json"


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _list_of(schema: Schema, **limits: int) -> Schema:
    return {"type": "array", "items": schema, **limits}


def _object(required: Iterable[str], properties: Mapping[str, Schema]) -> Schema:
    return {"type": "object", "required": list(required), "properties": dict(properties)}


_TEXT: Final[Schema] = {"type": "string"}
_TIME: Final[Schema] = {"type": "string", "format": "date-time"}
_FLAG: Final[Schema] = {"type": "boolean", "default": True}
_TEXTS: Final[Schema] = _list_of(_TEXT)

# By name: schema and a sentence. Those of a list may stand several times.
PARAMETERS: Final[Mapping[str, tuple[Schema, str]]] = {
    "active": (_FLAG, "Whether active ones are asked for."),
    "silenced": (_FLAG, "Whether silenced alerts are asked for."),
    "inhibited": (_FLAG, "Whether inhibited alerts are asked for."),
    "unprocessed": (_FLAG, "Whether alerts that no route has seen yet are asked for."),
    "muted": (_FLAG, "Whether groups that a time interval mutes are asked for."),
    "expired": (_FLAG, "Whether silences that have ended are asked for."),
    "pending": (_FLAG, "Whether silences that are to come are asked for."),
    "filter": (_TEXTS, 'Matchers that labels, or the matchers of a silence, must pass: severity=~"warning|critical".'),
    "receiver": (_TEXT, "An expression that a receiver's whole name must match."),
    "receiver_matchers": (_TEXTS, "Matchers that a receiver's labels must pass; `receiver` is its name."),
}
_ALERTS: Final = ("active", "silenced", "inhibited")
_WHO: Final = ("filter", "receiver", "receiver_matchers")
ASKED: Final[Mapping[tuple[str, str], tuple[str, ...]]] = {
    ("GET", "/receivers"): ("receiver_matchers",),
    ("GET", "/alerts"): (*_ALERTS, "unprocessed", *_WHO),
    ("GET", "/alerts/groups"): (*_ALERTS, "muted", *_WHO),
    ("GET", "/silences"): ("filter", "active", "expired", "pending"),
}
BODIES: Final[Mapping[tuple[str, str], Schema]] = {
    ("POST", "/alerts"): _list_of(_ref("PostableAlert")),
    ("POST", "/silences"): _ref("PostableSilence"),
}
# Of a 200; without a schema it has no body.
ANSWERS: Final[Mapping[tuple[str, str], Schema | None]] = {
    ("GET", "/status"): _ref("Status"),
    ("GET", "/receivers"): _list_of(_ref("Receiver")),
    ("GET", "/alerts"): _list_of(_ref("GettableAlert")),
    ("POST", "/alerts"): None,
    ("GET", "/alerts/groups"): _list_of(_ref("AlertGroup")),
    ("GET", "/silences"): _list_of(_ref("GettableSilence")),
    ("POST", "/silences"): _object(["silenceID"], {"silenceID": _TEXT}),
    ("GET", "/silence/{id}"): _ref("GettableSilence"),
    ("DELETE", "/silence/{id}"): None,
}
# Statuses beside 200, with what they say.
NOT_READY: Final = (503, "The server starts or stops, is asked too much at a time, or took too long.")
BAD_PARAMETER: Final = (400, "A parameter is not what it should be.")
NO_SILENCE: Final = (404, "There is no silence of this id.")
REFUSALS: Final[Mapping[tuple[str, str], tuple[tuple[int, str], ...]]] = {
    ("GET", "/receivers"): (BAD_PARAMETER,),
    ("GET", "/alerts"): (BAD_PARAMETER,),
    ("POST", "/alerts"): (
        (400, "Some alerts are not valid; the others are taken. Or the body is not JSON of the right form."),
        (413, "The body is too large."),
        (415, "The body is not said to be JSON."),
        (422, "A part of the body is missing, or not what it should be."),
    ),
    ("GET", "/alerts/groups"): (BAD_PARAMETER,),
    ("GET", "/silences"): (BAD_PARAMETER,),
    ("POST", "/silences"): (
        (400, "The silence is not valid. Or the body is not JSON of the right form."),
        NO_SILENCE,
        (413, "The body is too large."),
        (415, "The body is not said to be JSON."),
        (422, "A part of the body is missing, or not what it should be."),
    ),
    ("GET", "/silence/{id}"): (NO_SILENCE, (422, "The id is none.")),
    ("DELETE", "/silence/{id}"): (NO_SILENCE, (422, "The id is none.")),
}
_EMPTY: Final = {("GET", "/silence/{id}", 404), ("DELETE", "/silence/{id}", 404)}


def document(routes: Iterable[tuple[str, str, str]], program_version: str) -> dict[str, Any]:
    """The description. `routes` are (method, path below /api/v2, a sentence)."""
    paths: dict[str, dict[str, Any]] = {}
    for method, path, summary in routes:
        paths.setdefault(path, {})[method.lower()] = _operation(method, path, summary)
    return {
        "openapi": VERSION,
        "info": {"title": "Alertmanager HTTP API of watchkeeper", "version": program_version},
        "servers": [{"url": "/api/v2"}],
        "paths": paths,
        "components": {"schemas": dict(SCHEMAS)},
    }


def _operation(method: str, path: str, summary: str) -> dict[str, Any]:
    key = (method, path)
    name = re.sub(r"[^a-z0-9]+", "-", path.lower()).strip("-")
    operation: dict[str, Any] = {"operationId": f"{method.lower()}-{name}", "summary": summary}
    parameters: list[dict[str, Any]] = [
        {"name": part, "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}}
        for part in re.findall(r"{(\w+)}", path)
    ]
    for asked in ASKED.get(key, ()):
        schema, sentence = PARAMETERS[asked]
        parameters.append({"name": asked, "in": "query", "description": sentence, "schema": dict(schema)})
    if parameters:
        operation["parameters"] = parameters
    if key in BODIES:
        operation["requestBody"] = {"required": True, "content": {JSON: {"schema": BODIES[key]}}}
    good: dict[str, Any] = {"description": "What was asked for, or was done."}
    if schema_of_answer := ANSWERS[key]:
        good["content"] = {JSON: {"schema": schema_of_answer}}
    operation["responses"] = {"200": good}
    for status, sentence in (*REFUSALS.get(key, ()), NOT_READY):
        refusal: dict[str, Any] = {"description": sentence}
        if status == NOT_READY[0]:
            refusal["content"] = {JSON: {"schema": _ref("Error")}, "text/plain": {"schema": _TEXT}}
        elif (method, path, status) not in _EMPTY:
            refusal["content"] = {JSON: {"schema": _ref("Error")}}
        operation["responses"][str(status)] = refusal
    return operation


_LABELS: Final[Schema] = {"type": "object", "additionalProperties": {"type": "string"}}
_MATCHER: Final = {"name": _TEXT, "value": _TEXT, "isRegex": {"type": "boolean"}, "isEqual": _FLAG}
_SILENCE: Final[Mapping[str, Schema]] = {
    "matchers": _list_of(_ref("Matcher"), minItems=1),
    "startsAt": _TIME,
    "endsAt": _TIME,
    "createdBy": _TEXT,
    "comment": _TEXT,
}
_ALERT: Final[Mapping[str, Schema]] = {
    "labels": _ref("LabelSet"),
    "annotations": _ref("LabelSet"),
    "startsAt": _TIME,
    "endsAt": _TIME,
    "generatorURL": {"type": "string", "format": "uri"},
}
_ALERT_STATUS: Final = _object(
    ("state", "silencedBy", "inhibitedBy", "mutedBy"),
    {
        "state": {"type": "string", "enum": ["unprocessed", "active", "suppressed"]},
        "silencedBy": _TEXTS,
        "inhibitedBy": _TEXTS,
        "mutedBy": _TEXTS,
    },
)
_CLUSTER: Final = _object(
    ("status", "peers"),
    {
        "name": _TEXT,
        "status": {"type": "string", "enum": ["ready", "settling", "disabled"]},
        "peers": _list_of(_object(("name", "address"), {"name": _TEXT, "address": _TEXT})),
    },
)
_VERSION_KEYS: Final = ("version", "revision", "branch", "buildUser", "buildDate", "goVersion")
_GIVEN: Final = {"id": _TEXT, "updatedAt": _TIME}
_STATES: Final = {"type": "string", "enum": ["expired", "active", "pending"]}

SCHEMAS: Final[Mapping[str, Schema]] = {
    "LabelSet": _LABELS,
    "Receiver": _object(["name"], {"name": _TEXT, "labels": _ref("LabelSet")}),
    "Matcher": _object(("name", "value", "isRegex"), _MATCHER),
    "PostableAlert": _object(["labels"], _ALERT),
    "GettableAlert": _object(
        ("annotations", "endsAt", "fingerprint", "labels", "receivers", "startsAt", "status", "updatedAt"),
        {
            **_ALERT,
            "fingerprint": {"type": "string", "pattern": "^[0-9a-f]{16}$"},
            "receivers": _list_of(_ref("Receiver")),
            "status": _ref("AlertStatus"),
            "updatedAt": _TIME,
        },
    ),
    "AlertStatus": _ALERT_STATUS,
    "AlertGroup": _object(
        ("alerts", "labels", "receiver"),
        {"alerts": _list_of(_ref("GettableAlert")), "labels": _ref("LabelSet"), "receiver": _ref("Receiver")},
    ),
    "PostableSilence": _object(tuple(_SILENCE), {"id": _TEXT, **_SILENCE}),
    "GettableSilence": _object(
        ("id", "status", "updatedAt", *_SILENCE),
        {**_GIVEN, "status": _object(["state"], {"state": _STATES}), **_SILENCE},
    ),
    "Status": _object(
        ("cluster", "config", "uptime", "versionInfo"),
        {
            "cluster": _CLUSTER,
            "config": _object(["original"], {"original": _TEXT}),
            "uptime": _TIME,
            "versionInfo": _object(_VERSION_KEYS, dict.fromkeys(_VERSION_KEYS, _TEXT)),
        },
    ),
    "Error": {
        "oneOf": [
            {"type": "string", "description": "Why it can't be done."},
            _object(("code", "message"), {"code": {"type": "integer"}, "message": _TEXT}),
        ]
    },
}
