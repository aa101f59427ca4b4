"""Signatures against the examples that AWS publishes: its test suite of version 4, and those of its manuals."""

from __future__ import annotations

import calendar
import time
from typing import Final

import pytest

from watchkeeper.alerts.integrations.sigv4 import AwsCredentials, SigV4Config, signed_headers
from watchkeeper.core.config.decode import Load, decode
from watchkeeper.core.config.dump import dump
from watchkeeper.core.config.secret import Secret
from watchkeeper.core.model.errors import ConfigError

SUITE: Final = AwsCredentials("AKIDEXAMPLE", Secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"))
MANUAL: Final = AwsCredentials("AKIAIOSFODNN7EXAMPLE", Secret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"))
TOKEN: Final = (
    "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthA"
    "x7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY"
    "9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA=="
)
FORM: Final = {"Content-Type": "application/x-www-form-urlencoded"}


def seconds(text: str) -> float:
    return calendar.timegm(time.strptime(text, "%Y%m%dT%H%M%SZ"))


@pytest.mark.parametrize(
    ("method", "path", "headers", "body", "signature"),
    [
        ("GET", "/", {}, b"", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        ("GET", "/./", {}, b"", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        ("GET", "//example//", {}, b"", "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84"),
        ("GET", "/example space/", {}, b"", "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"),
        ("GET", "/ሴ", {}, b"", "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"),
        (
            "GET",
            "/?Param2=value2&Param1=value1",
            {},
            b"",
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
        ),
        (
            "GET",
            "/",
            {"My-Header1": " value1", "My-Header2": ' "a   b   c"'},
            b"",
            "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
        ),
        ("POST", "/", {}, b"", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
        ("POST", "/", FORM, b"Param1=value1", "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"),
    ],
)
def test_signature_of_the_published_suite(
    method: str, path: str, headers: dict[str, str], body: bytes, signature: str
) -> None:
    made = signed_headers(
        method,
        f"https://example.amazonaws.com{path}",
        headers,
        body,
        SUITE,
        region="us-east-1",
        service="service",
        now_s=seconds("20150830T123600Z"),
    )
    names = ";".join(sorted(["host", "x-amz-date", *(name.lower() for name in headers)]))
    assert made["X-Amz-Date"] == "20150830T123600Z"
    assert made["Authorization"] == (
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
        f"SignedHeaders={names}, Signature={signature}"
    )


def test_signature_of_a_session_signs_its_token_too() -> None:
    session = AwsCredentials(SUITE.access_key, SUITE.secret_key, Secret(TOKEN))
    made = signed_headers(
        "POST",
        "https://example.amazonaws.com/",
        {},
        b"",
        session,
        region="us-east-1",
        service="service",
        now_s=seconds("20150830T123600Z"),
    )
    assert made["X-Amz-Security-Token"] == TOKEN
    assert made["Authorization"].endswith(
        "SignedHeaders=host;x-amz-date;x-amz-security-token, "
        "Signature=85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead"
    )
    assert session.secrets == (SUITE.secret_key.reveal(), TOKEN)


def test_signature_of_the_manual_for_iam() -> None:
    made = signed_headers(
        "GET",
        "https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08",
        {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"},
        b"",
        SUITE,
        region="us-east-1",
        service="iam",
        now_s=seconds("20150830T123600Z"),
    )
    assert made["Authorization"].endswith("5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7")


@pytest.mark.parametrize(
    ("path", "headers", "signature"),
    [
        (
            "/test.txt",
            {"Range": "bytes=0-9"},
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
        ),
        ("/?lifecycle", {}, "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
        ("/?max-keys=2&prefix=J", {}, "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
    ],
)
def test_signature_of_the_manual_for_s3(path: str, headers: dict[str, str], signature: str) -> None:
    made = signed_headers(
        "GET",
        f"https://examplebucket.s3.amazonaws.com{path}",
        headers,
        b"",
        MANUAL,
        region="us-east-1",
        service="s3",
        now_s=seconds("20130524T000000Z"),
    )
    assert made["Authorization"].rpartition("=")[2] == signature


@pytest.mark.parametrize(
    ("url", "same"),
    [
        ("https://sns.example:443/", True),
        ("https://sns.example:8443/", False),
        ("https://SNS.example/", True),
    ],
)
def test_signed_host_is_the_one_that_is_sent(url: str, same: bool) -> None:
    def sign(url: str) -> str:
        return signed_headers("GET", url, {}, b"", SUITE, region="r", service="sns", now_s=0.0)["Authorization"]

    assert (sign(url) == sign("https://sns.example/")) is same


@pytest.mark.parametrize(("text", "column"), [("access_key: A", 13), ("secret_key: B", 13)])
def test_config_wants_both_keys(text: str, column: int) -> None:
    with pytest.raises(ConfigError) as caught:
        decode(SigV4Config, text, Load("a.yml"))
    (problem,) = caught.value.problems
    assert (problem.line, problem.column) == (1, column)
    assert problem.message == (
        "must provide a AWS SigV4 Access key and Secret Key if credentials are specified in the SigV4 config"
    )


def test_config_hides_the_secret_key() -> None:
    config = decode(SigV4Config, "{region: eu-west-1, access_key: A, secret_key: B}", Load("a.yml"))
    assert dump(config) == "region: eu-west-1\naccess_key: A\nsecret_key: <secret>\n"
