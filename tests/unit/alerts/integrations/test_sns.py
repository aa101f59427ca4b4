"""Messages of sns_configs as the service gets them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

import pytest

from tests.unit.alerts.integrations.service_double import (
    FIRING,
    GROUP_HASH,
    RESOLVED,
    Asked,
    Service,
    failure,
    problems,
    read,
    service,
    surroundings,
)
from watchkeeper.alerts.integrations.sigv4 import AwsCredentials, signed_headers
from watchkeeper.alerts.integrations.sns import SNSConfig, SNSNotifier
from watchkeeper.core.config.dump import dump
from watchkeeper.core.config.secret import Secret

TEXTS = """
subject: '{{ .Status }}'
message: '{{ .CommonAnnotations.summary }}'
"""
KEYS = "sigv4: {region: eu-west-1, access_key: AK, secret_key: hush-secret}\n"
TOPIC = "topic_arn: arn:aws:sns:eu-west-1:1:{{ .Receiver }}\n"
GIVEN = "<PublishResponse><PublishResult><MessageId>1</MessageId></PublishResult></PublishResponse>"
NOW_S = 1_795_860_000.0


def notifier_at(at: Service, text: str, environ: Mapping[str, str] | None = None) -> SNSNotifier:
    config = read(SNSConfig, f"{text}api_url: '{at.url}/'\n")
    return SNSNotifier(config, surroundings(), environ=environ or {}, clock=lambda: NOW_S)


async def test_firing_and_resolved() -> None:
    async with service() as at:
        at.answer = (200, GIVEN)
        notifier = notifier_at(at, TEXTS + KEYS + TOPIC + "attributes: {'{{ .Receiver }}': '{{ .Status }}', n: '1'}\n")
        await notifier.notify(FIRING)
        await notifier.notify(RESOLVED)
        await notifier.close()
    firing, resolved = at.asked
    assert (firing.method, firing.path) == ("POST", "/")
    assert firing.form == {
        "Action": "Publish",
        "Version": "2010-03-31",
        "TopicArn": "arn:aws:sns:eu-west-1:1:team",
        "Message": "a is down",
        "Subject": "firing",
        "MessageAttributes.entry.1.Name": "team",
        "MessageAttributes.entry.1.Value.DataType": "String",
        "MessageAttributes.entry.1.Value.StringValue": "firing",
        "MessageAttributes.entry.2.Name": "n",
        "MessageAttributes.entry.2.Value.DataType": "String",
        "MessageAttributes.entry.2.Value.StringValue": "1",
    }
    assert (resolved.form["Subject"], resolved.form["Message"]) == ("resolved", "a is down")


async def test_what_is_sent_is_what_is_signed() -> None:
    async with service() as at:
        at.answer = (200, GIVEN)
        notifier = notifier_at(at, TEXTS + KEYS + TOPIC)
        await notifier.notify(FIRING)
        await notifier.close()
    asked = at.only
    expected = signed_headers(
        "POST",
        at.url + asked.path,
        {"Content-Type": asked.headers["Content-Type"], "Host": asked.headers["Host"]},
        asked.body,
        AwsCredentials("AK", Secret("hush-secret")),
        region="eu-west-1",
        service="sns",
        now_s=NOW_S,
    )
    assert asked.headers["X-Amz-Date"] == "20261128T100000Z"
    assert asked.headers["Authorization"] == expected["Authorization"]


async def test_fifo_topic_takes_a_group_for_a_group_and_each_message_once() -> None:
    async with service() as at:
        at.answer = (200, GIVEN)
        notifier = notifier_at(at, TEXTS + KEYS + TOPIC.replace("{{ .Receiver }}", "{{ .Receiver }}.fifo"))
        for told in (FIRING, FIRING, RESOLVED):
            await notifier.notify(told)
        await notifier.close()
    forms = [asked.form for asked in at.asked]
    assert [form["MessageGroupId"] for form in forms] == [GROUP_HASH] * 3
    expected = hashlib.sha256(b'{}:{alertname="Down"}\nfiring\na is down').hexdigest()
    assert [form["MessageDeduplicationId"] == expected for form in forms] == [True, True, False]


async def test_phone_number_gets_a_short_message() -> None:
    async with service() as at:
        at.answer = (200, GIVEN)
        text = KEYS + f"subject: ''\nphone_number: '+49{{{{ len .Alerts }}}}'\nmessage: {'é' * 1601}\n"
        notifier = notifier_at(at, text)
        await notifier.notify(FIRING)
        await notifier.close()
    assert at.only.form == {
        "Action": "Publish",
        "Version": "2010-03-31",
        "PhoneNumber": "+491",
        "Message": "é" * 1599 + "…",
        "MessageAttributes.entry.1.Name": "truncated",
        "MessageAttributes.entry.1.Value.DataType": "String",
        "MessageAttributes.entry.1.Value.StringValue": "true",
    }


async def test_message_is_cut_at_256_kib() -> None:
    async with service() as at:
        at.answer = (200, GIVEN)
        text = KEYS + f"target_arn: arn:t\nsubject: x\nmessage: {'é' * (128 * 1024 + 1)}\n"
        notifier = notifier_at(at, text)
        await notifier.notify(FIRING)
        await notifier.close()
    form = at.only.form
    assert form["TargetArn"] == "arn:t"
    assert form["Message"] == "é" * (128 * 1024 - 2) + "…"
    assert form["MessageAttributes.entry.1.Name"] == "truncated"


@pytest.mark.parametrize(
    ("subject", "sent"),
    [
        ('"two\\nlines\\tand a tab"', "two lines and a tab"),
        ("x" * 99, "x" * 99),
        ("x" * 100, "x" * 98 + "…"),
        ("' '", None),
    ],
)
async def test_subject_is_what_the_service_takes(subject: str, sent: str | None) -> None:
    async with service() as at:
        at.answer = (200, GIVEN)
        notifier = notifier_at(at, KEYS + TOPIC + f"message: m\nsubject: {subject}\n")
        await notifier.notify(FIRING)
        await notifier.close()
    assert at.only.form.get("Subject") == sent


async def test_credentials_and_region_of_the_environment() -> None:
    environ = {"AWS_ACCESS_KEY_ID": "EK", "AWS_SECRET_ACCESS_KEY": "ES", "AWS_SESSION_TOKEN": "ET", "AWS_REGION": "r1"}
    async with service() as at:
        at.answer = (200, GIVEN)
        notifier = notifier_at(at, TEXTS + TOPIC, environ)
        await notifier.notify(FIRING)
        await notifier.close()
    headers = at.only.headers
    assert headers["X-Amz-Security-Token"] == "ET"
    assert headers["Authorization"].startswith("AWS4-HMAC-SHA256 Credential=EK/20261128/r1/sns/aws4_request, ")


async def test_role_is_assumed_once() -> None:
    role = "arn:aws:iam::1:role/notify"

    def answer(asked: Asked) -> tuple[int, str]:
        if asked.path != "/sts":
            return 200, GIVEN
        return 200, (
            "<AssumeRoleResponse><AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>rs</SecretAccessKey>"
            "<SessionToken>rt</SessionToken><Expiration>2026-11-28T11:00:00Z</Expiration></AssumeRoleResponse>"
        )

    async with service() as at:
        at.answer = answer
        text = TEXTS + TOPIC + KEYS.replace("}", f", role_arn: '{role}'}}")
        notifier = notifier_at(at, text, {"AWS_ENDPOINT_URL_STS": f"{at.url}/sts"})
        await notifier.notify(FIRING)
        await notifier.notify(RESOLVED)
        await notifier.close()
    sts, *published = at.asked
    assert (sts.form["Action"], sts.form["RoleArn"]) == ("AssumeRole", role)
    assert [asked.headers["X-Amz-Security-Token"] for asked in published] == ["rt", "rt"]
    assert all("Credential=ASIA/" in asked.headers["Authorization"] for asked in published)


async def test_token_service_that_is_not_there() -> None:
    async with service() as at:
        url = at.url
    text = TEXTS + TOPIC + KEYS.replace("}", ", role_arn: arn:r}")
    config = read(SNSConfig, text)
    notifier = SNSNotifier(config, surroundings(), environ={"AWS_ENDPOINT_URL_STS": f"{url}/sts"})
    error = await failure(notifier)
    await notifier.close()
    assert str(error).startswith("no AWS credentials: connection to 127.0.0.1:")
    assert error.is_retryable


async def test_role_that_is_refused() -> None:
    async with service() as at:
        at.answer = (403, "<Error><Code>AccessDenied</Code><Message>not you</Message></Error>")
        text = TEXTS + TOPIC + KEYS.replace("}", ", role_arn: arn:r}")
        notifier = notifier_at(at, text, {"AWS_ENDPOINT_URL_STS": f"{at.url}/sts"})
        error = await failure(notifier)
        await notifier.close()
    assert str(error) == "the role arn:r was refused with status 403: AccessDenied: not you"
    assert error.is_retryable


@pytest.mark.parametrize(
    ("status", "is_retryable", "cause"),
    [(400, False, "clientError"), (403, False, "clientError"), (429, False, "clientError"), (500, True, "serverError")],
)
async def test_refusals(status: int, is_retryable: bool, cause: str) -> None:
    environ = {"AWS_ACCESS_KEY_ID": "EK", "AWS_SECRET_ACCESS_KEY": "env-hush", "AWS_SESSION_TOKEN": "env-token"}
    async with service() as at:
        at.answer = (
            status,
            "<ErrorResponse><Error><Type>Sender</Type><Code>InvalidParameter</Code>"
            "<Message>signed with env-token, not env-hush</Message></Error></ErrorResponse>",
        )
        notifier = notifier_at(at, TEXTS + TOPIC + "sigv4: {region: r}\n", environ)
        error = await failure(notifier)
        await notifier.close()
    assert (error.is_retryable, error.cause) == (is_retryable, cause)
    assert str(error) == (f"unexpected status code {status}: InvalidParameter: signed with <secret>, not <secret>")


async def test_without_credentials_and_without_a_region() -> None:
    error = await failure(
        SNSNotifier(read(SNSConfig, TEXTS + TOPIC), surroundings(), environ={"AWS_EC2_METADATA_DISABLED": "true"})
    )
    assert re.match("no AWS credentials: ", str(error))
    environ = {"AWS_ACCESS_KEY_ID": "EK", "AWS_SECRET_ACCESS_KEY": "ES"}
    error = await failure(SNSNotifier(read(SNSConfig, TEXTS + TOPIC), surroundings(), environ=environ))
    assert str(error) == "region not configured in sns.sigv4.region or in default credentials chain"


WANTED = "must provide either a Target ARN, Topic ARN, or Phone Number for SNS config"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("subject: s", [WANTED]),
        ("{topic_arn: a, phone_number: b}", [WANTED]),
        ("{topic_arn: a, phone_number: b, target_arn: c}", [WANTED]),
        ("target_arn: c", []),
    ],
)
def test_what_a_section_needs(text: str, expected: list[str]) -> None:
    assert problems(SNSConfig, text) == expected


def test_defaults_and_dump() -> None:
    config = read(SNSConfig, KEYS + TOPIC)
    assert config.send_resolved
    shown = dump(config)
    assert "secret_key: <secret>\n" in shown
    assert "hush" not in shown
