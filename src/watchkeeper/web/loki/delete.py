"""Requests to delete lines: taken, listed, cancelled."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from aiohttp import web

from watchkeeper.core.model.errors import ParseError
from watchkeeper.logs.interface import DeleteRequest, KeepRows
from watchkeeper.logs.logql import ast
from watchkeeper.logs.logql.parser import parse_log_query
from watchkeeper.web.envelope import json_response
from watchkeeper.web.errors import ApiError, bad_data
from watchkeeper.web.loki.answer_json import dumps
from watchkeeper.web.loki.backend import Backend
from watchkeeper.web.loki.params import MS, NS, Params, parse_go_duration_ns, parse_time_ns
from watchkeeper.web.loki.tenancy import tenant_of

NOT_ENABLED: Final = "Retention is not enabled"
NOT_FOUND: Final = "could not find delete request with given id"
_SECONDS: Final = re.compile(r"\d{10}", re.ASCII)
_RFC3339: Final = re.compile(r"\d{4}-\d\d-\d\dT\S+", re.ASCII)

MakeKeep = Callable[[ast.LogQuery], KeepRows | None]
"""What tells the rows that stay; None where all of the streams' go."""


class Deletes:
    """The routes of delete requests."""

    def __init__(self, backend: Backend, make_keep: MakeKeep) -> None:
        self._backend = backend
        self._make_keep = make_keep

    async def add(self, request: web.Request) -> web.Response:
        """POST PUT /delete: takes a request; 204."""
        tenant = self._tenant(request)
        params = await Params.of(request, self._backend)
        text = params.get("query")
        if not text:
            raise bad_data("query not set")
        query = _checked(text)
        start_ns, end_ns = self._range(params)
        self._check_interval(params, query, start_ns, end_ns)
        made = DeleteRequest(
            id="",
            query=text,
            matchers=query.matchers,
            start_ns=start_ns,
            end_ns=end_ns,
            keep=self._make_keep(query),
            created_ns=params.now_ns,
        )
        await self._backend.run(lambda: self._backend.store.add_delete(tenant, made))
        return web.Response(status=204)

    async def list(self, request: web.Request) -> web.Response:
        """GET /delete: all requests of the tenant, oldest first."""
        tenant = self._tenant(request)
        found = await self._backend.run(lambda: list(self._backend.store.list_deletes(tenant)))
        out = [
            {
                "request_id": one.id,
                "start_time": one.start_ns / NS,
                "end_time": one.end_ns / NS,
                "query": one.query,
                "status": one.status,
                "created_at": one.created_ns / NS,
            }
            for one in sorted(found, key=lambda one: one.created_ns)
        ]
        return json_response(dumps(out) + b"\n")

    async def cancel(self, request: web.Request) -> web.Response:
        """DELETE /delete: forgets a request that was not processed; 204."""
        tenant = self._tenant(request)
        params = await Params.of(request, self._backend)
        id = params.get("request_id")
        found = await self._backend.run(
            lambda: next((one for one in self._backend.store.list_deletes(tenant) if one.id == id), None)
        )
        if found is None:
            raise ApiError(404, "not_found", NOT_FOUND)
        if found.status == "processed":
            raise bad_data("deletion of request which is in process or already processed is not allowed")
        if found.status != "received" and params.get("force") != "true":
            raise bad_data(
                "Unable to cancel partially completed delete request. To force, use the ?force query parameter"
            )
        await self._backend.run(lambda: self._backend.store.cancel_delete(tenant, id))
        return web.Response(status=204)

    def _tenant(self, request: web.Request) -> str:
        tenant = tenant_of(self._backend, request)
        if not self._backend.settings.deletes_enabled:
            raise bad_data(NOT_ENABLED)
        if self._backend.limits(tenant).deletion_mode == "disabled":
            raise ApiError(403, "disabled", "deletion is not available for this tenant")
        return tenant

    def _range(self, params: Params) -> tuple[int, int]:
        start = params.get("start")
        if not start:
            raise bad_data("start time not set")
        start_ns = _time_ns(start, "invalid start time: require unix seconds or RFC3339 format")
        end_ns = params.now_ns
        if end := params.get("end"):
            end_ns = _time_ns(end, "invalid end time: require unix seconds or RFC3339 format")
        if end_ns > params.now_ns:
            raise bad_data("deletes in the future are not allowed")
        if start_ns >= end_ns:
            raise bad_data("start time can't be greater than or equal to end time")
        return start_ns, end_ns

    def _check_interval(self, params: Params, query: ast.LogQuery, start_ns: int, end_ns: int) -> None:
        """Upstream splits requests with filters by this; here it is checked and has no other effect."""
        text = params.get("max_interval")
        if not text or not query.stages:
            return
        try:
            interval_ns = parse_go_duration_ns(text)
        except ValueError:
            interval_ns = 0
        if interval_ns < NS:
            raise bad_data("invalid max_interval: valid time units are 's', 'm', 'h'")
        most_ns = self._backend.settings.max_delete_interval_ns
        if most_ns and interval_ns > most_ns:
            raise bad_data(f"max_interval can't be greater than {_go_text(most_ns)}")
        if interval_ns > end_ns - start_ns:
            raise bad_data(
                f"max_interval can't be greater than the interval to be deleted ({_go_text(end_ns - start_ns)})"
            )


def _checked(text: str) -> ast.LogQuery:
    try:
        query = parse_log_query(text)
    except ParseError as error:
        raise bad_data(f"invalid query expression: {error}") from None
    return query


def _time_ns(text: str, otherwise: str) -> int:
    if not _SECONDS.fullmatch(text) and not _RFC3339.fullmatch(text):
        raise bad_data(otherwise)
    try:
        return parse_time_ns(text)
    except ValueError:
        raise bad_data(otherwise) from None


def _go_text(ns: int) -> str:
    """A duration as Go prints it: `24h0m0s`."""
    seconds, rest_ms = ns // NS, ns % NS // MS
    hours, minutes, seconds = seconds // 3600, seconds // 60 % 60, seconds % 60
    tail = f"{seconds}.{rest_ms:03d}".rstrip("0").rstrip(".") if rest_ms else str(seconds)
    if hours:
        return f"{hours}h{minutes}m{tail}s"
    return f"{minutes}m{tail}s" if minutes else f"{tail}s"
