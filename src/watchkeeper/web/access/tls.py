"""TLS of the server's own port."""

from __future__ import annotations

import os
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from watchkeeper.core.model.errors import ConfigError, ConfigProblem
from watchkeeper.web.access.config import CIPHERS, CURVES, TLSServerConfig

_VERSIONS: Final = {
    "TLS10": ssl.TLSVersion.TLSv1,
    "TLS11": ssl.TLSVersion.TLSv1_1,
    "TLS12": ssl.TLSVersion.TLSv1_2,
    "TLS13": ssl.TLSVersion.TLSv1_3,
}
_VERIFY: Final = {
    "VerifyClientCertIfGiven": ssl.CERT_OPTIONAL,
    "RequireAndVerifyClientCert": ssl.CERT_REQUIRED,
}


def server_context(config: TLSServerConfig, file: str) -> ssl.SSLContext:
    """A fresh context. Raises ConfigError, which names `file`, where certificates can't be used."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = _VERSIONS[config.min_version]
    context.maximum_version = _VERSIONS[config.max_version]
    key = config.key.reveal() if config.key else ""
    try:
        with _as_file(config.cert, config.cert_file) as cert_path, _as_file(key, config.key_file) as key_path:
            context.load_cert_chain(cert_path, key_path, password=_no_password)
        if config.client_ca or config.client_ca_file:
            context.load_verify_locations(cafile=config.client_ca_file or None, cadata=config.client_ca or None)
        context.verify_mode = _VERIFY.get(config.client_auth_type, ssl.CERT_NONE)
        suites = [CIPHERS[name] for name in config.cipher_suites if name in CIPHERS]
        if suites:
            context.set_ciphers(":".join(suites))
        if config.prefer_server_cipher_suites:
            context.options |= ssl.OP_CIPHER_SERVER_PREFERENCE
        if config.curve_preferences:
            # OpenSSL takes one curve through this interface: the preferred one.
            context.set_ecdh_curve(CURVES[config.curve_preferences[0]])
    except (OSError, ValueError) as error:
        said = getattr(error, "strerror", None) or str(error)
        raise ConfigError([ConfigProblem(file, 1, 1, "tls_server_config", f"unable to use it: {said}")]) from None
    return context


def is_allowed_peer(certificate: dict[str, Any], allowed: tuple[str, ...]) -> bool:
    """Whether a verified client certificate has one of these subject alternative names."""
    return any(value in allowed for _, value in certificate.get("subjectAltName", ()))


def _no_password() -> str:
    # Without this OpenSSL would ask on the terminal.
    raise ValueError("the key is encrypted")


@contextmanager
def _as_file(text: str, path: str) -> Iterator[str]:
    """The path, or a private file with the text for as long as the library needs it."""
    if path:
        yield path
        return
    handle, made = tempfile.mkstemp()
    try:
        with os.fdopen(handle, "w") as file:
            file.write(text)
        yield made
    finally:
        os.unlink(made)
