"""The functions of templates; results are those of Go where it has them."""

from __future__ import annotations

import pytest

from tests.unit.alerts.integrations.hook_double import alert, notice
from watchkeeper.alerts.interface import NotifyError
from watchkeeper.alerts.templates.templates import Templates
from watchkeeper.core.model.labels import Labels

TEMPLATES = Templates(external_url="http://alerts.example.com")
TOLD = notice(
    alert(alertname="Down", instance="a:1"),
    alert(True, alertname="Down", instance="b:1"),
    route_labels=Labels.of(team="ops"),
)


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ('{{ "straße" | toUpper }}', "STRAßE"),
        ('{{ toLower "ÀB İ" }}', "àb i"),
        (
            """{{ title "hELLO wORLD-foo don't o'neil X.Y a_b 1ST éCOLE" }}""",
            "Hello World-Foo Don't O'neil X.y A_b 1St École",
        ),
        ('[{{ trimSpace " \\t a b\\n" }}]', "[a b]"),
        ('{{ stringSlice "a" "b" | join ", " }}', "a, b"),
        ('{{ join "," .CommonLabels.Names }}', "alertname"),
        ('{{ match "^a.c$" "abc" }} {{ match "b" "abc" }} {{ match "^b" "abc" }}', "true true false"),
        ('{{ reReplaceAll "(a)(?P<n>b)" "$2-$1-${n}-$1x-$$" "abcab" }}', "b-a-b--$cb-a-b--$"),
        ('{{ reReplaceAll "" "-" "abc" }}', "-a-b-c-"),
        ('{{ urlUnescape "a%20b+c%C3%A4" }}', "a b cä"),
        ('{{ base64encode "aä" }} {{ base64decode "YcOk" }}', "YcOk aä"),
        ('{{ date "2006-01-02 15:04" (index .Alerts 0).StartsAt }}', "2026-11-28 09:50"),
        ('{{ (index .Alerts 0).StartsAt | tz "Europe/Berlin" | date "15:04 MST" }}', "10:50 CET"),
        ("{{ now }}", "2026-11-28 10:00:00 +0000 UTC"),
        ("{{ since (index .Alerts 0).StartsAt }}", "10m0s"),
        ("{{ (index .Alerts 0).StartsAt | since | humanizeDuration }}", "10m 0s"),
        ('{{ toDate "2006-01-02" "2024-02-29" | date "Jan 2" }}', "Feb 29"),
        ('{{ (toDate "2006-01-02" "x").IsZero }}', "true"),
        ('{{ mustToDate "15:04" "10:30" | date "3:04PM" }}', "10:30AM"),
        ('{{ list 1 "a" true | toJson }}', '[1,"a",true]'),
        ('{{ append (list 1) "b" | toJson }} {{ append (stringSlice "a") "b" }}', '[1,"b"] [a b]'),
        ('{{ (dict "a" 1 "b" "x").a }} {{ dict "b" 1 "a" (list) | toJson }}', '1 {"a":[],"b":1}'),
        ('{{ dict "only" | toJson }} {{ dict 1 2 | toJson }}', '{"only":""} {"1":2}'),
        ("{{ .CommonLabels | toJson }}", '{"alertname":"Down"}'),
        ('{{ toJson "<a&b>\u2028" }}', '"\\u003ca\\u0026b\\u003e\\u2028"'),
        ("{{ toJson 1.5 }} {{ toJson 2.0 }} {{ toJson nil }}", "1.5 2 null"),
        ("{{ (index .Alerts 0).Labels.SortedPairs | toJson }}", None),
        ('{{ .RouteLabels.team }} {{ (routeLabels).team }} {{ routeLabels "team" }}', "ops ops ops"),
        ('{{ safeHtml "<b>" }} {{ safeUrl "x:y" }}', "<b> x:y"),
    ],
)
def test_results(template, expected):
    if expected is None:
        expected = '[{"Name":"alertname","Value":"Down"},{"Name":"instance","Value":"a:1"}]'
    assert TEMPLATES.text(template, TOLD) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        ("0", "0s"),
        ("0.0", "0s"),
        ("1", "1s"),
        ("1.2345678", "1.235s"),
        ("59.9", "59.9s"),
        ("60", "1m 0s"),
        ("3661", "1h 1m 1s"),
        ("90061", "1d 1h 1m 1s"),
        ("-61", "-1m 1s"),
        ("0.5", "500ms"),
        ("0.0000015", "1.5us"),
        ("1e-30", "1e-06ys"),
        ('"12.5"', "12.5s"),
    ],
)
def test_durations_for_people(seconds, expected):
    assert TEMPLATES.text("{{ humanizeDuration " + seconds + " }}", TOLD) == expected


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        ('{{ match "(" "a" }}', "error calling match: error parsing regexp: missing closing ): `(`"),
        ('{{ reReplaceAll "[" "" "a" }}', "error calling reReplaceAll: error parsing regexp: missing closing ]"),
        ('{{ join "," 1 }}', "expected []string; got int"),
        ("{{ toUpper 1 }}", "expected string; found 1"),
        ('{{ tz "Nowhere/Land" now }}', "unknown time zone Nowhere/Land"),
        ('{{ mustToDate "2006" "x" }}', "error calling mustToDate: parsing time"),
        ('{{ humanizeDuration "x" }}', "invalid syntax"),
        ("{{ humanizeDuration true }}", "can't convert bool to float"),
        ('{{ urlUnescape "%zz" }}', 'invalid URL escape "%zz"'),
        ('{{ base64decode "!" }}', "illegal base64 data"),
        ('{{ append "a" "b" }}', "Cannot push on type string"),
        ('{{ routeLabels "a" "b" }}', "want at most 1"),
        ('{{ reReplaceAll "" (printf "%100000d" 1) (printf "%100000d" 1) }}', "text is too large"),
        (
            '{{ join (printf "%100000d" 1) (list "a") }}{{ range 100 }}{{ printf "%999999d" 1 }}{{ end }}',
            "exceeded maximum size",
        ),
    ],
)
def test_failures_are_told_once_and_for_all(template, problem):
    with pytest.raises(NotifyError) as caught:
        TEMPLATES.text(template, TOLD)
    assert problem in str(caught.value)
    assert not caught.value.is_retryable
