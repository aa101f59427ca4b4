"""Which way leads to each target of a job, and what these ways share."""

from __future__ import annotations

from typing import Final

from watchkeeper import __version__
from watchkeeper.core.http.client import HTTPClient
from watchkeeper.core.wire.negotiate import accept_header
from watchkeeper.metrics.scrape.config import ScrapeConfig
from watchkeeper.metrics.scrape.fetch import MAX_BODY_BYTES, ClientFetch, DirectFetch, Fetch, Request
from watchkeeper.metrics.scrape.target import UNIX_SOCKET, Target, host_and_port

USER_AGENT: Final = f"watchkeeper/{__version__}"


class HttpConnector:
    """The fetches of one scrape config. The client is made when the first target needs it."""

    def __init__(self, config: ScrapeConfig) -> None:
        self._config = config
        self._accept = accept_header(config.scrape_protocols, config.metric_name_escaping_scheme or "allow-utf-8")
        self._client: HTTPClient | None = None
        http = config.http_client
        # Whatever adds to the request or changes its way is the client's business.
        self._is_plain = not (
            http.basic_auth
            or http.authorization
            or http.oauth2
            or http.bearer_token
            or http.bearer_token_file
            or http.http_headers
            or http.proxy.proxy_url
            or http.proxy.proxy_from_environment
        )

    def fetch(self, target: Target) -> Fetch:
        """How this target is reached. Raises AssemblyError."""
        config = self._config
        host, port = host_and_port(target)
        timeout_s = target.timeout_ms / 1000
        request = Request(
            url=target.url,
            host=host,
            port=port,
            authority=target.address,
            path=target.path or "/",
            headers=(
                ("User-Agent", USER_AGENT),
                ("Accept", self._accept),
                ("X-Prometheus-Scrape-Timeout-Seconds", f"{timeout_s:g}"),
            ),
            timeout_s=timeout_s,
            limit_bytes=config.body_size_limit_bytes or MAX_BODY_BYTES,
            compression=config.enable_compression,
            unix_socket=target.hidden.get(UNIX_SOCKET),
        )
        if not self._is_plain or target.scheme != "http":
            return ClientFetch(request, self._shared_client)
        follow = config.http_client.follow_redirects
        return DirectFetch(request, (lambda: ClientFetch(request, self._shared_client)) if follow else None)

    def _shared_client(self) -> HTTPClient:
        if self._client is None:
            self._client = HTTPClient(self._config.http_client, user_agent=USER_AGENT, auto_decompress=False)
        return self._client

    async def close(self) -> None:
        """Close the client's connections."""
        if self._client is not None:
            await self._client.close()
            self._client = None
