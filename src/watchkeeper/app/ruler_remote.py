"""`ruler.remote_write`: where recorded samples of log rules go from a process without a metrics store."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path
from typing import Final
from urllib.parse import quote

from watchkeeper import __version__
from watchkeeper.app.nowhere import Nowhere
from watchkeeper.core.config.decode import SectionPlace
from watchkeeper.core.config.kinds import Boolean, Duration, MapOf, Nested
from watchkeeper.core.config.schema import section, setting
from watchkeeper.core.telemetry.log import get_logger
from watchkeeper.core.telemetry.metrics import Registry
from watchkeeper.metrics.interface import Appender
from watchkeeper.metrics.remote.config import RemoteWriteConfig
from watchkeeper.metrics.remote.manager import RemoteWriteManager

TENANT_HEADER: Final = "X-Scope-OrgID"
FLUSH_S: Final = 5.0  # When the process ends; what is left waits in the spool.

log = get_logger("ruler")


@section
class RulerRemoteWrite:
    """The block; `client` is one of the `clients` without a name of its own."""

    enabled: bool = setting(Boolean(), default=False)
    client: RemoteWriteConfig | None = setting(Nested(RemoteWriteConfig), default=None)
    clients: dict[str, RemoteWriteConfig] = setting(MapOf(Nested(RemoteWriteConfig)), default_factory=dict)
    config_refresh_period_ms: int = setting(Duration(), key="config_refresh_period", default=10_000)
    add_org_id_header: bool = setting(Boolean(), default=True, show=True)

    def checked(self, at: SectionPlace) -> RulerRemoteWrite:
        """Reports that it is enabled, and goes nowhere."""
        is_broken = at.is_broken("client") or at.is_broken("clients")
        if self.enabled and self.client is None and not self.clients and not is_broken:
            at.report("enabled", "remote-write enabled but no client or clients are configured")
        return self

    def of_tenant(self, tenant: str) -> list[RemoteWriteConfig]:
        """The remotes of one tenant: each has a name of the tenant's, and says in a header whose samples they are."""
        if not self.enabled:
            return []
        named = dict(self.clients)
        if self.client is not None:
            named = {"default": self.client, **named}
        found = []
        for name, config in named.items():
            headers = {key: value for key, value in config.headers.items() if key.lower() != TENANT_HEADER.lower()}
            headers = {**headers, TENANT_HEADER: tenant} if self.add_org_id_header else config.headers
            found.append(dataclasses.replace(config, name=f"{tenant}-rw-{config.name or name}", headers=headers))
        return found


class RulerRemotes:
    """The queues of one tenant. Its coroutines belong to one event loop."""

    def __init__(self, config: RulerRemoteWrite, tenant: str, folder: Path, registry: Registry) -> None:
        """What waits to be sent is kept below `folder`, each tenant's in one of its own."""
        self._configs = config.of_tenant(tenant)
        self._manager = RemoteWriteManager(
            folder / quote(tenant, safe="").replace(".", "%2E"),
            registry,
            now_ms=lambda: time.time_ns() // 1_000_000,
            user_agent=f"watchkeeper/{__version__}",
        )

    @property
    def appender(self) -> Appender:
        """Takes what is to be sent."""
        return self._manager.tee(Nowhere())

    async def start(self) -> None:
        """Begins to send. Raises OSError where a spool can't be opened."""
        await self._manager.apply(self._configs, {})

    async def close(self) -> None:
        """Sends what waits, for a moment."""
        await self._manager.close(FLUSH_S)
