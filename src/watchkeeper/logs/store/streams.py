"""The streams of all tenants, by label set and by matcher.

One table holds them all: a stream's tenant is a label whose name no sender can use. A stream's id is its slot there.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from watchkeeper.core.index.select import Refs, select_refs
from watchkeeper.core.kernels.series_table import SeriesTable
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.model.matcher import Matcher, MatchType
from watchkeeper.core.model.packed_labels import pack, unpack
from watchkeeper.logs.interface import Stream

TENANT: Final = "\x00tenant"
"""The name of the label that holds a stream's tenant; sorts before all others."""


def pack_key(tenant: str, labels: Labels) -> bytes:
    """A stream's identity as bytes: what the log and the segments hold."""
    return b"%s\xff%s\xff%s" % (TENANT.encode(), tenant.encode(), pack(labels))


def unpack_key(key: bytes) -> tuple[str, Labels]:
    """Tenant and labels of such bytes. Raises ValueError."""
    labels = unpack(key)
    if not key.startswith(TENANT.encode() + b"\xff") or not key.endswith(b"\xff"):
        raise ValueError("a stream without a tenant")
    return labels.get(TENANT), labels.drop((TENANT,))


class Streams:
    """Every stream that is in the head or in a segment whose footer was read. Safe for several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.changes = threading.RLock()  # Held from when a segment's streams get their ids until it has them.
        self._table = SeriesTable()
        self._streams: dict[int, Stream] = {}
        self._tenants: dict[int, str] = {}
        self._by_labels: dict[tuple[str, Labels], Stream] = {}

    def __len__(self) -> int:
        return len(self._streams)

    def get(self, tenant: str, labels: Labels) -> Stream:
        """The stream with these labels, made when first asked for."""
        known = self._by_labels.get((tenant, labels))
        if known is not None:
            return known
        with self._lock:
            return self._make(tenant, labels)

    def _make(self, tenant: str, labels: Labels) -> Stream:
        known = self._by_labels.get((tenant, labels))
        if known is None:
            refs, record = self._table.plan([Labels((*labels, (TENANT, tenant)))])
            if record:
                self._table.apply(record)
            known = Stream(int(refs[0]), labels, str(labels))
            self._streams[known.id] = known
            self._tenants[known.id] = tenant
            self._by_labels[tenant, labels] = known
        return known

    def ids_of(self, keys: Iterable[bytes]) -> npt.NDArray[np.int64]:
        """int64: the ids of streams given as `pack_key` makes them; new ones are made. Raises ValueError."""
        pairs = [unpack_key(key) for key in keys]
        with self._lock:
            return np.array([self._make(tenant, labels).id for tenant, labels in pairs], np.int64)

    def select(self, tenant: str, matchers: Sequence[Matcher]) -> Refs:
        """The ids, ascending, of a tenant's streams that pass all matchers."""
        with self._lock:
            return select_refs(self._table, [Matcher(TENANT, MatchType.EQUAL, tenant), *matchers])

    def passing(self, tenant: str, matchers: Sequence[Matcher]) -> npt.NDArray[np.bool_]:
        """bool (n_ids,): whether the stream of each id is the tenant's and passes all matchers."""
        refs = self.select(tenant, matchers)
        with self._lock:
            flags = np.zeros(self._table.n_slots, np.bool_)
        flags[refs] = True
        return flags

    def stream(self, id_: int) -> Stream:
        """The stream of an id. Raises KeyError."""
        return self._streams[id_]

    def tenant(self, id_: int) -> str:
        """Whose stream it is. Raises KeyError."""
        return self._tenants[id_]

    def key(self, id_: int) -> bytes:
        """The stream as `pack_key` writes it."""
        return pack_key(self._tenants[id_], self._streams[id_].labels)

    def tenants(self) -> list[str]:
        """Sorted names of the tenants that have a stream."""
        with self._lock:
            return self._table.label_values(TENANT)

    def ids(self) -> set[int]:
        """The ids of all streams."""
        with self._lock:
            return set(self._streams)

    def forget(self, ids: set[int]) -> None:
        """Forget streams. Their ids are given to others only after the next call."""
        with self._lock:
            self._table.release_slots()
            flags = np.zeros(self._table.n_slots, np.uint8)
            flags[list(self._streams.keys() - ids)] = 1
            for id_ in ids & self._streams.keys():
                gone = self._streams.pop(id_)
                del self._by_labels[self._tenants.pop(id_), gone.labels]
            self._table.keep_only(flags)
