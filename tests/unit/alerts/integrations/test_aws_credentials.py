"""Credentials from each place they may stand in, those of roles with a token service that is a function."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl

import pytest

from watchkeeper.alerts.integrations.aws_credentials import NO_CREDENTIALS, AwsIdentity, error_of
from watchkeeper.alerts.integrations.sigv4 import SigV4Config
from watchkeeper.core.config.secret import Secret
from watchkeeper.core.http.credentials import CredentialError

GIVEN: Final = """<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
<AccessKeyId>ASIA1</AccessKeyId><SecretAccessKey>s3cret/+</SecretAccessKey><SessionToken>tok&amp;en</SessionToken>
<Expiration>1970-01-01T01:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"""
DENIED: Final = (
    b"<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>User may not &lt;assume&gt;"
    b"</Message></Error></ErrorResponse>"
)
CONFIG: Final = SigV4Config(region="eu-west-1", access_key="AK", secret_key=Secret("SK"))


class TokenService:
    """Answers as it is told, and remembers what it was asked."""

    def __init__(self, status: int = 200, body: bytes = GIVEN.encode()) -> None:
        self.answer = (status, body)
        self.asked: list[tuple[str, str, Mapping[str, str], dict[str, str]]] = []
        self.now_s = 0.0

    async def ask(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        self.asked.append((method, url, headers, dict(parse_qsl(body.decode()))))
        return self.answer

    def identity(self, config: SigV4Config, environ: Mapping[str, str] | None = None) -> AwsIdentity:
        return AwsIdentity(config, environ or {}, self.ask, lambda: self.now_s)


async def test_configured_keys_go_before_those_of_the_environment() -> None:
    service = TokenService()
    found = await service.identity(CONFIG, {"AWS_ACCESS_KEY_ID": "X", "AWS_SECRET_ACCESS_KEY": "Y"}).credentials()
    assert (found.access_key, found.secrets) == ("AK", ("SK",))
    assert service.asked == []


async def test_environment_gives_keys_a_token_and_the_region() -> None:
    environ = {
        "AWS_ACCESS_KEY_ID": "X",
        "AWS_SECRET_ACCESS_KEY": "Y",
        "AWS_SESSION_TOKEN": "Z",
        "AWS_REGION": "us-west-2",
    }
    identity = TokenService().identity(SigV4Config(), environ)
    found = await identity.credentials()
    assert (found.access_key, found.secrets) == ("X", ("Y", "Z"))
    assert identity.region() == "us-west-2"


async def test_profile_of_the_shared_files(tmp_path: Path) -> None:
    folder = tmp_path / ".aws"
    folder.mkdir()
    (folder / "credentials").write_text("[ops]\naws_access_key_id = P\naws_secret_access_key = Q\n")
    (folder / "config").write_text("[profile ops]\nregion = eu-north-1\n")
    environ = {"HOME": str(tmp_path), "AWS_ACCESS_KEY_ID": "X", "AWS_SECRET_ACCESS_KEY": "Y"}
    identity = TokenService().identity(SigV4Config(profile="ops"), environ)
    found = await identity.credentials()
    assert (found.access_key, found.secrets, identity.region()) == ("P", ("Q",), "eu-north-1")
    # A changed file counts at once.
    (folder / "credentials").write_text("[ops]\naws_access_key_id = P2\naws_secret_access_key = Q2\n")
    assert (await identity.credentials()).access_key == "P2"


async def test_profile_with_a_role_and_a_source(tmp_path: Path) -> None:
    (tmp_path / "config").write_text(
        "[default]\naws_access_key_id = P\naws_secret_access_key = Q\nregion = eu-west-3\n"
        "[profile ops]\nrole_arn = arn:aws:iam::1:role/ops\nsource_profile = default\nregion = eu-west-3\n"
    )
    service = TokenService()
    environ = {"AWS_CONFIG_FILE": str(tmp_path / "config"), "AWS_PROFILE": "ops"}
    found = await service.identity(SigV4Config(), environ).credentials()
    assert found.access_key == "ASIA1"
    ((method, url, headers, form),) = service.asked
    assert (method, url) == ("POST", "https://sts.eu-west-3.amazonaws.com/")
    assert form["RoleArn"] == "arn:aws:iam::1:role/ops"
    assert "Credential=P/" in headers["Authorization"]


@pytest.mark.parametrize("text", ["no section\n", "\xff\xfe"])
async def test_shared_file_that_is_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / "credentials"
    path.write_bytes(text.encode("latin-1") + b"aws_secret_access_key = hush\n")
    identity = TokenService().identity(SigV4Config(), {"AWS_SHARED_CREDENTIALS_FILE": str(path)})
    with pytest.raises(CredentialError) as caught:
        await identity.credentials()
    assert str(caught.value) == f"unable to read AWS file {path}: not an INI file"


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (SigV4Config(), NO_CREDENTIALS),
        (SigV4Config(profile="ops"), 'no AWS credentials for profile "ops" in the shared files'),
    ],
)
async def test_no_credentials_at_all(config: SigV4Config, message: str) -> None:
    with pytest.raises(CredentialError) as caught:
        await TokenService().identity(config, {"AWS_EC2_METADATA_DISABLED": "true"}).credentials()
    assert str(caught.value) == message


async def test_role_is_assumed_and_kept_until_shortly_before_its_end() -> None:
    service = TokenService()
    config = SigV4Config(
        region="eu-west-1",
        access_key="AK",
        secret_key=Secret("SK"),
        role_arn="arn:aws:iam::1:role/r",
        external_id="ours",
    )
    identity = service.identity(config)
    found = await identity.credentials()
    assert (found.access_key, found.secrets, found.ends_s) == ("ASIA1", ("s3cret/+", "tok&en"), 3600.0)
    ((method, url, headers, form),) = service.asked
    assert (method, url) == ("POST", "https://sts.eu-west-1.amazonaws.com/")
    assert form == {
        "Action": "AssumeRole",
        "Version": "2011-06-15",
        "RoleArn": "arn:aws:iam::1:role/r",
        "RoleSessionName": "watchkeeper-0",
        "DurationSeconds": "900",
        "ExternalId": "ours",
    }
    assert headers["Authorization"].startswith(
        "AWS4-HMAC-SHA256 Credential=AK/19700101/eu-west-1/sts/aws4_request, SignedHeaders=content-type;host;x-amz-date"
    )
    service.now_s = 3299.0
    assert await identity.credentials() is found
    service.now_s = 3300.0
    await identity.credentials()
    assert len(service.asked) == 2


@pytest.mark.parametrize(
    ("region", "is_fips", "url"),
    [
        ("us-east-1", True, "https://sts-fips.us-east-1.amazonaws.com/"),
        ("cn-north-1", False, "https://sts.cn-north-1.amazonaws.com.cn/"),
    ],
)
async def test_address_of_the_token_service(region: str, is_fips: bool, url: str) -> None:
    service = TokenService()
    config = SigV4Config(
        region=region, access_key="AK", secret_key=Secret("SK"), role_arn="arn:x", use_fips_sts_endpoint=is_fips
    )
    await service.identity(config).credentials()
    assert service.asked[0][1] == url


@pytest.mark.parametrize(
    ("status", "body", "message"),
    [
        (403, DENIED, "the role arn:x was refused with status 403: AccessDenied: User may not <assume>"),
        (502, b"\xff garbage", "the role arn:x was refused with status 502"),
        (200, b"garbage", "the answer for the role arn:x holds no credentials"),
        (200, GIVEN.replace("1970-01", "soon").encode(), "the answer for the role arn:x holds no credentials"),
    ],
)
async def test_role_that_is_refused(status: int, body: bytes, message: str) -> None:
    config = SigV4Config(region="eu-west-1", access_key="AK", secret_key=Secret("SK"), role_arn="arn:x")
    with pytest.raises(CredentialError) as caught:
        await TokenService(status, body).identity(config).credentials()
    assert str(caught.value) == message


async def test_role_without_a_region() -> None:
    config = SigV4Config(access_key="AK", secret_key=Secret("SK"), role_arn="arn:x")
    with pytest.raises(CredentialError, match="assuming the role arn:x needs a region"):
        await TokenService().identity(config).credentials()


async def test_web_identity_of_a_pod(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("jwt\n")
    environ = {
        "AWS_WEB_IDENTITY_TOKEN_FILE": str(tmp_path / "token"),
        "AWS_ROLE_ARN": "arn:aws:iam::1:role/pod",
        "AWS_REGION": "eu-west-1",
        "AWS_ENDPOINT_URL_STS": "http://127.0.0.1:9/sts",
    }
    service = TokenService()
    found = await service.identity(SigV4Config(), environ).credentials()
    assert found.access_key == "ASIA1"
    ((_, url, headers, form),) = service.asked
    assert url == "http://127.0.0.1:9/sts"
    assert "Authorization" not in headers
    assert form == {
        "Action": "AssumeRoleWithWebIdentity",
        "Version": "2011-06-15",
        "RoleArn": "arn:aws:iam::1:role/pod",
        "RoleSessionName": "watchkeeper-0",
        "WebIdentityToken": "jwt",
    }


async def test_container_gives_credentials(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("pod-token")
    environ = {
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.23/v1/credentials",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(tmp_path / "token"),
    }
    body = b'{"AccessKeyId":"A","SecretAccessKey":"B","Token":"C","Expiration":"1970-01-01T00:10:00.5Z"}'
    service = TokenService(200, body)
    found = await service.identity(SigV4Config(), environ).credentials()
    assert (found.access_key, found.secrets, found.ends_s) == ("A", ("B", "C"), 600.0)
    ((method, url, headers, _),) = service.asked
    assert (method, url, headers["Authorization"]) == ("GET", "http://169.254.170.23/v1/credentials", "pod-token")


@pytest.mark.parametrize(("status", "body"), [(500, b""), (200, b"[]"), (200, b"no json"), (200, b"{}")])
async def test_container_that_gives_none(status: int, body: bytes) -> None:
    environ = {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/credentials/1"}
    service = TokenService(status, body)
    with pytest.raises(CredentialError, match=f"the container gave no AWS credentials, status {status}"):
        await service.identity(SigV4Config(), environ).credentials()
    assert service.asked[0][1] == "http://169.254.170.2/v2/credentials/1"


class Machine:
    """An EC2 machine's metadata service; `role` is None where the machine has none."""

    def __init__(self, role: str | None) -> None:
        self.role = role
        self.asked: list[tuple[str, str]] = []

    async def ask(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        self.asked.append((method, url))
        if url.endswith("/api/token"):
            assert headers == {"X-aws-ec2-metadata-token-ttl-seconds": "300"}
            return 200, b"session"
        assert headers == {"X-aws-ec2-metadata-token": "session"}
        if self.role is None:
            return 404, b"not found"
        if url.endswith("/"):
            return 200, self.role.encode()
        return 200, b'{"AccessKeyId":"M","SecretAccessKey":"N","Token":"O","Expiration":"1970-01-01T06:00:00Z"}'


async def test_machine_gives_the_credentials_of_its_role() -> None:
    machine = Machine("node role")
    found = await AwsIdentity(SigV4Config(), {}, machine.ask, lambda: 0.0).credentials()
    assert (found.access_key, found.secrets, found.ends_s) == ("M", ("N", "O"), 21600.0)
    roles = "http://169.254.169.254/latest/meta-data/iam/security-credentials/"
    assert machine.asked == [
        ("PUT", "http://169.254.169.254/latest/api/token"),
        ("GET", roles),
        ("GET", f"{roles}node%20role"),
    ]


@pytest.mark.parametrize("role", [None, ""])
async def test_machine_without_a_role(role: str | None) -> None:
    environ = {"AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://127.0.0.1:1"}
    machine = Machine(role)
    with pytest.raises(CredentialError) as caught:
        await AwsIdentity(SigV4Config(), environ, machine.ask).credentials()
    assert str(caught.value) == NO_CREDENTIALS
    assert machine.asked[0] == ("PUT", "http://127.0.0.1:1/latest/api/token")


def test_error_of_an_answer() -> None:
    assert error_of(DENIED) == "AccessDenied: User may not <assume>"
    assert error_of(b"<html>") == ""
