"""The section `alerting`: which Alertmanagers get alerts, how to speak to them, and how labels change on the way."""

from __future__ import annotations

from typing import ClassVar

from watchkeeper.core.config.decode import SectionPlace
from watchkeeper.core.config.kinds import Choice, Duration, ListOf, Nested, Text
from watchkeeper.core.config.schema import Inline, section, setting
from watchkeeper.core.http.config import HTTPClientConfig
from watchkeeper.core.relabel import RelabelConfig
from watchkeeper.discovery.config import DiscoveryConfigs


@section
class AlertmanagerConfig:
    """Where alerts are sent: discovered Alertmanagers, and how to speak to them."""

    UNSUPPORTED: ClassVar[dict[str, str]] = {
        "sigv4": "not supported by watchkeeper; use basic_auth, authorization or oauth2"
    }

    http_client: HTTPClientConfig = setting(Inline(HTTPClientConfig), default_factory=HTTPClientConfig)
    scheme: str = setting(Choice("http", "https", fold=True), default="http")
    path_prefix: str = setting(Text(), default="")
    timeout_ms: int = setting(Duration(positive=True), key="timeout", default=10_000)
    api_version: str = setting(Text(), default="v2")
    relabel_configs: tuple[RelabelConfig, ...] = setting(ListOf(Nested(RelabelConfig)), default=())
    alert_relabel_configs: tuple[RelabelConfig, ...] = setting(ListOf(Nested(RelabelConfig)), default=())
    discovery: DiscoveryConfigs = setting(Inline(DiscoveryConfigs), default_factory=DiscoveryConfigs)

    def checked(self, at: SectionPlace) -> AlertmanagerConfig:
        """Reports API versions that no Alertmanager has any more, and addresses that are none."""
        if self.api_version != "v2":
            problem = f"expected Alertmanager api version to be one of [v2] but got {self.api_version}"
            at.report("api_version", problem)
        if not self.relabel_configs and not at.is_broken("relabel_configs"):
            self.discovery.report_urls(at)
        return self


@section
class AlertingConfig:
    """Where alerts go, and how their labels change on the way."""

    alert_relabel_configs: tuple[RelabelConfig, ...] = setting(ListOf(Nested(RelabelConfig)), default=())
    alertmanagers: tuple[AlertmanagerConfig, ...] = setting(ListOf(Nested(AlertmanagerConfig)), default=())
