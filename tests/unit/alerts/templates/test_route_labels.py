"""Labels of routes may be templates; what uses them sees what they came to."""

import dataclasses

from tests.unit.alerts.integrations.hook_double import notice
from watchkeeper.alerts.templates.templates import Templates
from watchkeeper.core.model.labels import Labels

LABELS = Labels.of(
    tier="{{ .Status | toUpper }}", team="db", loop="{{ .RouteLabels.tier }}", broken="{{ .Nope }}", bad="{{"
)


def test_they_are_expanded_once_for_a_notice():
    templates = Templates()
    one = dataclasses.replace(notice(), route_labels=LABELS)
    assert templates.text('{{ .RouteLabels.tier }} {{ .RouteLabels.team }} {{ routeLabels "team" }}', one).startswith(
        "FIRING db"
    )
    assert templates.data(one) is templates.data(one)


def test_one_sees_others_as_they_are_written():
    one = dataclasses.replace(notice(), route_labels=LABELS)
    assert Templates().text("{{ .RouteLabels.loop }}", one) == "{{ .Status | toUpper }}"


def test_one_that_fails_says_so_and_the_notice_goes_out():
    one = dataclasses.replace(notice(), route_labels=LABELS)
    for name in ("broken", "bad"):
        text = Templates().text(f"{{{{ .RouteLabels.{name} }}}} {{{{ .Status }}}}", one)
        assert text.startswith("<error expanding template: ")
        assert text.endswith("> firing")
