from __future__ import annotations

import pytest

from tests.unit.alerts.integrations.hook_double import alert, notice
from watchkeeper.alerts.interface import NotifyError, Reason
from watchkeeper.alerts.templates.data import KV, data_of
from watchkeeper.alerts.templates.templates import Templates
from watchkeeper.core.model.labels import Labels

TEMPLATES = Templates(external_url="http://alerts.example.com")
TOLD = notice(
    alert(alertname="Down", zone="z", instance="a:1"),
    alert(True, {"summary": "b is down", "more": "x"}, alertname="Down", zone="z", instance="b:1"),
    receiver="a.b",
    reason=Reason.NEW_ALERTS,
)


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{{ .Receiver }} {{ .Status }} {{ .ExternalURL }}", "a\\.b firing http://alerts.example.com"),
        ("{{ .NotificationReason }}", "new alerts added"),
        ("{{ .GroupLabels }}|{{ .CommonLabels }}|{{ .CommonAnnotations }}", "alertname=Down|alertname=Down, zone=z|"),
        ("{{ len .Alerts }} {{ len .Alerts.Firing }} {{ .Alerts.Resolved | len }}", "2 1 1"),
        ("{{ range .Alerts.Firing }}{{ .Labels.instance }}{{ .Status }}{{ end }}", "a:1firing"),
        ("{{ range $i, $a := .Alerts }}{{ $i }}{{ $a.Status }} {{ end }}", "0firing 1resolved "),
        ("{{ (index .Alerts 1).EndsAt }} {{ (index .Alerts 0).EndsAt.IsZero }}", "2026-11-28 09:59:00 +0000 UTC true"),
        ("{{ (index .Alerts 1).EndsAt.Sub (index .Alerts 1).StartsAt }}", "9m0s"),
        ("{{ (index .Alerts 0).Fingerprint | len }}", "16"),
        ("{{ (index .Alerts 0).Labels.SortedPairs.Names }}", "[alertname instance zone]"),
        ("{{ .CommonLabels.SortedPairs.Values }} {{ .CommonLabels.Values }}", "[Down z] [Down z]"),
        ("{{ range .CommonLabels.SortedPairs }}{{ .Name }}:{{ .Value }};{{ end }}", "alertname:Down;zone:z;"),
        ('{{ .CommonLabels.Remove (stringSlice "zone") }}', "alertname=Down"),
        ("{{ .CommonLabels.Remove .GroupLabels.Names }}", "zone=z"),
        ('{{ .CommonLabels.missing }}|{{ index .CommonLabels "zone" }}', "|z"),
        ("{{ if .CommonAnnotations }}x{{ else }}y{{ end }}{{ with .CommonLabels }}z{{ end }}", "yz"),
        ("{{ range .Alerts }}{{ with .Annotations.more }}{{ . }}{{ end }}{{ end }}", "x"),
        ("{{ slice .Alerts 0 1 | len }}", "1"),
        ("{{ (index .Alerts 0).Labels.SortedPairs }}", "alertname=Down, instance=a:1, zone=z"),
    ],
)
def test_what_templates_see(template, expected):
    assert TEMPLATES.text(template, TOLD) == expected


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        ("{{ .Foo }}", "can't evaluate field Foo in type"),
        ("{{ .CommonLabels.a.b }}", "can't evaluate field b in type string"),
        ("{{ .external_url }}", "can't evaluate field external_url"),
        ("{{ (index .Alerts 7).Status }}", "index out of range: 7"),
    ],
)
def test_what_they_do_not(template, problem):
    with pytest.raises(NotifyError, match=problem):
        TEMPLATES.text(template, TOLD)


def test_alertname_comes_first_wherever_names_are_in_order():
    assert KV({"a": "1", "alertname": "x", "B": "2"}).sorted_pairs().names() == ["alertname", "B", "a"]


def test_a_notice_without_alerts_has_nothing_in_common():
    told = notice()
    data = data_of(type(told)("r", "k", Labels(), (), told.now_ns), "")
    assert (data.common_labels, data.common_annotations, data.status) == ({}, {}, "resolved")


def test_data_is_made_once_for_a_notice():
    assert TEMPLATES.data(TOLD) is TEMPLATES.data(TOLD)


def test_an_end_that_is_yet_to_come_is_not_shown():
    guess = alert()
    told = notice(type(guess)(guess.labels, starts_ns=guess.starts_ns, ends_ns=TOLD.now_ns + 1))
    assert data_of(told, "").alerts[0].json_fields()["endsAt"] == "0001-01-01T00:00:00Z"
