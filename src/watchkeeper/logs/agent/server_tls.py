"""TLS of the ports that a `server` block describes."""

from __future__ import annotations

import ssl

from watchkeeper.core.model.errors import ConfigError, ConfigProblem
from watchkeeper.logs.agent.config.server import ServerTLSConfig


def server_context(config: ServerTLSConfig | None) -> ssl.SSLContext | None:
    """The context; None for a port without TLS. Raises ConfigError where certificates can't be used."""
    if config is None or not config.cert_file:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(config.cert_file, config.key_file)
        if config.client_ca_file:
            context.load_verify_locations(config.client_ca_file)
            required = config.client_auth_type == "RequireAndVerifyClientCert"
            context.verify_mode = ssl.CERT_REQUIRED if required else ssl.CERT_OPTIONAL
    except (OSError, ValueError) as error:
        said = getattr(error, "strerror", None) or str(error)
        raise ConfigError(
            [ConfigProblem(config.cert_file, 1, 1, "http_tls_config", f"unable to use it: {said}")]
        ) from None
    return context
