"""Who sees entries as they are stored."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import numpy as np

from watchkeeper.core.kernels.line_block import Block
from watchkeeper.core.model.matcher import Matcher
from watchkeeper.core.telemetry.log import get_logger
from watchkeeper.logs.interface import Stream, TailBatch

log = get_logger("logs.store")

Deliver = Callable[[TailBatch], None]


class _Subscription:
    """One listener; which streams pass is found out once for each."""

    __slots__ = ("_matchers", "_passing", "deliver")

    def __init__(self, matchers: Sequence[Matcher], deliver: Deliver) -> None:
        self._matchers = tuple(matchers)
        self._passing: dict[str, bool] = {}
        self.deliver = deliver

    def wants(self, stream: Stream) -> bool:
        """Whether the stream passes the matchers."""
        known = self._passing.get(stream.text)
        if known is None:
            known = all(matcher.matches(stream.labels.get(matcher.name)) for matcher in self._matchers)
            self._passing[stream.text] = known
        return known


class Tails:
    """The listeners of all tenants."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_tenant: dict[str, tuple[_Subscription, ...]] = {}
        self.are_any = False

    def subscribe(self, tenant: str, matchers: Sequence[Matcher], deliver: Deliver) -> Callable[[], None]:
        """`deliver` gets the rows of matching streams from now on, in the pushing thread. Returns what ends it."""
        subscription = _Subscription(matchers, deliver)
        with self._lock:
            self._set(tenant, (*self._by_tenant.get(tenant, ()), subscription))

        def end() -> None:
            with self._lock:
                left = tuple(other for other in self._by_tenant.get(tenant, ()) if other is not subscription)
                self._set(tenant, left)

        return end

    def _set(self, tenant: str, subscriptions: tuple[_Subscription, ...]) -> None:
        if subscriptions:
            self._by_tenant[tenant] = subscriptions
        else:
            self._by_tenant.pop(tenant, None)
        self.are_any = bool(self._by_tenant)

    def deliver(self, tenant: str, stream: Stream, block: Block, lo: int, hi: int) -> None:
        """Rows lo to hi of a block were just stored. A listener that fails costs nobody else anything."""
        for subscription in self._by_tenant.get(tenant, ()):
            if subscription.wants(stream):
                try:
                    subscription.deliver(TailBatch(stream, block, np.arange(lo, hi, dtype=np.int32)))
                except Exception as error:  # The push must not fail for whoever listens.
                    log.error("a tail could not be told of new entries", err=error)

    def __len__(self) -> int:
        return sum(map(len, list(self._by_tenant.values())))
