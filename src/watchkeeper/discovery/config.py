"""The service discovery blocks of a job: what each needs to find its targets."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from typing import ClassVar, Final

from watchkeeper.core.config.decode import SectionPlace
from watchkeeper.core.config.kinds import (
    Boolean,
    Choice,
    Duration,
    FilePath,
    Integer,
    ListOf,
    MapOf,
    Nested,
    Text,
    UrlKind,
)
from watchkeeper.core.config.schema import Inline, section, setting
from watchkeeper.core.config.secret import Url
from watchkeeper.core.http.config import HTTPClientConfig
from watchkeeper.core.relabel import check_label_name

_FILE_PATTERN: Final = re.compile(r"[^*]*(\*[^/]*)?\.(json|yml|yaml|JSON|YML|YAML)")

OTHER_MECHANISMS: Final = [
    "aws",
    "azure",
    "consul",
    "digitalocean",
    "docker",
    "dockerswarm",
    "ec2",
    "ecs",
    "elasticache",
    "eureka",
    "gce",
    "hetzner",
    "ionos",
    "kuma",
    "lightsail",
    "linode",
    "marathon",
    "msk",
    "nerve",
    "nomad",
    "oci",
    "openstack",
    "outscale",
    "ovhcloud",
    "puppetdb",
    "rds",
    "scaleway",
    "serverset",
    "stackit",
    "triton",
    "uyuni",
    "vultr",
]


def check_file_pattern(path: str) -> None:
    """Raises ValueError unless the path ends as a list of targets does, with at most one `*` in its last part."""
    if not _FILE_PATTERN.fullmatch(path):
        raise ValueError(f'path name "{path}" is not valid for file discovery')


@section
class StaticConfig:
    """Targets that the configuration lists itself; also the form of a group in files and HTTP answers."""

    targets: tuple[str, ...] = setting(ListOf(Text(filled=True)), default=(), show=True)
    labels: dict[str, str] = setting(MapOf(Text(), check_label_name, ""), default_factory=dict)


@section
class FileSDConfig:
    """Files with target groups, watched."""

    files: tuple[str, ...] = setting(ListOf(FilePath(check_file_pattern)), default=())
    refresh_interval_ms: int = setting(Duration(positive=True), key="refresh_interval", default=300_000)

    def checked(self, at: SectionPlace) -> FileSDConfig:
        """Reports an empty list."""
        if not self.files:
            at.report("files", "file service discovery config must contain at least one path name")
        return self


@section
class HTTPSDConfig:
    """A URL that answers target groups as JSON."""

    http_client: HTTPClientConfig = setting(Inline(HTTPClientConfig), default_factory=HTTPClientConfig)
    refresh_interval_ms: int = setting(Duration(positive=True), key="refresh_interval", default=60_000)
    url: Url = setting(UrlKind())


@section
class DNSSDConfig:
    """Names whose records are targets."""

    names: tuple[str, ...] = setting(ListOf(Text(filled=True)), default=(), show=True)
    refresh_interval_ms: int = setting(Duration(positive=True), key="refresh_interval", default=30_000)
    type: str = setting(Choice("SRV", "A", "AAAA", "MX", "NS"), default="SRV", show=True)
    port: int = setting(Integer(0, 65535), default=0)

    def checked(self, at: SectionPlace) -> DNSSDConfig:
        """Reports a lack of names, and of a port where the records bring none."""
        if not self.names:
            at.report("names", "DNS-SD config must contain at least one SRV record name")
        if self.type != "SRV" and not at.given("port"):
            problem = f'a port is required in DNS-SD configs for record type "{self.type}"'
            at.report("port", problem, involves=("type",))
        return self


KUBERNETES_ROLES: Final = ("node", "pod", "service", "endpoints", "endpointslice", "ingress")

_SELECTABLE: Final = {
    "pod": ("pod",),
    "service": ("service",),
    "endpointslice": ("pod", "service", "endpointslice"),
    "endpoints": ("pod", "service", "endpoints"),
    "node": ("node",),
    "ingress": ("ingress",),
}


@section
class KubernetesNamespaces:
    """Which namespaces to watch: all, if neither is set."""

    own_namespace: bool = setting(Boolean(), default=False, show=True)
    names: tuple[str, ...] = setting(ListOf(Text(filled=True)), default=())


@section
class KubernetesSelector:
    """A label or field selector for one kind of object."""

    role: str = setting(Choice(*KUBERNETES_ROLES, fold=True))
    label: str = setting(Text(), default="")
    field: str = setting(Text(), default="")


@section
class KubernetesAttachMetadata:
    """Labels of other objects to add to the targets."""

    node: bool = setting(Boolean(), default=False, show=True)
    namespace: bool = setting(Boolean(), default=False)
    deployment: bool = setting(Boolean(), default=False)
    job: bool = setting(Boolean(), default=False)
    cronjob: bool = setting(Boolean(), default=False)


@section
class KubernetesSDConfig:
    """Objects of a Kubernetes API server."""

    api_server: Url | None = setting(UrlKind(), default=None)
    role: str = setting(Choice(*KUBERNETES_ROLES, fold=True))
    kubeconfig_file: str = setting(FilePath(), default="", show=True)
    http_client: HTTPClientConfig = setting(Inline(HTTPClientConfig), default_factory=HTTPClientConfig)
    namespaces: KubernetesNamespaces | None = setting(Nested(KubernetesNamespaces), default=None)
    selectors: tuple[KubernetesSelector, ...] = setting(ListOf(Nested(KubernetesSelector)), default=())
    attach_metadata: KubernetesAttachMetadata | None = setting(Nested(KubernetesAttachMetadata), default=None)

    def checked(self, at: SectionPlace) -> KubernetesSDConfig:
        """Reports settings that exclude or need each other."""
        if self.api_server is not None and self.kubeconfig_file:
            problem = "cannot use 'kubeconfig_file' and 'api_server' simultaneously"
            at.report("kubeconfig_file", problem, involves=("api_server",))
        if self.api_server is None and self.http_client != HTTPClientConfig():
            word = "kubeconfig_file" if self.kubeconfig_file else "api_server"
            problem = (
                "cannot use a custom HTTP client configuration together with 'kubeconfig_file'"
                if self.kubeconfig_file
                else "to use custom HTTP client configuration please provide the 'api_server' URL explicitly"
            )
            at.report(word, problem, involves=("api_server", "kubeconfig_file"))
        if self.api_server is not None and self.namespaces is not None and self.namespaces.own_namespace:
            problem = "cannot use 'api_server' and 'namespaces.own_namespace' simultaneously"
            at.report("namespaces", problem, involves=("api_server",))
        seen: set[str] = set()
        for selector in self.selectors:
            if selector.role in seen:
                at.report("selectors", f'duplicated selector role "{selector.role}"')
            elif selector.role not in _SELECTABLE[self.role]:
                problem = f"{self.role} role supports only {', '.join(_SELECTABLE[self.role])} selectors"
                at.report("selectors", problem, involves=("role",))
            seen.add(selector.role)
        return self


DiscoveryConfig = StaticConfig | FileSDConfig | HTTPSDConfig | DNSSDConfig | KubernetesSDConfig


@section
class DiscoveryConfigs:
    """All service discoveries of a job; inlined in scrape configurations and in Alertmanager configurations."""

    UNSUPPORTED: ClassVar[dict[str, str]] = {
        f"{name}_sd_configs": f"not supported by watchkeeper: {name}_sd_configs; use file_sd_configs or http_sd_configs"
        for name in OTHER_MECHANISMS
    }

    dns: tuple[DNSSDConfig, ...] = setting(ListOf(Nested(DNSSDConfig)), key="dns_sd_configs", default=())
    file: tuple[FileSDConfig, ...] = setting(ListOf(Nested(FileSDConfig)), key="file_sd_configs", default=())
    http: tuple[HTTPSDConfig, ...] = setting(ListOf(Nested(HTTPSDConfig)), key="http_sd_configs", default=())
    kubernetes: tuple[KubernetesSDConfig, ...] = setting(
        ListOf(Nested(KubernetesSDConfig)), key="kubernetes_sd_configs", default=()
    )
    static: tuple[StaticConfig, ...] = setting(ListOf(Nested(StaticConfig)), key="static_configs", default=())

    def report_urls(self, at: SectionPlace) -> None:
        """Reports static targets that are paths or URLs; for jobs whose rules could not make addresses of them."""
        for group in self.static:
            for target in group.targets:
                if "/" in target:
                    at.report("static_configs", f'"{target}" is not a valid hostname')

    def __iter__(self) -> Iterator[DiscoveryConfig]:
        """All of them, the static ones last."""
        for item in dataclasses.fields(self):
            yield from getattr(self, item.name)
