"""Where the targets of a job come from: the discoveries of `watchkeeper.discovery`, and Docker's."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import ClassVar

from watchkeeper.core.config.decode import SectionPlace
from watchkeeper.core.config.kinds import Duration, Integer, ListOf, Nested, Text
from watchkeeper.core.config.schema import Inline, section, setting
from watchkeeper.core.http.config import HTTPClientConfig
from watchkeeper.discovery.config import (
    OTHER_MECHANISMS,
    DiscoveryConfig,
    DNSSDConfig,
    FileSDConfig,
    HTTPSDConfig,
    KubernetesSDConfig,
    StaticConfig,
)


@section
class DockerFilter:
    """One filter of Docker's list of containers."""

    name: str = setting(Text(filled=True))
    values: tuple[str, ...] = setting(ListOf(Text()), default=())


@section
class DockerSDConfig:
    """The containers of a Docker daemon; their logs are read through its API."""

    host: str = setting(Text(filled=True))
    port: int = setting(Integer(0, 65535), default=80)
    host_networking_host: str = setting(Text(), default="localhost")
    refresh_interval_ms: int = setting(Duration(positive=True), key="refresh_interval", default=60_000)
    filters: tuple[DockerFilter, ...] = setting(ListOf(Nested(DockerFilter)), default=())
    http_client: HTTPClientConfig = setting(Inline(HTTPClientConfig), default_factory=HTTPClientConfig)

    def checked(self, at: SectionPlace) -> DockerSDConfig:
        """Reports a host that is no address of a daemon."""
        if not self.host.startswith(("unix://", "tcp://", "http://", "https://")):
            at.report("host", f'"{self.host}" is not an address such as unix:///var/run/docker.sock or tcp://host:2375')
        return self


@section
class AgentDiscoveryConfigs:
    """All service discoveries of a job."""

    UNSUPPORTED: ClassVar[dict[str, str]] = {
        f"{name}_sd_configs": f"not supported by watchkeeper: {name}_sd_configs; use file_sd_configs or http_sd_configs"
        for name in [*(name for name in OTHER_MECHANISMS if name != "docker"), "consulagent"]
    }

    dns: tuple[DNSSDConfig, ...] = setting(ListOf(Nested(DNSSDConfig)), key="dns_sd_configs", default=())
    docker: tuple[DockerSDConfig, ...] = setting(ListOf(Nested(DockerSDConfig)), key="docker_sd_configs", default=())
    file: tuple[FileSDConfig, ...] = setting(ListOf(Nested(FileSDConfig)), key="file_sd_configs", default=())
    http: tuple[HTTPSDConfig, ...] = setting(ListOf(Nested(HTTPSDConfig)), key="http_sd_configs", default=())
    kubernetes: tuple[KubernetesSDConfig, ...] = setting(
        ListOf(Nested(KubernetesSDConfig)), key="kubernetes_sd_configs", default=()
    )
    static: tuple[StaticConfig, ...] = setting(ListOf(Nested(StaticConfig)), key="static_configs", default=())

    def __iter__(self) -> Iterator[DiscoveryConfig]:
        """Those that `watchkeeper.discovery` runs; static ones without a target have this machine."""
        for item in dataclasses.fields(self):
            if item.name == "docker":
                continue
            for config in getattr(self, item.name):
                if isinstance(config, StaticConfig) and not config.targets:
                    yield dataclasses.replace(config, targets=("localhost",))
                else:
                    yield config
