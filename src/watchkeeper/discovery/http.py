"""Target groups from a URL that answers them as JSON."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import aiohttp

from watchkeeper.core.http.client import HTTPClient, describe, read_limited
from watchkeeper.core.http.credentials import CredentialError
from watchkeeper.core.model.duration import format_duration_ms
from watchkeeper.discovery.config import HTTPSDConfig
from watchkeeper.discovery.groups import groups_from_json, target_groups, with_gone
from watchkeeper.discovery.interface import Publish, TargetGroup
from watchkeeper.discovery.refresh import RefreshError, refresh_forever
from watchkeeper.discovery.telemetry import DiscoveryMetrics

MAX_BODY_BYTES = 128 << 20
_JSON = re.compile(r'application/json(;\s*charset=("utf-8"|utf-8))?', re.IGNORECASE)


class HTTPDiscoverer:
    """Asks one URL; a failure keeps the groups of the last answer."""

    def __init__(
        self,
        config: HTTPSDConfig,
        metrics: DiscoveryMetrics,
        *,
        job: str = "",
        user_agent: str = "",
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self._config = config
        self._metrics = metrics
        self._job = job
        self._user_agent = user_agent
        self._environ = environ
        self._sources: set[str] = set()

    async def run(self, publish: Publish) -> None:
        """Ask at once and at every refresh interval."""
        client = HTTPClient(self._config.http_client, user_agent=self._user_agent, environ=self._environ)

        async def refresh() -> Sequence[TargetGroup]:
            return await self._refresh(client)

        try:
            await refresh_forever(
                refresh,
                self._config.refresh_interval_ms,
                publish,
                mechanism="http",
                config=self._job,
                metrics=self._metrics,
            )
        finally:
            await client.close()

    async def _refresh(self, client: HTTPClient) -> list[TargetGroup]:
        interval_s = self._config.refresh_interval_ms / 1000
        headers = {"Accept": "application/json", "X-Prometheus-Refresh-Interval-Seconds": f"{interval_s:f}"}
        try:
            async with client.request(
                "GET", self._config.url.reveal(), headers=headers, timeout=aiohttp.ClientTimeout(total=interval_s)
            ) as response:
                if response.status != 200:
                    raise RefreshError(f"server returned HTTP status {response.status} {response.reason}")
                content_type = response.headers.get("Content-Type", "")
                if not _JSON.fullmatch(content_type.strip()):
                    raise RefreshError(f'unsupported content type "{content_type[:100]}"')
                configs = groups_from_json(await read_limited(response, MAX_BODY_BYTES))
        except TimeoutError:
            self._metrics.http_failures.inc()
            raise RefreshError(f"no answer within {format_duration_ms(self._config.refresh_interval_ms)}") from None
        except aiohttp.ClientError as error:
            self._metrics.http_failures.inc()
            raise RefreshError(describe(error)) from None
        except (CredentialError, ValueError, RefreshError) as error:
            self._metrics.http_failures.inc()
            raise RefreshError(str(error)) from None
        # The shown form of the URL: labels are public, its password is not.
        url = str(self._config.url)
        groups = target_groups(configs, url, {"__meta_url": url})
        out = with_gone(groups, self._sources)
        self._sources = {group.source for group in groups}
        return out
