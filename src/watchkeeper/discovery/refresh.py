"""The life of a discovery that asks again and again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

from watchkeeper.core.telemetry.log import get_logger
from watchkeeper.discovery.interface import Publish, TargetGroup
from watchkeeper.discovery.telemetry import DiscoveryMetrics

log = get_logger("discovery")


class RefreshError(Exception):
    """A refresh that gave nothing; the text is for the log and holds no secret."""


async def refresh_forever(
    refresh: Callable[[], Awaitable[Sequence[TargetGroup]]],
    interval_ms: int,
    publish: Publish,
    *,
    mechanism: str,
    config: str,
    metrics: DiscoveryMetrics,
) -> None:
    """Publish what `refresh` gives, at once and then at every interval; a RefreshError keeps what was published.

    mechanism, config   name the discovery in log lines and metrics
    """
    failures = metrics.refresh_failures.labels(mechanism, config)
    seconds = metrics.refresh_seconds.labels(mechanism, config)
    interval_s = interval_ms / 1000
    due = time.monotonic()
    while True:
        started = time.monotonic()
        try:
            publish(await refresh())
            seconds.observe(time.monotonic() - started)
        except RefreshError as error:
            failures.inc()
            log.error("unable to refresh target groups", discovery=mechanism, config=config, err=str(error))
        # Ticks keep their phase; those that a slow refresh missed are left out.
        due += interval_s * max(1, -(-(time.monotonic() - due) // interval_s))
        await asyncio.sleep(max(0.0, due - time.monotonic()))
