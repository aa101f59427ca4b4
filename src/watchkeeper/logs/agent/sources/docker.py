"""The containers of a Docker daemon: found by its API, and their logs read through it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp

from watchkeeper.core.http.client import HTTPClient, describe
from watchkeeper.core.telemetry.log import get_logger
from watchkeeper.logs.agent.config.discovery import DockerSDConfig
from watchkeeper.logs.agent.sources.docker_frames import Frames
from watchkeeper.logs.agent.sources.job import Job
from watchkeeper.logs.agent.sources.labelling import Groups, Labelling
from watchkeeper.logs.agent.stages.rfc3339 import TimeReader

log = get_logger("agent")

READ_BYTES: Final = 256 << 10
MIN_RETRY_S: Final = 1.0
MAX_RETRY_S: Final = 30.0
LIST_TIMEOUT_S: Final = 10.0
_ODD: Final = re.compile(r"[^a-zA-Z0-9_]")
_META: Final = "__meta_docker_"


class DockerSource:
    """Follows every container that the rules of its job keep."""

    def __init__(self, job: Job, config: DockerSDConfig) -> None:
        self._job = job
        self._config = config
        self._labelling = Labelling({}, job.config.relabel_configs)
        self._session: aiohttp.ClientSession | None = None
        self._client: HTTPClient | None = None
        self._base = ""
        self._followed: dict[str, asyncio.Task[None]] = {}
        self._task: asyncio.Task[None] | None = None
        registry = job.metrics.registry
        self._entries = registry.counter(
            "promtail_docker_target_entries_total", "Total number of successful entries sent to the Docker target"
        )
        self._errors = registry.counter(
            "promtail_docker_target_parsing_errors_total",
            "Total number of parsing errors while receiving Docker messages",
        )

    async def start(self) -> None:
        """Begins to look for containers."""
        parts = urlsplit(self._config.host)
        if parts.scheme == "unix":
            self._session = aiohttp.ClientSession(connector=aiohttp.UnixConnector(parts.path), auto_decompress=True)
            self._base = "http://docker"
        else:
            self._client = HTTPClient(self._config.http_client)
            self._session = self._client.session
            scheme = "https" if parts.scheme == "https" or self._config.http_client.tls_config else "http"
            self._base = f"{scheme}://{parts.netloc}"
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """Ends all reads."""
        tasks = [*self._followed.values(), *([self._task] if self._task is not None else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._client is not None:
            await self._client.close()
        elif self._session is not None:
            await self._session.close()

    def status(self) -> dict[str, Any]:
        """What its page shows."""
        return {"type": "Docker", "labels": {}, "host": self._config.host, "containers": len(self._followed)}

    async def _run(self) -> None:
        told = ""
        while True:
            try:
                await self._refresh()
                told = ""
            except (aiohttp.ClientError, OSError, TimeoutError) as error:
                words = describe(error)
                if words != told:
                    log.error("the containers of Docker can't be listed", host=self._config.host, error=words)
                    told = words
                self._job.metrics.targets_failed.labels("error").inc()
            await asyncio.sleep(self._config.refresh_interval_ms / 1000)

    async def _refresh(self) -> None:
        filters = {one.name: list(one.values) for one in self._config.filters}
        import orjson

        listed = await self._get("/containers/json", {"filters": orjson.dumps(filters).decode()} if filters else {})
        networks = {one["Id"]: one for one in await self._get("/networks", {})}
        wanted: dict[str, dict[str, str]] = {}
        for container in listed:
            labels = container_labels(container, networks, self._config.host_networking_host)
            if self._labelling.labels(labels) is not None:
                wanted[container["Id"]] = labels
        for key in [key for key, task in self._followed.items() if task.done()]:
            del self._followed[key]
        for key, labels in wanted.items():
            if key not in self._followed:
                self._followed[key] = asyncio.get_running_loop().create_task(self._follow(key, labels))

    async def _get(self, path: str, query: Mapping[str, str]) -> Any:
        async with self._request(path, query, aiohttp.ClientTimeout(total=LIST_TIMEOUT_S)) as answer:
            answer.raise_for_status()
            return await answer.json(content_type=None)

    def _request(self, path: str, query: Mapping[str, str], timeout: aiohttp.ClientTimeout) -> Any:
        if self._client is not None:
            return self._client.request("GET", self._base + path, params=query, timeout=timeout)
        assert self._session is not None
        return self._session.get(self._base + path, params=query, timeout=timeout)

    async def _follow(self, key: str, labels: dict[str, str]) -> None:
        """Reads one container's log until it ends."""
        wait_s = MIN_RETRY_S
        reader = _ContainerLog(self._job, self._labelling, key, labels)
        while True:
            try:
                about = await self._get(f"/containers/{key}/json", {})
                frames = Frames(is_tty=bool(about.get("Config", {}).get("Tty")))
                query = {"follow": "1", "stdout": "1", "stderr": "1", "timestamps": "1", "since": reader.since}
                timeout = aiohttp.ClientTimeout(total=None, connect=LIST_TIMEOUT_S)
                async with self._request(f"/containers/{key}/logs", query, timeout) as answer:
                    answer.raise_for_status()
                    async for data in answer.content.iter_chunked(READ_BYTES):
                        wait_s = MIN_RETRY_S
                        n_lines = await reader.take(frames.feed(data))
                        self._entries.inc(n_lines)
                    n_lines = await reader.take(frames.rest())
                    self._entries.inc(n_lines)
                if not about.get("State", {}).get("Running"):
                    return
            except aiohttp.ClientResponseError as error:
                if error.status == 404:
                    return  # The container has gone.
                log.warn("the log of a container can't be read", container=key[:12], error=describe(error))
            except (aiohttp.ClientError, OSError, TimeoutError) as error:
                log.warn("the log of a container can't be read", container=key[:12], error=describe(error))
            except ValueError as error:
                self._errors.inc()
                log.warn("the log of a container is not as it should be", container=key[:12], error=error)
            await asyncio.sleep(wait_s)
            wait_s = min(MAX_RETRY_S, wait_s * 2)


class _ContainerLog:
    """One container's lines on their way."""

    def __init__(self, job: Job, labelling: Labelling, key: str, labels: dict[str, str]) -> None:
        self._job = job
        self._key = f"cursor-{key}"
        self.since = job.positions.get(self._key) or "0"
        self._times = TimeReader()
        self._labels = {
            stream: labelling.labels({**labels, f"{_META}container_log_stream": stream})
            for stream in ("stdout", "stderr")
        }

    async def take(self, lines: list[tuple[str, bytes]]) -> int:
        """Hands lines on, each with its stream and its time before it; how many."""
        groups = Groups()
        n_lines, newest_ns = 0, 0
        for stream, line in lines:
            stamp, _, text = line.partition(b" ")
            time_ns = self._times.read(stamp.decode("utf-8", "replace"))
            if time_ns is None:
                time_ns, text = self._job.times(1)[0], line
            labels = self._labels.get(stream)
            if labels is not None:
                groups.add(labels, text.removesuffix(b"\r"), time_ns)
                n_lines += 1
            newest_ns = max(newest_ns, time_ns)
        if lines:
            self.since = str(newest_ns // 10**9)
            with suppress(ValueError):
                await self._job.handle_groups(groups, key=self._key, position=self.since)
        return n_lines


def container_labels(
    container: Mapping[str, Any], networks: Mapping[str, Mapping[str, Any]], host_networking_host: str
) -> dict[str, str]:
    """`__meta_docker_*` of a container, by its first network and port."""
    names = container.get("Names") or [""]
    mode = (container.get("HostConfig") or {}).get("NetworkMode", "")
    out = {
        f"{_META}container_id": container["Id"],
        f"{_META}container_name": names[0],
        f"{_META}container_network_mode": mode,
    }
    for name, value in (container.get("Labels") or {}).items():
        out[f"{_META}container_label_{_ODD.sub('_', name)}"] = value
    found = ((container.get("NetworkSettings") or {}).get("Networks") or {}).items()
    for name, network in sorted(found):
        address = network.get("IPAddress", "")
        about = networks.get(network.get("NetworkID", ""), {})
        out[f"{_META}network_id"] = network.get("NetworkID", "")
        out[f"{_META}network_name"] = about.get("Name", name)
        out[f"{_META}network_ip"] = address
        for key, label in (("Scope", "scope"), ("Internal", "internal"), ("Ingress", "ingress")):
            value = about.get(key, "" if key == "Scope" else False)
            out[f"{_META}network_{label}"] = str(value).lower() if isinstance(value, bool) else str(value)
        for key, value in (about.get("Labels") or {}).items():
            out[f"{_META}network_label_{_ODD.sub('_', key)}"] = value
        break
    for port in container.get("Ports") or ():
        out[f"{_META}port_private"] = str(port.get("PrivatePort", ""))
        if port.get("PublicPort"):
            out[f"{_META}port_public"] = str(port["PublicPort"])
            out[f"{_META}port_public_ip"] = port.get("IP", "")
        break
    address = host_networking_host if mode == "host" else out.get(f"{_META}network_ip", "")
    out["__address__"] = f"{address}:{out.get(_META + 'port_private', '80')}"
    return {name: value for name, value in out.items() if value}
