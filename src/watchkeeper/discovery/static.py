"""Targets that the configuration lists itself."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from watchkeeper.discovery.config import StaticConfig
from watchkeeper.discovery.interface import Publish, TargetGroup


class StaticDiscoverer:
    """Publishes its groups once."""

    def __init__(self, configs: Sequence[StaticConfig]) -> None:
        self._groups = [
            TargetGroup(str(i), tuple({"__address__": target} for target in config.targets), dict(config.labels))
            for i, config in enumerate(configs)
        ]

    async def run(self, publish: Publish) -> None:
        """Publish, then wait to be cancelled."""
        publish(self._groups)
        await asyncio.Event().wait()
