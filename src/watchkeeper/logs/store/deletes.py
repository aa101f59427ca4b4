"""Requests to delete lines: kept in a file, heeded by every query at once, carried out in the background."""

from __future__ import annotations

import dataclasses
import hashlib
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from watchkeeper.core.model.errors import CorruptionError, WatchkeeperError
from watchkeeper.core.model.matcher import Matcher, MatchType
from watchkeeper.core.telemetry.log import get_logger
from watchkeeper.logs.interface import DeleteRequest, KeepRows
from watchkeeper.logs.store.manifest import read_checked, write_checked
from watchkeeper.logs.store.metrics import StoreMetrics
from watchkeeper.logs.store.options import DAY_NS
from watchkeeper.logs.store.rebuild import ALL, NONE, Kept, Stored
from watchkeeper.logs.store.slices import is_hit, kept

log = get_logger("logs.store")

FILE: Final = "deletes.json"
RECEIVED: Final = "received"
PROCESSED: Final = "processed"
KEEP_PROCESSED_NS: Final = 30 * DAY_NS  # So long a request that was carried out is listed.

MakeKeep = Callable[[str], KeepRows | None]
"""From the text of a request's query, what tells the rows that stay; None where all of its streams' go."""


class Deletes:
    """The requests of all tenants. Safe for several threads."""

    def __init__(self, directory: Path, metrics: StoreMetrics, make_keep: MakeKeep | None = None) -> None:
        self._path = directory / FILE
        self._metrics = metrics
        self._make_keep = make_keep
        self._lock = threading.Lock()
        self._by_tenant: dict[str, tuple[DeleteRequest, ...]] = {}

    def open(self) -> None:
        """Read the file. A damaged one is told and set aside: the lines of its requests are answered again."""
        try:
            fields = read_checked(self._path) or {}
            found = {tenant: tuple(map(self._from_json, requests)) for tenant, requests in fields.items()}
        except (CorruptionError, ValueError, TypeError, KeyError, AttributeError) as error:
            self._metrics.corruptions.inc()
            log.error("the delete requests are damaged, and set aside", err=str(error))
            self._path.replace(self._path.with_name(FILE + ".corrupt"))
            return
        self._by_tenant = found

    def _from_json(self, fields: dict[str, Any]) -> DeleteRequest:
        keep: KeepRows | None = None
        if fields["has_filter"]:
            keep = _keep_everything
            try:
                made = self._make_keep(fields["query"]) if self._make_keep is not None else None
            except WatchkeeperError as error:
                log.error("a delete request's query is not understood; it deletes nothing", err=str(error))
            else:
                keep = made or _keep_everything
        return DeleteRequest(
            id=fields["id"],
            query=fields["query"],
            matchers=tuple(Matcher(name, MatchType(kind), value) for name, kind, value in fields["matchers"]),
            start_ns=int(fields["start_ns"]),
            end_ns=int(fields["end_ns"]),
            keep=keep,
            created_ns=int(fields["created_ns"]),
            status=fields["status"],
            labels=dict(fields["labels"]),
        )

    def _write(self, by_tenant: dict[str, tuple[DeleteRequest, ...]]) -> None:
        """Raises OSError; then nothing has changed."""
        fields = {tenant: [_as_json(request) for request in requests] for tenant, requests in by_tenant.items()}
        write_checked(self._path, fields)
        self._by_tenant = by_tenant

    def add(self, tenant: str, request: DeleteRequest) -> DeleteRequest:
        """Take a request; it gets an id where it has none. Raises OSError."""
        with self._lock:
            mine = self._by_tenant.get(tenant, ())
            id_ = request.id or _new_id(tenant, request, {one.id for one in mine})
            request = dataclasses.replace(request, id=id_, status=RECEIVED)
            self._write({**self._by_tenant, tenant: (*mine, request)})
        self._metrics.deletes_received.labels(tenant).inc()
        return request

    def all(self, tenant: str) -> Sequence[DeleteRequest]:
        """All requests of a tenant, oldest first."""
        return sorted(self._by_tenant.get(tenant, ()), key=lambda request: request.created_ns)

    def cancel(self, tenant: str, id_: str) -> bool:
        """Forget a request that was not carried out; whether there was one. Raises OSError."""
        with self._lock:
            mine = self._by_tenant.get(tenant, ())
            left = tuple(one for one in mine if one.id != id_ or one.status == PROCESSED)
            if len(left) == len(mine):
                return False
            self._write({**self._by_tenant, tenant: left})
            return True

    def pending(self, tenant: str) -> Sequence[DeleteRequest]:
        """Requests that queries have to heed: what was carried out is gone anyway."""
        return [request for request in self._by_tenant.get(tenant, ()) if request.status != PROCESSED]

    def due(self, before_ns: int) -> list[tuple[str, DeleteRequest]]:
        """Requests, with their tenants, that were made before this time and are not carried out."""
        return [
            (tenant, request)
            for tenant, requests in self._by_tenant.items()
            for request in requests
            if request.status != PROCESSED and request.created_ns <= before_ns
        ]

    def note(self, ids: set[tuple[str, str]], status: str, now_ns: int) -> None:
        """Set the status of requests, given as (tenant, id); forget those carried out long ago. Raises OSError."""
        with self._lock:
            oldest_ns = now_ns - KEEP_PROCESSED_NS
            by_tenant = {
                tenant: tuple(
                    dataclasses.replace(one, status=status) if (tenant, one.id) in ids else one
                    for one in requests
                    if one.status != PROCESSED or one.created_ns >= oldest_ns
                )
                for tenant, requests in self._by_tenant.items()
            }
            self._write(by_tenant)
        if status == PROCESSED:
            for tenant, _ in ids:
                self._metrics.deletes_processed.labels(tenant).inc()

    def figures(self, now_ns: int) -> tuple[int, float]:
        """How many requests wait, and the age of the oldest in seconds."""
        waiting = [one.created_ns for _, one in self.due(now_ns)]
        return len(waiting), (now_ns - min(waiting)) / 1e9 if waiting else 0.0


def keeper(requests: Sequence[tuple[str, DeleteRequest]]) -> Callable[[Stored], Kept]:
    """What of a block these requests leave alone."""

    def keep(stored: Stored) -> Kept:
        hits = [
            request
            for tenant, request in requests
            if tenant == stored.tenant
            and request.start_ns <= stored.max_ns
            and request.end_ns >= stored.min_ns
            and is_hit(request, stored.stream)
        ]
        if not hits:
            return ALL
        for request in hits:
            if request.keep is None and request.start_ns <= stored.min_ns and request.end_ns >= stored.max_ns:
                return NONE
        block = stored.block()
        times = block.times
        rows = np.arange(stored.n_rows, dtype=np.int32)
        for request in hits:
            rows = rows[kept(request, block, rows, times, stored.stream)]
        if not len(rows):
            return NONE
        return ALL if len(rows) == stored.n_rows else rows

    return keep


def _keep_everything(block: object, rows: Any, labels: object) -> Any:
    return np.ones(len(rows), np.bool_)


def _as_json(request: DeleteRequest) -> dict[str, Any]:
    return {
        "id": request.id,
        "query": request.query,
        "matchers": [(matcher.name, matcher.type.value, matcher.value) for matcher in request.matchers],
        "start_ns": request.start_ns,
        "end_ns": request.end_ns,
        "has_filter": request.keep is not None,
        "created_ns": request.created_ns,
        "status": request.status,
        "labels": dict(request.labels),
    }


def _new_id(tenant: str, request: DeleteRequest, taken: set[str]) -> str:
    text = f"{tenant}\0{request.query}\0{request.start_ns}\0{request.end_ns}\0{request.created_ns}"
    number = 0
    while True:
        id_ = hashlib.sha256(f"{text}\0{number}".encode()).hexdigest()[:8]
        if id_ not in taken:
            return id_
        number += 1
