"""An OpenAPI 3.1 description of the metrics API, made from the table of its routes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeAlias

import yaml

VERSIONS: Final = ("3.1", "3.2")

_Kinds: TypeAlias = Mapping[str, Mapping[str, Any]]

_TIME: Final = {"type": "string", "description": "Unix seconds or RFC 3339."}
_SPAN: Final = {"type": "string", "description": "Seconds, or a duration such as 5m."}
_COUNT: Final = {"type": "integer", "minimum": 0}
_TEXT: Final = {"type": "string"}
_FLAG: Final = {"type": "boolean"}
_LIST: Final = {"type": "array", "items": {"type": "string"}}

_RANGE: Final[_Kinds] = {"start": _TIME, "end": _TIME}
_QUERY: Final[_Kinds] = {"query": _TEXT, "timeout": _SPAN, "limit": _COUNT, "lookback_delta": _SPAN, "stats": _TEXT}
_SELECT: Final[_Kinds] = {"match[]": _LIST, **_RANGE, "limit": _COUNT}
_SEARCH: Final[_Kinds] = {
    **_SELECT,
    "search[]": _LIST,
    "fuzz_threshold": {"type": "integer", "minimum": 0, "maximum": 100},
    "fuzz_alg": {"type": "string", "enum": ["subsequence", "jarowinkler"]},
    "case_sensitive": _FLAG,
    "sort_by": {"type": "string", "enum": ["alpha", "score"]},
    "sort_dir": {"type": "string", "enum": ["asc", "dsc"]},
    "include_score": _FLAG,
    "batch_size": _COUNT,
}

PARAMETERS: Final[Mapping[str, _Kinds]] = {
    "query": {**_QUERY, "time": _TIME},
    "query_range": {**_QUERY, **_RANGE, "step": _SPAN},
    "query_exemplars": {"query": _TEXT, **_RANGE},
    "format_query": {"query": _TEXT},
    "parse_query": {"query": _TEXT},
    "labels": _SELECT,
    "label/{name}/values": _SELECT,
    "series": _SELECT,
    "scrape_pools/config": {"scrapePool": _TEXT},
    "targets": {"state": {"type": "string", "enum": ["active", "dropped", "any"]}, "scrapePool": _TEXT},
    "targets/metadata": {"match_target": _TEXT, "metric": _TEXT, "limit": _COUNT},
    "targets/relabel_steps": {"scrapePool": _TEXT, "labels": _TEXT},
    "metadata": {"limit": _COUNT, "limit_per_metric": _COUNT, "metric": _TEXT},
    "rules": {
        "type": {"type": "string", "enum": ["alert", "record"]},
        "rule_name[]": _LIST,
        "rule_group[]": _LIST,
        "file[]": _LIST,
        "match[]": _LIST,
        "exclude_alerts": _FLAG,
        "group_limit": _COUNT,
        "group_next_token": _TEXT,
    },
    "status/tsdb": {"limit": {"type": "integer", "minimum": 1, "maximum": 10_000}},
    "status/self_metrics": {"metric_name_pattern": _TEXT},
    "search/metric_names": {**_SEARCH, "include_metadata": _FLAG},
    "search/label_names": _SEARCH,
    "search/label_values": {**_SEARCH, "label": _TEXT},
    "admin/tsdb/delete_series": {"match[]": _LIST, **_RANGE},
    "admin/tsdb/snapshot": {"skip_head": _FLAG},
    "openapi.yaml": {"openapi_version": {"type": "string", "enum": list(VERSIONS)}},
}
REQUIRED: Final = {
    "query": ("query",),
    "query_range": ("query", "start", "end", "step"),
    "query_exemplars": ("query",),
    "format_query": ("query",),
    "parse_query": ("query",),
    "series": ("match[]",),
    "scrape_pools/config": ("scrapePool",),
    "targets/relabel_steps": ("scrapePool", "labels"),
    "search/label_values": ("label",),
    "admin/tsdb/delete_series": ("match[]",),
}


def document(routes: Iterable[tuple[tuple[str, ...], str, str]], version: str, program_version: str) -> str:
    """The description as YAML.

    routes    methods, path below /api/v1, and a sentence
    version   of OpenAPI, one of `VERSIONS`
    """
    paths: dict[str, dict[str, Any]] = {}
    for methods, path, summary in routes:
        operations = paths.setdefault("/" + path, {})
        for method in methods:
            operations[method.lower()] = _operation(method, path, summary)
    whole = {
        "openapi": f"{version}.0",
        "info": {"title": "Prometheus HTTP API of watchkeeper", "version": program_version},
        "servers": [{"url": "/api/v1"}],
        "paths": paths,
        "components": {"schemas": _SCHEMAS, "responses": _RESPONSES},
    }
    return yaml.safe_dump(whole, sort_keys=False, width=120, allow_unicode=True)


def _operation(method: str, path: str, summary: str) -> dict[str, Any]:
    name = re.sub(r"[^a-z0-9]+", "-", path.lower()).strip("-")
    operation: dict[str, Any] = {"operationId": f"{method.lower()}-{name}", "summary": summary}
    parameters: list[dict[str, Any]] = [
        {"name": part, "in": "path", "required": True, "schema": dict(_TEXT)} for part in re.findall(r"{(\w+)}", path)
    ]
    known, required = PARAMETERS.get(path, {}), REQUIRED.get(path, ())
    if method == "POST" and known:
        form: dict[str, Any] = {"type": "object", "properties": {key: dict(kind) for key, kind in known.items()}}
        if required:
            form["required"] = list(required)
        operation["requestBody"] = {"content": {"application/x-www-form-urlencoded": {"schema": form}}}
    else:
        parameters += [
            {"name": key, "in": "query", "required": key in required, "schema": dict(kind)}
            for key, kind in known.items()
        ]
    if parameters:
        operation["parameters"] = parameters
    operation["responses"] = {
        "200": {"$ref": "#/components/responses/Success"},
        "default": {"$ref": "#/components/responses/Error"},
    }
    return operation


_SCHEMAS: Final = {
    "Success": {
        "type": "object",
        "required": ["status"],
        "properties": {
            "status": {"const": "success"},
            "data": {},
            "warnings": {"type": "array", "items": {"type": "string"}},
            "infos": {"type": "array", "items": {"type": "string"}},
        },
    },
    "Error": {
        "type": "object",
        "required": ["status", "errorType", "error"],
        "properties": {"status": {"const": "error"}, "errorType": {"type": "string"}, "error": {"type": "string"}},
    },
}
_RESPONSES: Final = {
    name: {
        "description": sentence,
        "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}},
    }
    for name, sentence in (("Success", "What was asked for."), ("Error", "Why it can't be said."))
}
