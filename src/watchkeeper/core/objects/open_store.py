"""Settings → obstore's store."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any, Final, assert_never

from watchkeeper.core.objects.settings import (
    AzureSettings,
    FolderSettings,
    GcsSettings,
    ObjectSettings,
    Retries,
    S3Settings,
)

DEFAULT_REGION: Final = "us-east-1"  # What servers that have no regions call theirs.
CONNECT_TIMEOUT: Final = timedelta(seconds=5)
_SSE: Final = {"SSE-S3": "AES256", "SSE-KMS": "aws:kms"}


def open_store(settings: ObjectSettings) -> Any:
    """The store that settings describe. Raises what obstore raises where they can't be used."""
    match settings:
        case FolderSettings():
            from obstore.store import LocalStore

            directory = settings.directory / settings.prefix
            directory.mkdir(parents=True, exist_ok=True)
            return LocalStore(directory)
        case S3Settings():
            return _s3(settings)
        case GcsSettings():
            return _gcs(settings)
        case AzureSettings():
            return _azure(settings)
        case _:
            assert_never(settings)


def _s3(settings: S3Settings) -> Any:
    from obstore.store import S3Store

    path_style = bool(settings.endpoint) if settings.path_style is None else settings.path_style
    url = settings.url
    if url and not path_style:
        # The library wants the bucket in the host's name already.
        scheme, _, host = url.partition("://")
        url = url if host.startswith(f"{settings.bucket}.") else f"{scheme}://{settings.bucket}.{host}"
    config = {
        "endpoint": url,
        "region": settings.region or (DEFAULT_REGION if settings.endpoint else ""),
        "access_key_id": settings.access_key_id,
        "secret_access_key": settings.secret_access_key.reveal(),
        "session_token": settings.session_token.reveal(),
        "server_side_encryption": _SSE.get(settings.sse_type, ""),
        "sse_kms_key_id": settings.sse_kms_key_id,
    }
    client = _client(settings.retries, allow_http=url.startswith("http://"))
    if settings.skip_verify:
        client["allow_invalid_certificates"] = True
    if settings.ca_file:
        client["root_certificate"] = Path(settings.ca_file).read_bytes()
    if settings.storage_class:
        client["default_headers"] = {"x-amz-storage-class": settings.storage_class}
    return S3Store(
        settings.bucket,
        prefix=settings.prefix or None,
        config={key: value for key, value in config.items() if value}
        | {"virtual_hosted_style_request": not path_style},  # type: ignore[arg-type]
        client_options=client,  # type: ignore[arg-type]
        retry_config=_retry(settings.retries),  # type: ignore[arg-type]
    )


def _gcs(settings: GcsSettings) -> Any:
    from obstore.store import GCSStore

    config = {"service_account_key": settings.service_account.reveal(), "base_url": settings.endpoint}
    return GCSStore(
        settings.bucket,
        prefix=settings.prefix or None,
        config={key: value for key, value in config.items() if value},  # type: ignore[arg-type]
        client_options=_client(settings.retries, allow_http=settings.endpoint.startswith("http://")),  # type: ignore[arg-type]
        retry_config=_retry(settings.retries),  # type: ignore[arg-type]
    )


def _azure(settings: AzureSettings) -> Any:
    from obstore.store import AzureStore

    parts = _connection_string(settings.connection_string.reveal())
    account = parts.get("accountname", settings.account_name)
    suffix = parts.get("endpointsuffix", settings.endpoint_suffix)
    endpoint = parts.get("blobendpoint", "")
    if not endpoint and suffix:
        endpoint = f"https://{account}.{suffix if suffix.startswith('blob.') else f'blob.{suffix}'}"
    config = {
        "account_name": account,
        "account_key": parts.get("accountkey", settings.account_key.reveal()),
        "sas_key": parts.get("sharedaccesssignature", ""),
        "endpoint": endpoint,
        "client_id": settings.client_id,
        "client_secret": settings.client_secret.reveal(),
        "tenant_id": settings.tenant_id,
    }
    return AzureStore(
        settings.container,
        prefix=settings.prefix or None,
        config={key: value for key, value in config.items() if value},  # type: ignore[arg-type]
        client_options=_client(settings.retries, allow_http=endpoint.startswith("http://")),  # type: ignore[arg-type]
        retry_config=_retry(settings.retries),  # type: ignore[arg-type]
    )


def _connection_string(text: str) -> dict[str, str]:
    """The parts of `AccountName=…;AccountKey=…`, names in lower case."""
    pairs = (part.partition("=") for part in text.split(";") if "=" in part)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _client(retries: Retries, *, allow_http: bool) -> dict[str, Any]:
    return {
        "allow_http": allow_http,
        "connect_timeout": CONNECT_TIMEOUT,
        "timeout": timedelta(microseconds=retries.timeout_ns / 1000),
    }


def _retry(retries: Retries) -> dict[str, Any]:
    attempts = max(1, retries.attempts)
    return {
        "max_retries": attempts - 1,
        "retry_timeout": timedelta(microseconds=attempts * retries.timeout_ns / 1000),
        "backoff": {
            "init_backoff": timedelta(microseconds=retries.first_pause_ns / 1000),
            "max_backoff": timedelta(microseconds=max(retries.longest_pause_ns, retries.first_pause_ns) / 1000),
        },
    }
