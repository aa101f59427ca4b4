"""Which entries of a push are taken, and what the sender is told of the others.

Checks work on whole columns of the push; only streams are looped over, and a stream that was there before costs a
look-up. The good entries are taken even where others are refused. Of several problems the sender hears the first;
those that pass by themselves (429) before those that don't (400), so that what may be sent again is sent again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Final

from watchkeeper.core.model.labels import Labels
from watchkeeper.core.telemetry.metrics import Registry
from watchkeeper.logs.interface import EntryBatch
from watchkeeper.logs.store.discards import Discards
from watchkeeper.logs.store.known_stream import KnownStream
from watchkeeper.logs.store.overrides import Overrides
from watchkeeper.logs.store.push_check import ActiveStreams, PushCheck, Tenant, ValidatedBatch

MAX_KNOWN: Final = 100_000  # Streams of a tenant; some 60 MB. Beyond it all are forgotten, and known again when pushed.


class Validator:
    """Measures pushes by their tenants' limits. Safe for several threads."""

    def __init__(
        self,
        overrides: Overrides,
        registry: Registry,
        clock_ns: Callable[[], int],
        active: ActiveStreams | None = None,
    ) -> None:
        self._overrides = overrides
        self._clock_ns = clock_ns
        self._active = active
        self._discards = Discards(registry)
        self._lock = threading.Lock()
        self._tenants: dict[str, Tenant] = {}

    def validate(self, tenant: str, batch: EntryBatch) -> ValidatedBatch:
        """What of a push is to be stored. Refused entries are counted; nothing is raised."""
        now_ns = self._clock_ns()
        with self._lock:  # It is held for moments only: what takes time is done without.
            state = self._tenant(tenant, now_ns)
            streams = self._streams(tenant, state, batch.streams, now_ns)
        check = PushCheck(
            tenant, state, streams, batch, now_ns, lock=self._lock, discards=self._discards, active=self._active
        )
        return check.run()

    def _tenant(self, tenant: str, now_ns: int) -> Tenant:
        limits = self._overrides.of(tenant)
        state = self._tenants.get(tenant)
        if state is None or state.limits is not limits:
            before, state = state, Tenant(limits, now_ns)
            if before is not None and before.bucket is not None and state.bucket is not None:
                # Other limits alone give no second burst.
                before.bucket.rate, before.bucket.burst = state.bucket.rate, state.bucket.burst
                state.bucket = before.bucket
            self._tenants[tenant] = state
        return state

    @staticmethod
    def _streams(tenant: str, state: Tenant, sent: Sequence[str | Labels], now_ns: int) -> list[KnownStream]:
        known = state.streams
        if len(known) > MAX_KNOWN:
            known.clear()
        out = []
        for one in sent:
            stream = known.get(one)
            if stream is None:
                stream = KnownStream(tenant, one, state.limits, now_ns)
                if stream.problem is None:
                    # The same labels written in another way are the same stream, with the same rate.
                    stream = known.setdefault(stream.labels, stream)
                known[one] = stream
            out.append(stream)
        return out
