from __future__ import annotations

import threading

import pytest

from tests.unit.alerts.integrations.hook_double import alert, notice
from watchkeeper.alerts.interface import NotifyError
from watchkeeper.alerts.templates.kind import TemplateText
from watchkeeper.alerts.templates.templates import Templates
from watchkeeper.core.config.decode import Load, decode_value
from watchkeeper.core.model.errors import ConfigError


def test_files_replace_definitions_in_order():
    templates = Templates(
        [
            (
                "a.tmpl",
                '{{ define "__subject" }}first{{ end }}{{ define "mine" }}{{ template "__subject" . }}{{ end }}',
            ),
            ("b.tmpl", '{{ define "__subject" }}second {{ .Status }}{{ end }}'),
        ]
    )
    assert templates.text('{{ template "mine" . }}', notice()) == "second firing"
    assert templates.text('{{ template "slack.default.title" . }}', notice()) == "second firing"
    assert "mine" in templates.defined
    assert "mine" not in Templates().defined


def test_errors_of_files_have_places_all_at_once():
    with pytest.raises(ConfigError) as caught:
        Templates([("a.tmpl", '{{ define "x" }}\n  {{ nope }}{{ end }}'), ("b.tmpl", "{{ if }}"), ("c.tmpl", "fine")])
    first, second = caught.value.problems
    assert (first.file, first.line) == ("a.tmpl", 2)
    assert 'function "nope" not defined' in first.message
    assert second.file == "b.tmpl"


def test_errors_of_execution_name_the_template_and_the_key():
    templates = Templates([("a.tmpl", '{{ define "mine" }}\n{{ .Nope }}{{ end }}')])
    with pytest.raises(NotifyError) as caught:
        templates.text('{{ template "mine" . }}', notice(), "title")
    assert str(caught.value) == (
        'title: template: a.tmpl:2:3: executing "mine" at <.Nope>: can\'t evaluate field Nope in type *template.Data'
    )
    assert not caught.value.is_retryable


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        ('{{ template "nowhere" . }}', 'template "nowhere" not defined'),
        ("{{ if }}", "missing value for if"),
        ('{{ define "r" }}{{ template "r" . }}{{ end }}{{ template "r" . }}', "exceeded maximum template depth"),
    ],
)
def test_bad_templates_of_keys(template, problem):
    with pytest.raises(NotifyError, match=problem):
        Templates().text(template, notice())


def test_texts_without_actions_are_taken_as_they_are():
    assert Templates().text("a }} b <c>", notice()) == "a }} b <c>"
    assert Templates().html("<b>", notice()) == "<b>"
    assert Templates().text("", notice()) == ""


def test_several_threads_at_once():
    templates = Templates()
    results: set[tuple[int, str]] = set()

    def work(number: int) -> None:
        for _ in range(50):
            told = notice(alert(alertname="Down", instance=str(number)))
            results.add((number, templates.text("{{ .CommonLabels.instance }}", told)))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {(number, str(number)) for number in range(4)}


def test_a_key_that_is_no_template_is_warned_of():
    load = Load("alertmanager.yml")
    assert decode_value(TemplateText(), "'x {{ .Status'", load) == "x {{ .Status"
    [warning] = load.warnings
    assert str(warning).startswith("alertmanager.yml:1:1: not a valid template: ")
    load = Load("alertmanager.yml")
    decode_value(TemplateText(), "'{{ .Status | toUpper }}'", load)
    assert not load.warnings
