"""TLS settings → an `ssl.SSLContext`, made when the first https request needs it and again when its files change."""

from __future__ import annotations

import os
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from watchkeeper.core.http.config import TLSConfig
from watchkeeper.core.http.credentials import CredentialError

_VERSIONS: Final = {
    "TLS10": ssl.TLSVersion.TLSv1,
    "TLS11": ssl.TLSVersion.TLSv1_1,
    "TLS12": ssl.TLSVersion.TLSv1_2,
    "TLS13": ssl.TLSVersion.TLSv1_3,
}

State = tuple[tuple[int, int, int] | None, ...]


class TLSContexts:
    """The context for a configuration; `get` gives a new one after a certificate, key or CA file has changed."""

    __slots__ = ("_config", "_context", "_files", "_state", "is_special")

    def __init__(self, config: TLSConfig | None) -> None:
        self._config = config or TLSConfig()
        self.is_special = self._config != TLSConfig()
        self._files = [path for path in (config.ca_file, config.cert_file, config.key_file) if path] if config else []
        self._context: ssl.SSLContext | None = None
        self._state: State = ()

    def get(self) -> ssl.SSLContext:
        """The context now. Raises CredentialError where a file can't be read or is not what it should be."""
        state = tuple(_state(path) for path in self._files)
        if self._context is None or state != self._state:
            self._context = make_context(self._config)
            self._state = state
        return self._context


def make_context(config: TLSConfig) -> ssl.SSLContext:
    """A fresh context. Raises CredentialError."""
    try:
        if config.ca or config.ca_file:
            context = ssl.create_default_context(cafile=config.ca_file or None, cadata=config.ca or None)
        else:
            context = ssl.create_default_context()
    except (OSError, ValueError) as error:
        raise CredentialError(f"unable to use CA certificate {config.ca_file}: {_reason(error)}") from None
    context.minimum_version = _VERSIONS[config.min_version or "TLS12"]
    if config.max_version:
        context.maximum_version = _VERSIONS[config.max_version]
    if config.insecure_skip_verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if config.cert or config.cert_file:
        key = config.key.reveal() if config.key else ""
        try:
            with _as_file(config.cert, config.cert_file) as cert_path, _as_file(key, config.key_file) as key_path:
                context.load_cert_chain(cert_path, key_path, password=_no_password)
        except (OSError, ValueError) as error:
            shown = " and ".join(path for path in (config.cert_file, config.key_file) if path)
            raise CredentialError(f"unable to use client certificate {shown}: {_reason(error)}") from None
    return context


def _no_password() -> str:
    # Without this OpenSSL would ask on the terminal.
    raise ValueError("the key is encrypted")


def _state(path: str) -> tuple[int, int, int] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        return str(error.reason or "not PEM").replace("_", " ").lower()
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


@contextmanager
def _as_file(text: str, path: str) -> Iterator[str]:
    """A path for OpenSSL, which takes certificates and keys from files alone; inline text never reaches a disk."""
    if path:
        yield path
    elif hasattr(os, "memfd_create"):
        fd = os.memfd_create("pem")
        try:
            os.write(fd, text.encode())
            yield f"/proc/self/fd/{fd}"
        finally:
            os.close(fd)
    else:
        with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
            file.write(text)
            file.flush()
            yield file.name
