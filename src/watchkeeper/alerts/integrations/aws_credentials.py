"""Where the credentials of AWS come from: the configuration, the environment, shared files, a role, the machine.

Looked for in the order of AWS's own clients; those of a role end and are fetched anew in time.
"""

from __future__ import annotations

import asyncio
import calendar
import configparser
import html
import json
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlencode

from watchkeeper.alerts.integrations.sigv4 import AwsCredentials, SigV4Config, signed_headers
from watchkeeper.core.config.secret import Secret
from watchkeeper.core.http.credentials import CredentialError, FileText

REFRESH_S: Final = 300.0  # Credentials that end are fetched anew this long before.
ROLE_DURATION_S: Final = 900  # The shortest that STS gives, and what AWS's clients ask for.
STS_VERSION: Final = "2011-06-15"
NO_CREDENTIALS: Final = (
    "no AWS credentials: give access_key and secret_key, a profile, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
)
# AWS's link-local addresses for the credentials of a container, and of a machine.
CONTAINER_HOST: Final = "http://169.254.170.2"
MACHINE_HOST: Final = "http://169.254.169.254"
MACHINE_TIMEOUT_S: Final = 2.0  # A machine that is not AWS's has nobody at that address.

# Method, URL, headers and body of a request → status and body of the answer. Raises CredentialError.
Ask = Callable[[str, str, Mapping[str, str], bytes], Awaitable[tuple[int, bytes]]]

_TOKEN_LIFE: Final = {"X-aws-ec2-metadata-token-ttl-seconds": "300"}
_FORM: Final = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}


class AwsIdentity:
    """The credentials and the region of one configuration; credentials of a role are kept until they end."""

    def __init__(
        self, config: SigV4Config, environ: Mapping[str, str], ask: Ask, clock: Callable[[], float] = time.time
    ) -> None:
        """Nothing is read yet.

        ask    sends a request to AWS's token service or to the container's
        clock  seconds since the epoch
        """
        self._config = config
        self._environ = environ
        self._ask = ask
        self._clock = clock
        self._kept: AwsCredentials | None = None
        self._profile = config.profile or environ.get("AWS_PROFILE", "") or "default"

    def region(self) -> str:
        """The configured region, or that of the environment or of the profile; empty where there is none."""
        environ = self._environ
        found = self._config.region or environ.get("AWS_REGION", "") or environ.get("AWS_DEFAULT_REGION", "")
        return found or self._shared_settings(self._profile).get("region", "")

    async def credentials(self) -> AwsCredentials:
        """Credentials that are good now. Raises CredentialError."""
        kept = self._kept
        if kept is None or kept.ends_s - REFRESH_S <= self._clock():
            kept = await self._base()
            if self._config.role_arn:
                kept = await self._assumed(self._config.role_arn, kept, self._config.external_id)
            # Lasting keys are looked up each time, so that a changed file counts.
            self._kept = kept if kept.ends_s != float("inf") else None
        return kept

    async def _base(self) -> AwsCredentials:
        config, environ = self._config, self._environ
        if config.access_key and config.secret_key:
            return AwsCredentials(config.access_key, config.secret_key)
        if not config.profile and environ.get("AWS_ACCESS_KEY_ID") and environ.get("AWS_SECRET_ACCESS_KEY"):
            return _lasting(
                environ["AWS_ACCESS_KEY_ID"], environ["AWS_SECRET_ACCESS_KEY"], environ.get("AWS_SESSION_TOKEN", "")
            )
        if environ.get("AWS_WEB_IDENTITY_TOKEN_FILE") and environ.get("AWS_ROLE_ARN"):
            return await self._with_web_identity()
        if (found := await self._of_profile()) is not None:
            return found
        if config.profile:
            raise CredentialError(f'no AWS credentials for profile "{config.profile}" in the shared files')
        url = environ.get("AWS_CONTAINER_CREDENTIALS_FULL_URI", "")
        if relative := environ.get("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", ""):
            url = CONTAINER_HOST + relative
        if url:
            return await self._of_container(url)
        return await self._of_machine()

    async def _of_profile(self) -> AwsCredentials | None:
        settings = self._shared_settings(self._profile)
        role = settings.get("role_arn", "")
        source = self._shared_settings(settings["source_profile"]) if settings.get("source_profile") else settings
        access_key, secret_key = source.get("aws_access_key_id", ""), source.get("aws_secret_access_key", "")
        if not access_key or not secret_key:
            return None
        found = _lasting(access_key, secret_key, source.get("aws_session_token", ""))
        return await self._assumed(role, found, settings.get("external_id", "")) if role else found

    def _shared_settings(self, profile: str) -> dict[str, str]:
        """A profile's settings, of `~/.aws/config` and, going before them, of `~/.aws/credentials`."""
        home = Path(self._environ.get("HOME", "/nonexistent")) / ".aws"
        config = Path(self._environ.get("AWS_CONFIG_FILE") or home / "config")
        credentials = Path(self._environ.get("AWS_SHARED_CREDENTIALS_FILE") or home / "credentials")
        section = profile if profile == "default" else f"profile {profile}"
        return _section(config, section) | _section(credentials, profile)

    async def _assumed(self, role: str, source: AwsCredentials, external_id: str) -> AwsCredentials:
        form = {
            "Action": "AssumeRole",
            "Version": STS_VERSION,
            "RoleArn": role,
            "RoleSessionName": self._session_name(),
            "DurationSeconds": str(ROLE_DURATION_S),
        }
        if external_id:
            form["ExternalId"] = external_id
        region = self.region()
        if not region:
            raise CredentialError(f"assuming the role {role} needs a region")
        url, body = self._sts_url(region), urlencode(form).encode()
        headers = signed_headers("POST", url, _FORM, body, source, region=region, service="sts", now_s=self._clock())
        return _of_sts(role, *await self._ask("POST", url, headers, body))

    async def _with_web_identity(self) -> AwsCredentials:
        environ = self._environ
        role = environ["AWS_ROLE_ARN"]
        form = {
            "Action": "AssumeRoleWithWebIdentity",
            "Version": STS_VERSION,
            "RoleArn": role,
            "RoleSessionName": environ.get("AWS_ROLE_SESSION_NAME") or self._session_name(),
            "WebIdentityToken": FileText(environ["AWS_WEB_IDENTITY_TOKEN_FILE"], "web identity token file")(),
        }
        url = self._sts_url(self.region() or "us-east-1")
        return _of_sts(role, *await self._ask("POST", url, _FORM, urlencode(form).encode()))

    async def _of_container(self, url: str) -> AwsCredentials:
        headers = {"Accept": "application/json"}
        token = self._environ.get("AWS_CONTAINER_AUTHORIZATION_TOKEN", "")
        if path := self._environ.get("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", ""):
            token = FileText(path, "container authorization token file")()
        if token:
            headers["Authorization"] = token
        status, body = await self._ask("GET", url, headers, b"")
        found = _of_json(body) if status == 200 else None
        if found is None:
            raise CredentialError(f"the container gave no AWS credentials, status {status}")
        return found

    async def _of_machine(self) -> AwsCredentials:
        """Those of the role of an EC2 machine, by version 2 of its metadata service."""
        environ = self._environ
        found = None
        if environ.get("AWS_EC2_METADATA_DISABLED", "").lower() != "true":
            base = (environ.get("AWS_EC2_METADATA_SERVICE_ENDPOINT") or MACHINE_HOST).rstrip("/") + "/latest"
            try:
                async with asyncio.timeout(MACHINE_TIMEOUT_S):
                    token = await self._metadata("PUT", f"{base}/api/token", _TOKEN_LIFE)
                    header = {"X-aws-ec2-metadata-token": token}
                    roles = f"{base}/meta-data/iam/security-credentials/"
                    role = (await self._metadata("GET", roles, header)).splitlines()[0]
                    found = _of_json((await self._metadata("GET", roles + quote(role), header)).encode())
            except (TimeoutError, CredentialError, IndexError):
                found = None
        if found is None:
            raise CredentialError(NO_CREDENTIALS)
        return found

    async def _metadata(self, method: str, url: str, headers: Mapping[str, str]) -> str:
        status, body = await self._ask(method, url, headers, b"")
        if status != 200:
            raise CredentialError(f"status {status}")
        return body.decode("utf-8", "replace").strip()

    def _sts_url(self, region: str) -> str:
        if url := self._environ.get("AWS_ENDPOINT_URL_STS", ""):
            return url
        name = "sts-fips" if self._config.use_fips_sts_endpoint else "sts"
        return f"https://{name}.{region}.{domain(region)}/"

    def _session_name(self) -> str:
        return f"watchkeeper-{int(self._clock())}"


def domain(region: str) -> str:
    """The domain of AWS's services in a region."""
    return "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"


def error_of(body: bytes) -> str:
    """`Code: Message` of AWS's XML answer to a request that failed; empty where it is none."""
    text = body.decode("utf-8", "replace")
    return ": ".join(found for name in ("Code", "Message") if (found := element(text, name)))


def element(text: str, name: str) -> str:
    """The text of the first element of this name. AWS's answers are flat enough to need no more of XML."""
    found = re.search(rf"<{name}>([^<]*)</{name}>", text)
    return html.unescape(found[1]).strip() if found else ""


def _of_sts(role: str, status: int, body: bytes) -> AwsCredentials:
    text = body.decode("utf-8", "replace")
    names = ("AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration")
    access_key, secret_key, token, ends = (element(text, name) for name in names)
    if status != 200:
        reason = error_of(body)
        raise CredentialError(f"the role {role} was refused with status {status}{': ' if reason else ''}{reason}")
    try:
        if access_key and secret_key and token:
            return AwsCredentials(access_key, Secret(secret_key), Secret(token), _time_s(ends))
    except ValueError:
        pass
    raise CredentialError(f"the answer for the role {role} holds no credentials")


def _of_json(body: bytes) -> AwsCredentials | None:
    """What containers and machines are given; None where it is nothing of the kind."""
    try:
        answer = json.loads(body)
        return AwsCredentials(
            str(answer["AccessKeyId"]),
            Secret(str(answer["SecretAccessKey"])),
            Secret(str(answer["Token"])),
            _time_s(str(answer["Expiration"])),
        )
    except (ValueError, KeyError, TypeError):
        return None


def _lasting(access_key: str, secret_key: str, token: str) -> AwsCredentials:
    return AwsCredentials(access_key, Secret(secret_key), Secret(token) if token else None)


def _time_s(text: str) -> float:
    """Raises ValueError."""
    return float(calendar.timegm(time.strptime(re.sub(r"\.[0-9]+", "", text), "%Y-%m-%dT%H:%M:%SZ")))


def _section(path: Path, name: str) -> dict[str, str]:
    parser = configparser.RawConfigParser(strict=False, allow_no_value=True, default_section="")
    try:
        parser.read_string(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise CredentialError(f"unable to read AWS file {path}: {error.strerror}") from None
    except (configparser.Error, UnicodeDecodeError):
        # Not quoted: the line that can't be read may hold a key.
        raise CredentialError(f"unable to read AWS file {path}: not an INI file") from None
    return {key: value for key, value in parser.items(name) if value} if parser.has_section(name) else {}
