from __future__ import annotations

import pytest

from tests.unit.alerts.integrations.hook_double import config
from watchkeeper.alerts.templates.templates import Templates
from watchkeeper.alerts.templates.undefined import undefined_in

TEMPLATES = Templates([("a.tmpl", '{{ define "mine" }}x{{ end }}')])


@pytest.mark.parametrize(
    ("yaml", "expected"),
    [
        ("{}", []),
        ("""{text: '{{ template "mine" . }}'}""", []),
        ("""{text: '{{ template "yours" . }}'}""", [("text", "yours")]),
        (
            """{text: '{{ if .X }}{{ else }}{{ range .Y }}{{ template "b" }}{{ end }}{{ template "a" }}{{ end }}'}""",
            None,
        ),
        ("""{text: '{{ define "c" }}{{ end }}{{ template "c" }}', title: '{{ if }}'}""", []),
        ("""{fields: [{title: a, value: '{{ template "d" . }}'}]}""", [("fields[0].value", "d")]),
    ],
)
def test_calls(yaml, expected):
    if expected is None:
        expected = [("text", "a"), ("text", "b")]
    section = config("slack", yaml, "slack_api_url: http://x")
    assert undefined_in(section, TEMPLATES) == expected


def test_details_of_any_shape():
    section = config("pagerduty", "{routing_key: x, details: {a: [{b: '{{ template \"e\" . }}'}]}}")
    assert undefined_in(section, TEMPLATES) == [("details.a[0].b", "e")]
