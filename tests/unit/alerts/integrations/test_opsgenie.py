from __future__ import annotations

import pytest

from tests.unit.alerts.integrations.hook_double import KEY_HASH, config, notice, notifier, service
from watchkeeper.alerts.interface import NotifyError
from watchkeeper.core.model.errors import ConfigError

LINK = "http://alerts.example.com/#/alerts?receiver=ops"


async def test_an_alert_is_opened_and_closed():
    async with service(202) as hook, notifier("opsgenie", f"{{api_key: k3y, api_url: '{hook.url}/base'}}") as opsgenie:
        await opsgenie.notify(notice())
        await opsgenie.notify(notice(resolved=True))
    opened, closed = hook.requests
    assert (opened.method, opened.path) == ("POST", "/base/v2/alerts")
    assert opened.headers["Authorization"] == "GenieKey k3y"
    assert opened.json == {
        "alias": KEY_HASH,
        "message": "[FIRING:1] Down (a:1)",
        "description": (
            "Firing:\n- a is down\n  since 2026-11-28 09:50:00 UTC\n  labels: alertname=Down, instance=a:1\n"
            "  source: http://prometheus/graph?g0.expr=up\n"
        ),
        "details": {"alertname": "Down", "instance": "a:1"},
        "source": LINK,
    }
    assert (closed.method, closed.path) == ("POST", f"/base/v2/alerts/{KEY_HASH}/close?identifierType=alias")
    assert closed.json == {"source": LINK}


async def test_alert_with_everything_and_updates():
    message = "m" * 200
    yaml = f"""
message: '{{{{ .Status }}}} {message}'"""
    yaml += """
description: text
source: '{{ .ExternalURL }}'
details: {alertname: '{{ .Receiver }}', more: x}
entity: e
note: n
priority: P{{ len .Alerts }}
tags: 'a,{{ .Status }},,b'
actions: 'restart,{{ .CommonLabels.missing }}'
update_alerts: true
responders:
- {name: '{{ .Receiver }}', type: Team}
- {name: 'x,,y', type: teams}
- {username: me@example.com, type: user}
- {id: '{{ .CommonLabels.missing }}', type: escalation}
- {id: '12', type: '{{ "schedule" }}'}
"""
    async with service(202) as hook, notifier("opsgenie", f"api_key: k\napi_url: {hook.url}{yaml}") as opsgenie:
        await opsgenie.notify(notice())
    cut = f"firing {'m' * 122}…"
    assert [(request.method, request.path) for request in hook.requests] == [
        ("POST", "/v2/alerts"),
        ("PUT", f"/v2/alerts/{KEY_HASH}/message?identifierType=alias"),
        ("PUT", f"/v2/alerts/{KEY_HASH}/description?identifierType=alias"),
    ]
    assert [request.json for request in hook.requests] == [
        {
            "alias": KEY_HASH,
            "message": cut,
            "description": "text",
            "details": {"alertname": "ops", "instance": "a:1", "more": "x"},
            "source": "http://alerts.example.com",
            "responders": [
                {"name": "ops", "type": "team"},
                {"name": "x", "type": "team"},
                {"name": "y", "type": "team"},
                {"username": "me@example.com", "type": "user"},
                {"id": "12", "type": "schedule"},
            ],
            "tags": ["a", "firing", "b"],
            "note": "n",
            "priority": "P1",
            "entity": "e",
            "actions": ["restart"],
        },
        {"message": cut},
        {"description": "text"},
    ]


async def test_key_and_address_of_global(tmp_path):
    (tmp_path / "key").write_text("f1le\n")
    async with service(202) as hook:
        shared = f"{{opsgenie_api_key_file: key, opsgenie_api_url: '{hook.url}/eu'}}"
        async with notifier("opsgenie", "{}", shared, tmp_path) as opsgenie:
            await opsgenie.notify(notice())
    assert hook.requests[0].path == "/eu/v2/alerts"
    assert hook.requests[0].headers["Authorization"] == "GenieKey f1le"


@pytest.mark.parametrize(("status", "is_retryable"), [(401, False), (422, False), (429, True), (500, True)])
async def test_refusals(status, is_retryable):
    async with service(status, "key k3y is bad") as hook:
        yaml = f"{{api_key: k3y, api_url: '{hook.url}'}}"
        async with notifier("opsgenie", yaml) as opsgenie:
            with pytest.raises(NotifyError) as caught:
                await opsgenie.notify(notice())
    assert str(caught.value) == f"unexpected status code {status}: key <secret> is bad"
    assert caught.value.is_retryable is is_retryable


@pytest.mark.parametrize(
    ("yaml", "problem"),
    [
        ("{}", "no global OpsGenie API Key set either inline or in a file"),
        ("{api_key: x, api_key_file: y}", "at most one of api_key & api_key_file"),
        ("{api_key: x, responders: [{type: team}]}", "at least one of id, username or name"),
        ("{api_key: x, responders: [{id: a, type: crowd}]}", "must be one of team, teams, user"),
    ],
)
def test_configuration_errors(yaml, problem):
    with pytest.raises(ConfigError, match=problem):
        config("opsgenie", yaml)


def test_defaults():
    section = config("opsgenie", "api_key: x")
    assert section.send_resolved
    assert section.api_url.reveal() == "https://api.opsgenie.com/"
