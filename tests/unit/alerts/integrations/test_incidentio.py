"""Bodies of incidentio_configs as the service gets them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.alerts.integrations.service_double import (
    FIRING,
    GROUP_KEY,
    RESOLVED,
    alert,
    failure,
    notice,
    problems,
    read,
    service,
    surroundings,
)
from watchkeeper.alerts.integrations.incidentio import IncidentioConfig, IncidentioNotifier
from watchkeeper.core.config.dump import dump


async def test_firing_and_resolved() -> None:
    async with service() as at:
        at.answer = (202, "")
        notifier = IncidentioNotifier(
            read(IncidentioConfig, f"url: {at.url}/v2/x\nalert_source_token: hush"), surroundings()
        )
        await notifier.notify(FIRING)
        await notifier.notify(RESOLVED)
        await notifier.close()
    firing, resolved = at.asked
    assert (firing.method, firing.path) == ("POST", "/v2/x")
    assert firing.headers["Authorization"] == "Bearer hush"
    body = firing.json
    (one,) = body.pop("alerts")
    fingerprint = one.pop("fingerprint")
    assert body == {
        "version": "1",
        "groupKey": GROUP_KEY,
        "truncatedAlerts": 0,
        "status": "firing",
        "receiver": "team",
        "groupLabels": {"alertname": "Down"},
        "commonLabels": {"alertname": "Down", "instance": "a"},
        "commonAnnotations": {"summary": "a is down"},
        "externalURL": "http://am.example",
        "notification_reason": "first notification",
    }
    assert one == {
        "status": "firing",
        "labels": {"alertname": "Down", "instance": "a"},
        "annotations": {"summary": "a is down"},
        "startsAt": "2026-11-28T09:50:00Z",
        "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "http://prometheus/graph",
    }
    assert (resolved.json["status"], resolved.json["alerts"][0]["endsAt"]) == ("resolved", "2026-11-28T09:59:00Z")
    assert resolved.json["alerts"][0]["fingerprint"] == fingerprint


async def test_url_and_token_of_files(tmp_path: Path) -> None:
    async with service() as at:
        (tmp_path / "url").write_text(f"{at.url}/filed\n")
        (tmp_path / "token").write_text("t-filed\n")
        config = read(IncidentioConfig, f"url_file: {tmp_path}/url\nalert_source_token_file: {tmp_path}/token")
        notifier = IncidentioNotifier(config, surroundings())
        await notifier.notify(FIRING)
        await notifier.close()
    assert (at.only.path, at.only.headers["Authorization"]) == ("/filed", "Bearer t-filed")


async def test_token_goes_before_the_authorization_of_global() -> None:
    async with service() as at:
        common = "http_config: {basic_auth: {username: u, password: p}}"
        config = read(IncidentioConfig, f"url: {at.url}\nalert_source_token: own", common)
        notifier = IncidentioNotifier(config, surroundings())
        await notifier.notify(FIRING)
        await notifier.close()
    assert at.only.headers["Authorization"] == "Bearer own"


async def test_max_alerts() -> None:
    async with service() as at:
        config = read(IncidentioConfig, f"url: {at.url}\nalert_source_token: t\nmax_alerts: 2")
        notifier = IncidentioNotifier(config, surroundings())
        await notifier.notify(notice(*(alert(instance=str(number)) for number in range(5))))
        await notifier.close()
    assert at.only.json["truncatedAlerts"] == 3
    assert [item["labels"]["instance"] for item in at.only.json["alerts"]] == ["0", "1"]


async def test_body_that_is_too_large_keeps_one_alert() -> None:
    async with service() as at:
        config = read(IncidentioConfig, f"url: {at.url}\nalert_source_token: t")
        notifier = IncidentioNotifier(config, surroundings())
        await notifier.notify(notice(*(alert(instance=str(number), text="x" * 200_000) for number in range(3))))
        await notifier.close()
    assert len(at.only.body) < 512 << 10
    assert at.only.json["truncatedAlerts"] == 2
    assert [item["labels"]["instance"] for item in at.only.json["alerts"]] == ["0"]


async def test_timeout() -> None:
    async with service() as at:
        at.answer = None
        config = read(IncidentioConfig, f"url: {at.url}\nalert_source_token: t\ntimeout: 50ms")
        notifier = IncidentioNotifier(config, surroundings())
        error = await failure(notifier)
        await notifier.close()
    assert (error.is_retryable, error.cause) == (True, "contextDeadlineExceeded")
    assert str(error) == "no answer within 0.05 s"


@pytest.mark.parametrize(
    ("status", "body", "message", "is_retryable"),
    [
        (401, '{"message": "bad hush-token"}', "bad <secret>", False),
        (422, '{"message": "a", "error": "b", "errors": ["c", {"code": 1}]}', 'a: b: c: {"code":1}', False),
        (422, "plain", "plain", False),
        (429, "[]", "[]", True),
        (503, '{"message": "later"}', "later", True),
    ],
)
async def test_refusals(status: int, body: str, message: str, is_retryable: bool) -> None:
    async with service() as at:
        at.answer = (status, body)
        config = read(IncidentioConfig, f"url: {at.url}\nalert_source_token: hush-token")
        notifier = IncidentioNotifier(config, surroundings())
        error = await failure(notifier)
        await notifier.close()
    assert error.is_retryable is is_retryable
    assert str(error) == f"unexpected status code {status}: {message}"


AUTHORIZED = "http_config: {authorization: {credentials: c}}"


@pytest.mark.parametrize(
    ("text", "common", "expected"),
    [
        ("alert_source_token: t", "", ["one of url or url_file must be configured"]),
        (
            "{url: 'http://x/', url_file: f, alert_source_token: t}",
            "",
            ["at most one of url & url_file must be configured"],
        ),
        (
            "{url: 'http://x/', alert_source_token: t, alert_source_token_file: f}",
            "",
            ["at most one of alert_source_token & alert_source_token_file must be configured"],
        ),
        (
            "url: http://x/",
            "",
            [
                "at least one of alert_source_token, alert_source_token_file or http_config.authorization must be "
                "configured"
            ],
        ),
        (
            f"url: http://x/\nalert_source_token: t\n{AUTHORIZED}",
            "",
            ["cannot specify alert_source_token or alert_source_token_file when using http_config.authorization"],
        ),
        (f"url: http://x/\n{AUTHORIZED}", "", []),
        ("url: http://x/", AUTHORIZED, []),
    ],
)
def test_what_a_section_needs(text: str, common: str, expected: list[str]) -> None:
    assert problems(IncidentioConfig, text, common) == expected


def test_defaults_and_dump() -> None:
    config = read(IncidentioConfig, "{url: 'http://x.example/', alert_source_token: hush}")
    assert config.send_resolved
    assert dump(config).endswith("alert_source_token: <secret>\nmax_alerts: 0\ntimeout: 0s\n")
