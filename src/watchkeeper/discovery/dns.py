"""Targets from DNS records: A, AAAA, SRV, MX and NS."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from watchkeeper.core.telemetry.log import get_logger
from watchkeeper.discovery.config import DNSSDConfig
from watchkeeper.discovery.interface import Publish, TargetGroup
from watchkeeper.discovery.refresh import RefreshError, refresh_forever
from watchkeeper.discovery.telemetry import DiscoveryMetrics

log = get_logger("discovery")

RESOLV_CONF = Path("/etc/resolv.conf")
_NO_SUCH_NAME = frozenset((1, 4))  # c-ares: no data of this type; no such name.


@dataclass(frozen=True, slots=True)
class Record:
    """One answer: an address or a host name without its final dot, and for SRV a port."""

    host: str
    port: int = 0


Query = Callable[[str, str], Coroutine[Any, Any, list[Record]]]
"""The records of a full name and a type; none where there are none. Raises RefreshError where no server answers."""


class Resolver:
    """Asks the machine's name servers, or the given ones (`127.0.0.1:5353`)."""

    def __init__(self, servers: Sequence[str] = ()) -> None:
        # Imported here, since the library costs memory that a server without DNS discovery need not spend.
        import aiodns

        self._error = aiodns.error.DNSError
        self._resolver = aiodns.DNSResolver(nameservers=list(servers) or None, timeout=5.0, tries=2)

    async def query(self, name: str, kind: str) -> list[Record]:
        """As `Query`."""
        try:
            result = await self._resolver.query_dns(name, kind)
        except self._error as error:
            if error.args and error.args[0] in _NO_SUCH_NAME:
                return []
            raise RefreshError(f'could not resolve "{name}": {error.args[-1]}') from None
        return [record for answer in result.answer if (record := _record(answer.data, kind)) is not None]

    async def close(self) -> None:
        """Give up its sockets."""
        await self._resolver.close()


def _record(data: Any, kind: str) -> Record | None:
    """A record of the asked type; an alias (CNAME) on the way to it is none."""
    match kind:
        case "SRV" if hasattr(data, "target"):
            return Record(data.target.rstrip("."), data.port)
        case "MX" if hasattr(data, "exchange"):
            return Record(data.exchange.rstrip("."))
        case "NS" if hasattr(data, "nsdname"):
            return Record(data.nsdname.rstrip("."))
        case "A" | "AAAA" if hasattr(data, "addr"):
            return Record(data.addr)
    return None


def search_list(name: str, resolv_conf: str) -> list[str]:
    """The full names to try for a name, in order, as `search` and `ndots` of a resolv.conf say."""
    if name.endswith("."):
        return [name]
    domains: list[str] = []
    ndots = 1
    for line in resolv_conf.splitlines():
        words = line.split("#")[0].split()
        if words[:1] in (["search"], ["domain"]):
            domains = words[1:]
        for word in words[1:] if words[:1] == ["options"] else ():
            key, _, value = word.partition(":")
            if key == "ndots" and value.isdecimal():
                ndots = int(value)
    searched = [f"{name}.{domain.strip('.')}." for domain in domains if domain.strip(".")]
    whole = f"{name}."
    return [whole, *searched] if name.count(".") >= ndots else [*searched, whole]


class DNSDiscoverer:
    """Asks for the names of one configuration; each name is a group."""

    def __init__(
        self,
        config: DNSSDConfig,
        metrics: DiscoveryMetrics,
        *,
        job: str = "",
        query: Query | None = None,
        resolv_conf: Path = RESOLV_CONF,
    ) -> None:
        self._config = config
        self._metrics = metrics
        self._job = job
        self._query = query
        self._resolv_conf = resolv_conf

    async def run(self, publish: Publish) -> None:
        """Ask at once and at every refresh interval."""
        resolver = Resolver() if self._query is None else None
        query = self._query or (resolver.query if resolver else None)
        assert query is not None

        async def refresh() -> Sequence[TargetGroup]:
            return await self.refresh(query)

        try:
            await refresh_forever(
                refresh,
                self._config.refresh_interval_ms,
                publish,
                mechanism="dns",
                config=self._job,
                metrics=self._metrics,
            )
        finally:
            if resolver is not None:
                await resolver.close()

    async def refresh(self, query: Query) -> list[TargetGroup]:
        """The groups of all names that could be asked for; a name that failed keeps what it had.

        Raises RefreshError if every name failed.
        """
        results = await asyncio.gather(
            *(self._group(name, query) for name in self._config.names), return_exceptions=True
        )
        groups: list[TargetGroup] = []
        failures: list[RefreshError] = []
        for result in results:
            if isinstance(result, RefreshError):
                failures.append(result)
            elif isinstance(result, BaseException):
                raise result
            else:
                groups.append(result)
        if failures and not groups:
            raise failures[0]
        for failure in failures:
            self._metrics.refresh_failures.labels("dns", self._job).inc()
            log.error("unable to look up a name", discovery="dns", config=self._job, err=str(failure))
        return groups

    async def _group(self, name: str, query: Query) -> TargetGroup:
        records = await self._lookup(name, query)
        return TargetGroup(name, tuple(self._target(name, record) for record in records))

    async def _lookup(self, name: str, query: Query) -> list[Record]:
        try:
            text = self._resolv_conf.read_text()
        except OSError:
            text = ""
        failure: RefreshError | None = None
        for full_name in search_list(name, text):
            self._metrics.dns_lookups.inc()
            try:
                records = await query(full_name, self._config.type)
            except RefreshError as error:
                self._metrics.dns_failures.inc()
                failure = error
                continue
            if records:
                return records
        # Only where every server said that there is none, there is none; else what was known must stay.
        if failure is not None:
            raise failure
        return []

    def _target(self, name: str, record: Record) -> dict[str, str]:
        kind = self._config.type
        port = record.port if kind == "SRV" else self._config.port
        host = f"[{record.host}]" if ":" in record.host else record.host
        labels = {"__address__": f"{host}:{port}", "__meta_dns_name": name}
        if kind == "SRV":
            labels["__meta_dns_srv_record_target"] = f"{record.host}."
            labels["__meta_dns_srv_record_port"] = str(record.port)
        elif kind in ("MX", "NS"):
            labels[f"__meta_dns_{kind.lower()}_record_target"] = f"{record.host}."
        return labels
