"""What a request shows of who we are: configured texts, and texts of files, read again when these change."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable
from pathlib import Path

from watchkeeper.core.config.secret import Secret
from watchkeeper.core.http.config import HTTPClientConfig
from watchkeeper.core.model.errors import WatchkeeperError


class CredentialError(WatchkeeperError):
    """Credentials that can't be had: an unreadable file, a token server that refuses. Never holds a secret."""


class FileText:
    """The text of a small file without surrounding white space; read again when its time, size or inode changes."""

    __slots__ = ("_path", "_state", "_text", "_what")

    def __init__(self, path: str, what: str) -> None:
        self._path = Path(path)
        self._what = what
        self._state: tuple[int, int, int] | None = None
        self._text = ""

    def __call__(self) -> str:
        """The text as the file has it now. Raises CredentialError."""
        try:
            found = os.stat(self._path)
            state = (found.st_mtime_ns, found.st_size, found.st_ino)
            if state != self._state:
                self._text = self._path.read_text("utf-8").strip()
                self._state = state
        except OSError as error:
            raise CredentialError(f"unable to read {self._what} {self._path}: {error.strerror}") from None
        except UnicodeDecodeError:
            raise CredentialError(f"unable to read {self._what} {self._path}: the text is not UTF-8") from None
        return self._text


Source = Callable[[], str]


def source(value: Secret | str | None, path: str, what: str) -> Source:
    """The text now: of the file if there is one, else the configured value."""
    if path:
        return FileText(path, what)
    text = value.reveal() if isinstance(value, Secret) else value or ""
    return lambda: text


def authorization_source(config: HTTPClientConfig) -> Source | None:
    """The value of the Authorization header for all ways but OAuth2; None if there is none."""
    basic = config.basic_auth
    if basic is not None:
        username = source(basic.username, basic.username_file, "username file")
        password = source(basic.password, basic.password_file, "password file")
        return lambda: basic_authorization(username(), password())
    authorization = config.authorization
    if authorization is None:
        return None
    kind = authorization.type
    credentials = source(authorization.credentials, authorization.credentials_file, "credentials file")

    def value() -> str:
        text = credentials()
        if not text.isprintable():
            # Not shown: a control character in a header would otherwise end up in an error that quotes it.
            raise CredentialError("the credentials hold a line break or a control character")
        return f"{kind} {text}" if text else kind

    return value


def basic_authorization(username: str, password: str) -> str:
    """The header value for a user and a password."""
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()
