from __future__ import annotations

import pytest

from tests.unit.alerts.integrations import hook_double
from tests.unit.alerts.integrations.hook_double import KEY_HASH, alert, config, notice, notifier, service
from watchkeeper.alerts.integrations import pagerduty
from watchkeeper.alerts.interface import NotifyError
from watchkeeper.core.model.errors import ConfigError

LINK = "http://alerts.example.com/#/alerts?receiver=ops"
ALERT = {
    "status": "firing",
    "labels": {"alertname": "Down", "instance": "a:1"},
    "annotations": {"summary": "a is down"},
    "startsAt": "2026-11-28T09:50:00Z",
    "endsAt": "0001-01-01T00:00:00Z",
    "generatorURL": "http://prometheus/graph?g0.expr=up",
    "fingerprint": "1e52152fa3f66253",
}


async def test_version_2():
    async with service(202) as hook, notifier("pagerduty", f"{{routing_key: k3y, url: '{hook.url}/v2'}}") as pager:
        await pager.notify(notice())
        await pager.notify(notice(resolved=True))
    trigger, resolve = (request.json for request in hook.requests)
    assert hook.requests[0].path == "/v2"
    assert trigger == {
        "routing_key": "k3y",
        "dedup_key": KEY_HASH,
        "event_action": "trigger",
        "client": "Alertmanager",
        "client_url": LINK,
        "payload": {
            "summary": "[FIRING:1] Down (a:1)",
            "source": "Alertmanager",
            "severity": "error",
            "custom_details": {"firing": [ALERT], "resolved": [], "num_firing": 1, "num_resolved": 0},
        },
    }
    assert (resolve["event_action"], resolve["dedup_key"]) == ("resolve", KEY_HASH)
    assert resolve["payload"]["custom_details"]["num_resolved"] == 1


async def test_version_2_with_everything():
    yaml = """
client: me
client_url: http://me
source: '{{ .CommonLabels.instance }}'
severity: '{{ if eq .Status "firing" }}critical{{ else }}info{{ end }}'
class: c
component: d
group: g
description: '{{ .Status }}'
details: {firing: '{{ .Status }}', nested: {list: ['{{ len .Alerts }}', true]}}
images:
- {src: 'http://{{ .Receiver }}', alt: a, href: http://b}
- {src: '{{ .CommonLabels.missing }}', alt: a}
links:
- {href: http://x, text: '{{ .Status }}'}
- {href: http://y}
- {href: '', text: nothing}
"""
    async with service(202) as hook, notifier("pagerduty", f"routing_key: k\nurl: {hook.url}{yaml}") as pager:
        await pager.notify(notice())
    assert hook.requests[0].json == {
        "routing_key": "k",
        "dedup_key": KEY_HASH,
        "event_action": "trigger",
        "client": "me",
        "client_url": "http://me",
        "images": [{"src": "http://ops", "alt": "a", "href": "http://b"}],
        "links": [{"href": "http://x", "text": "firing"}, {"href": "http://y", "text": "http://y"}],
        "payload": {
            "summary": "firing",
            "source": "a:1",
            "severity": "critical",
            "class": "c",
            "component": "d",
            "group": "g",
            "custom_details": {
                "firing": "firing",
                "resolved": [],
                "num_firing": 1,
                "num_resolved": 0,
                "nested": {"list": [1, True]},
            },
        },
    }


async def test_version_1(monkeypatch, tmp_path):
    (tmp_path / "key").write_text("s3rvice\n")
    async with service() as hook:
        monkeypatch.setattr(pagerduty, "V1_URL", f"{hook.url}/create_event.json")
        async with notifier("pagerduty", "{service_key_file: key, details: {}}", base_dir=tmp_path) as pager:
            await pager.notify(notice())
            await pager.notify(notice(resolved=True))
    trigger, resolve = (request.json for request in hook.requests)
    assert trigger == {
        "service_key": "s3rvice",
        "incident_key": KEY_HASH,
        "event_type": "trigger",
        "description": "[FIRING:1] Down (a:1)",
        "client": "Alertmanager",
        "client_url": LINK,
        "details": {"firing": [ALERT], "resolved": [], "num_firing": 1, "num_resolved": 0},
    }
    assert resolve["event_type"] == "resolve"
    assert "client" not in resolve


async def test_long_texts_and_large_events_are_cut():
    alerts = [alert(alertname="Down", instance=f"{i:05d}", text="x" * 400) for i in range(1500)]
    yaml = f"description: {'d' * 2000}"
    async with service(202) as hook, notifier("pagerduty", f"routing_key: k\nurl: {hook.url}\n{yaml}") as pager:
        await pager.notify(notice(*alerts))
    body = hook.requests[0].json
    assert body["payload"]["summary"] == "d" * 1023 + "…"
    assert list(body["payload"]["custom_details"]) == ["error"]
    assert "512000 bytes" in body["payload"]["custom_details"]["error"]


@pytest.mark.parametrize(
    ("status", "text", "is_retryable", "message"),
    [
        (
            400,
            '{"message":"Event object is invalid","errors":["k3y","no"]}',
            False,
            ": Event object is invalid: <secret>,no",
        ),
        (400, "garbage", False, ""),
        (403, "", False, ""),
        (429, "", True, ""),
        (502, "", True, ""),
    ],
)
async def test_refusals(status, text, is_retryable, message):
    async with (
        service(status, text) as hook,
        notifier("pagerduty", f"{{routing_key: k3y, url: '{hook.url}'}}") as pager,
    ):
        with pytest.raises(NotifyError) as caught:
            await pager.notify(notice())
    assert str(caught.value) == f"unexpected status code {status}{message}"
    assert caught.value.is_retryable is is_retryable


async def test_version_1_says_403_where_there_are_too_many(monkeypatch):
    async with service(403) as hook, notifier("pagerduty", "service_key: k3y") as pager:
        monkeypatch.setattr(pagerduty, "V1_URL", hook.url)
        with pytest.raises(NotifyError) as caught:
            await pager.notify(notice())
    assert caught.value.is_retryable


async def test_an_empty_key():
    async with notifier("pagerduty", "routing_key: '{{ .CommonLabels.missing }}'") as pager:
        with pytest.raises(NotifyError, match="the PagerDuty key is empty"):
            await pager.notify(notice())


@pytest.mark.parametrize(
    ("yaml", "problem"),
    [
        ("{}", "missing service or routing key in PagerDuty config"),
        ("{routing_key: x, routing_key_file: y}", "at most one of routing_key & routing_key_file"),
        ("{service_key: x, service_key_file: y}", "at most one of service_key & service_key_file"),
    ],
)
def test_configuration_errors(yaml, problem):
    with pytest.raises(ConfigError, match=problem):
        config("pagerduty", yaml)


def test_defaults():
    section = config("pagerduty", "routing_key: x")
    assert section.send_resolved
    assert section.url.reveal() == "https://events.pagerduty.com/v2/enqueue"
    assert hook_double.config("pagerduty", "routing_key: x", "pagerduty_url: http://x").url.reveal() == "http://x"
