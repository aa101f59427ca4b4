"""TLS to a data source, as its settings want it."""

from __future__ import annotations

import os
import ssl
import tempfile
from functools import lru_cache
from typing import Any

from watchkeeper.dashboards.datasource import Datasource
from watchkeeper.web.errors import ApiError


def tls_options(datasource: Datasource) -> dict[str, Any]:
    """What the HTTP client is told: `ssl` and `server_hostname`, where there is something to tell. Raises ApiError."""
    settings, secrets = datasource.json_data, datasource.secrets
    is_blind = settings.get("tlsSkipVerify") is True
    authority = _text(datasource, "tlsCACert") if settings.get("tlsAuthWithCACert") is True else ""
    certificate = key = ""
    if settings.get("tlsAuth") is True and "tlsClientCert" in secrets and "tlsClientKey" in secrets:
        certificate, key = _text(datasource, "tlsClientCert"), _text(datasource, "tlsClientKey")
    options: dict[str, Any] = {}
    if is_blind or authority or certificate:
        try:
            options["ssl"] = _context(is_blind, authority, certificate, key)
        except (ssl.SSLError, ValueError, OSError) as error:
            raise ApiError(502, "datasource", f"{datasource.name}: its certificates can't be used: {error}") from None
    name = settings.get("serverName")
    if isinstance(name, str) and name and not is_blind and name.isascii():
        options["server_hostname"] = name
    return options


def _text(datasource: Datasource, name: str) -> str:
    secret = datasource.secrets.get(name)
    return secret.reveal() if secret is not None else ""


@lru_cache(maxsize=64)
def _context(is_blind: bool, authority: str, certificate: str, key: str) -> ssl.SSLContext:
    """Made once for the same certificates. Raises SSLError, ValueError and OSError."""
    context = ssl.create_default_context(cadata=authority or None)
    if is_blind:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if certificate:
        # Python's ssl reads a chain from a file alone; this one is its owner's, and is gone at once.
        handle, path = tempfile.mkstemp(prefix="watchkeeper-")
        try:
            with os.fdopen(handle, "w") as file:
                file.write(f"{certificate}\n{key}\n")
            context.load_cert_chain(path, password=lambda: "")  # A key behind a password is refused, not asked for.
        finally:
            os.unlink(path)
    return context
