"""The default set: it has every name that receivers and users count on, and works for every notice."""

from __future__ import annotations

import importlib

import pytest

from tests.unit.alerts.integrations.hook_double import alert, notice
from watchkeeper.alerts.integrations.table import INTEGRATIONS
from watchkeeper.alerts.templates.templates import Templates
from watchkeeper.core.config.schema import table_of

TEMPLATES = Templates(external_url="http://alerts.example.com")
NAMES = {
    "slack": "title username fallback callbackid pretext titlelink iconemoji iconurl text footer color",
    "pagerduty": "description client clientURL instances",
    "opsgenie": "message description source",
    "wechat": "message to_user to_party to_tag agent_id",
    "victorops": "state_message entity_display_name monitoring_tool",
    "pushover": "title message url",
    "sns": "subject message",
    "telegram": "message",
    "discord": "title message",
    "webex": "message",
    "msteams": "summary title text",
    "msteamsv2": "title text",
    "jira": "summary description priority",
    "rocketchat": "title alias titlelink emoji iconurl text",
    "mattermost": "username color text title titlelink fallback",
    "email": "subject html text",
}
ALL = [f"{receiver}.default.{name}" for receiver, names in NAMES.items() for name in names.split()]
FIRING = notice(alert(alertname="Down", instance="a:1"), alert(alertname="Down", instance="b:1"))
MIXED = notice(alert(alertname="Down", instance="a:1"), alert(True, alertname="Down", instance="b:1", severity="page"))
RESOLVED = notice(resolved=True)
BARE = notice(alert(annotations={"x": "y"}, other="label"))


@pytest.mark.parametrize("name", ALL)
def test_every_definition_works(name):
    template = '{{ template "' + name + '" ' + (".Alerts" if name.endswith("instances") else ".") + " }}"
    for told in (FIRING, MIXED, RESOLVED, BARE):
        assert "<no value>" not in TEMPLATES.text(template, told)
        assert "ZgotmplZ" not in TEMPLATES.html(template, told)


def test_names_that_all_share():
    shared = {"__subject", "__description", "__alertmanager", "__alertmanagerURL", "__text_alert_list"}
    assert shared | {"__text_alert_list_markdown"} <= TEMPLATES.defined
    assert set(ALL) <= TEMPLATES.defined


@pytest.mark.parametrize("module", sorted(set(INTEGRATIONS.values()) - {"apprise"}))
def test_defaults_of_receivers_name_definitions_that_are_there(module):
    section = importlib.import_module(f"watchkeeper.alerts.integrations.{module}").CONFIG
    for setting in table_of(section).settings:
        default = None if setting.required else setting.factory()
        if isinstance(default, str) and '{{ template "' in default:
            assert default.split('"')[1] in TEMPLATES.defined, f"{module}: {setting.key}"


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (FIRING, "[FIRING:2] Down"),
        (MIXED, "[FIRING:1] Down"),
        (RESOLVED, "[RESOLVED] Down (a:1)"),
    ],
)
def test_subjects(told, expected):
    assert TEMPLATES.text('{{ template "__subject" . }}', told) == expected


def test_link_to_the_receivers_alerts():
    told = notice(receiver="a.b c&d")
    expected = "http://alerts.example.com/#/alerts?receiver=a%5C.b+c%26d"
    assert TEMPLATES.text('{{ template "__alertmanagerURL" . }}', told) == expected
    in_html = expected.replace("+", "&#43;")
    assert f'<a href="{in_html}">' == TEMPLATES.html('<a href="{{ template "__alertmanagerURL" . }}">', told)


def test_text_of_a_notice():
    assert TEMPLATES.text('{{ template "opsgenie.default.description" . }}', MIXED) == (
        "Firing:\n"
        "- a is down\n"
        "  since 2026-11-28 09:50:00 UTC\n"
        "  labels: alertname=Down, instance=a:1\n"
        "  source: http://prometheus/graph?g0.expr=up\n"
        "Resolved:\n"
        "- a is down\n"
        "  resolved 2026-11-28 09:59:00 UTC, after 9m 0s\n"
        "  labels: alertname=Down, instance=b:1, severity=page\n"
        "  source: http://prometheus/graph?g0.expr=up\n"
    )


@pytest.mark.parametrize(
    ("severity", "priority"), [("critical", "High"), ("Warning", "Medium"), ("info", "Low"), ("", ""), ("odd", "")]
)
def test_priorities_of_issues(severity, priority):
    told = notice(alert(alertname="Down", severity=severity))
    assert TEMPLATES.text('{{ template "jira.default.priority" . }}', told) == priority


def test_mail_of_hostile_labels():
    evil = '"><script>alert(1)</script>javascript:x'
    told = notice(
        alert(annotations={"summary": evil, "description": evil, "runbook_url": "javascript:x"}, alertname=evil)
    )
    html = TEMPLATES.html('{{ template "email.default.html" . }}', told)
    assert "<script" not in html
    assert 'href="javascript' not in html
    assert html.count("&lt;script&gt;") >= 3


def test_long_lists_are_cut():
    told = notice(*(alert(alertname="Down", instance=str(i)) for i in range(250)))
    for name in ("__text_alert_list", "__text_alert_list_markdown"):
        text = TEMPLATES.text('{{ template "' + name + '" .Alerts }}', told)
        assert text.count("a is down") == 100
        assert text.endswith("… and more: 250 alerts in all\n")
