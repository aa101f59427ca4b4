"""What of HTTP settings no error may show, though a server may send it back."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

from watchkeeper.core.config.schema import table_of
from watchkeeper.core.config.secret import Secret, Url
from watchkeeper.core.http.config import BasicAuth, HeaderSource, HTTPClientConfig
from watchkeeper.core.http.credentials import CredentialError, FileText

_SECRET_FILES = ("password_file", "credentials_file", "client_secret_file", "bearer_token_file")


def secrets_of_client(config: HTTPClientConfig) -> list[str]:
    """All secret texts of the settings, those of files as these are now, and a user with a password as it is sent."""
    return [text for text in _found(config) if text]


def _found(value: object) -> Iterator[str]:
    match value:
        case Secret():
            yield value.reveal()
        case Url():
            password = urlsplit(value.reveal()).password or ""
            yield password
            yield unquote(password)
        case dict():
            for item in value.values():
                yield from _found(item)
        case list() | tuple():
            for item in value:
                yield from _found(item)
        case _ if type(value).__module__ == HTTPClientConfig.__module__:
            for item in table_of(type(value)).settings:
                inner = getattr(value, item.field)
                if item.field in _SECRET_FILES and inner:
                    yield _text_of(inner)
                else:
                    yield from _found(inner)
            if isinstance(value, HeaderSource):
                for path in value.files:
                    yield _text_of(path)
            if isinstance(value, BasicAuth):
                yield _basic(value)


def _basic(auth: BasicAuth) -> str:
    user = _text_of(auth.username_file) if auth.username_file else auth.username
    password = _text_of(auth.password_file) if auth.password_file else ""
    if auth.password:
        password = auth.password.reveal()
    return base64.b64encode(f"{user}:{password}".encode()).decode()


def _text_of(path: str) -> str:
    try:
        return FileText(path, "file")()
    except CredentialError:
        return ""
