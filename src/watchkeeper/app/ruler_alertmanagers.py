"""Where the ruler's settings send alerts, as the section `alerting` would say it."""

from __future__ import annotations

import dataclasses
from typing import Final
from urllib.parse import unquote, urlsplit

from watchkeeper.core.config.secret import Secret
from watchkeeper.core.http.config import Authorization, BasicAuth, HTTPClientConfig, TLSConfig
from watchkeeper.core.telemetry.log import get_logger
from watchkeeper.discovery.config import DiscoveryConfigs, DNSSDConfig, StaticConfig
from watchkeeper.logs.store.config_upkeep import RulerAlertmanagerClient, RulerConfig
from watchkeeper.rules.send.config import AlertingConfig, AlertmanagerConfig

MS: Final = 1_000_000

log = get_logger("ruler")


def alerting_of(config: RulerConfig) -> AlertingConfig:
    """The Alertmanagers of `ruler.alertmanager_url`: URLs with commas between them, perhaps with a user, a password
    and a path. With `enable_alertmanager_discovery` a host is the name of SRV records."""
    blocks = []
    for text in names_of(config.alertmanager_url):
        try:
            parts = urlsplit(text)
            host = parts.netloc.rpartition("@")[2]
            if parts.scheme not in ("http", "https") or not host:
                raise ValueError("expected http:// or https:// and a host")
        except ValueError as error:
            log.error("ruler.alertmanager_url has no address of an Alertmanager", error=error)
            continue
        discovery = DiscoveryConfigs(static=(StaticConfig(targets=(host,)),))
        if config.enable_alertmanager_discovery:
            refresh_ms = max(1000, config.alertmanager_refresh_interval_ns // MS)
            discovery = DiscoveryConfigs(dns=(DNSSDConfig(names=(host,), refresh_interval_ms=refresh_ms),))
        client = client_of(config.alertmanager_client)
        if parts.username:
            password = Secret(unquote(parts.password or ""))
            auth = BasicAuth(username=unquote(parts.username), password=password)
            client = dataclasses.replace(client, basic_auth=auth, authorization=None)
        blocks.append(
            AlertmanagerConfig(
                http_client=client,
                scheme=parts.scheme,
                path_prefix=parts.path,
                timeout_ms=max(1, config.notification_timeout_ns // MS),
                discovery=discovery,
            )
        )
    return AlertingConfig(alert_relabel_configs=config.alert_relabel_configs, alertmanagers=tuple(blocks))


def client_of(config: RulerAlertmanagerClient) -> HTTPClientConfig:
    """`ruler.alertmanager_client` as settings of requests."""
    tls = TLSConfig(
        ca_file=config.tls_ca_path,
        cert_file=config.tls_cert_path,
        key_file=config.tls_key_path,
        server_name=config.tls_server_name,
        insecure_skip_verify=config.tls_insecure_skip_verify,
    )
    client = HTTPClientConfig(tls_config=None if tls == TLSConfig() else tls)
    if config.basic_auth_username:
        auth = BasicAuth(username=config.basic_auth_username, password=config.basic_auth_password)
        return dataclasses.replace(client, basic_auth=auth)
    if config.credentials or config.credentials_file:
        token = Authorization(
            type=config.type, credentials=config.credentials, credentials_file=config.credentials_file
        )
        return dataclasses.replace(client, authorization=token)
    return client


def names_of(text: str) -> list[str]:
    """The names of a text that has commas between them."""
    return [name.strip() for name in text.split(",") if name.strip()]
