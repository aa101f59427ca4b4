"""Which tenant a request is for, and reads of several tenants at once."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Final

from aiohttp import web

from watchkeeper.core.kernels.line_block import Block
from watchkeeper.core.kernels.texts import Rows
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.model.matcher import Matcher
from watchkeeper.logs.interface import LogQuerier, Slice, Stream
from watchkeeper.web.errors import ApiError, bad_data
from watchkeeper.web.loki.backend import Backend

HEADER: Final = "X-Scope-OrgID"
TENANT_LABEL: Final = "__tenant_id__"
MAX_TENANT_BYTES: Final = 150
ALLOWED: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!-_.*'()")


def tenants_of(backend: Backend, request: web.Request) -> list[str]:
    """All tenants that a read asks for, sorted. Raises ApiError as upstream where there is none.

    Where no header names one, it is the user of basic authentication, as upstream's gateway has it.
    """
    settings = backend.settings
    if not settings.auth_enabled:
        return [settings.single_tenant]
    text = request.headers.get(HEADER, "") or _user(request)
    if not text:
        raise ApiError(401, "no_org_id", "no org id")
    names = text.split("|") if settings.multi_tenant_queries else [text]
    for name in names:
        _check(name)
    return sorted(set(names))


def tenant_of(backend: Backend, request: web.Request) -> str:
    """The one tenant of a write. Raises ApiError where there is none or more than one."""
    tenants = tenants_of(backend, request)
    if len(tenants) > 1:
        raise bad_data("multiple org IDs present")
    return tenants[0]


def querier_of(backend: Backend, tenants: Sequence[str]) -> LogQuerier:
    """What reads these tenants: of several, each stream tells its own in `__tenant_id__`."""
    if len(tenants) == 1:
        return backend.store.querier(tenants[0])
    return JoinedQuerier([(tenant, backend.store.querier(tenant)) for tenant in tenants])


def _user(request: web.Request) -> str:
    """The user's name in the request's credentials; empty where there is none. Passwords were checked before."""
    scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(encoded.strip(), validate=True).partition(b":")[0].decode()
    except ValueError:
        return ""


def _check(tenant: str) -> None:
    if not tenant:
        raise ApiError(401, "no_org_id", "no org id")
    odd = next((char for char in tenant if char not in ALLOWED), None)
    if odd is not None:
        raise bad_data(f"tenant ID '{tenant}' contains unsupported character '{odd}'")
    if len(tenant) > MAX_TENANT_BYTES:
        raise bad_data("tenant ID is too long: max 150 characters")
    if tenant in (".", ".."):
        raise bad_data("tenant ID is '.' or '..'")


class JoinedQuerier:
    """Several tenants as one; their streams carry `__tenant_id__`, which matchers may choose by."""

    def __init__(self, queriers: Sequence[tuple[str, LogQuerier]]) -> None:
        self._queriers = queriers

    def select(
        self, matchers: Sequence[Matcher], start_ns: int, end_ns: int, needles: Sequence[bytes] = ()
    ) -> Sequence[Slice]:
        """As LogQuerier.select, over all tenants that match."""
        found: list[Slice] = []
        for tenant, querier, rest in self._chosen(matchers):
            named: dict[int, Stream] = {}
            for part in querier.select(rest, start_ns, end_ns, needles):
                stream = part.stream
                if stream.id not in named:
                    named[stream.id] = _with_tenant(stream, tenant)
                found.append(_TenantSlice(part, named[stream.id]))
        return sorted(found, key=lambda part: (part.min_ns, part.stream.id))

    def streams(self, matchers: Sequence[Matcher], start_ns: int, end_ns: int) -> Sequence[Stream]:
        """As LogQuerier.streams."""
        return [
            _with_tenant(stream, tenant)
            for tenant, querier, rest in self._chosen(matchers)
            for stream in querier.streams(rest, start_ns, end_ns)
        ]

    def volumes(
        self, matchers: Sequence[Matcher], start_ns: int, end_ns: int
    ) -> Sequence[tuple[Stream, int, int, int]]:
        """As LogQuerier.volumes."""
        return [
            (_with_tenant(stream, tenant), chunks, size, entries)
            for tenant, querier, rest in self._chosen(matchers)
            for stream, chunks, size, entries in querier.volumes(rest, start_ns, end_ns)
        ]

    def _chosen(self, matchers: Sequence[Matcher]) -> list[tuple[str, LogQuerier, list[Matcher]]]:
        own = [matcher for matcher in matchers if matcher.name == TENANT_LABEL]
        rest = [matcher for matcher in matchers if matcher.name != TENANT_LABEL]
        return [
            (tenant, querier, rest)
            for tenant, querier in self._queriers
            if all(matcher.matches(tenant) for matcher in own)
        ]


class _TenantSlice:
    """A slice whose stream tells its tenant."""

    def __init__(self, part: Slice, stream: Stream) -> None:
        self._part = part
        self.stream = stream
        self.min_ns = part.min_ns
        self.max_ns = part.max_ns
        self.n_rows = part.n_rows
        self.whole = part.whole
        self.raw_bytes = part.raw_bytes
        self.is_head = part.is_head

    def load(self) -> tuple[Block, Rows]:
        """As Slice.load."""
        return self._part.load()


def _with_tenant(stream: Stream, tenant: str) -> Stream:
    pairs = dict(stream.labels)
    if TENANT_LABEL in pairs:
        pairs[f"original_{TENANT_LABEL}"] = pairs[TENANT_LABEL]
    labels = Labels({**pairs, TENANT_LABEL: tenant}.items())
    return Stream(stream.id, labels, str(labels))
