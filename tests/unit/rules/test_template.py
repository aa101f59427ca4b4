"""Expansion of labels and annotations."""

from __future__ import annotations

import time

import numpy as np
import pytest

from watchkeeper.core.model.histogram import Histogram
from watchkeeper.core.model.label_sets import LabelSets
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.template.errors import TemplateError
from watchkeeper.rules.interface import Samples
from watchkeeper.rules.template import MAX_QUERIES, SPENT, Effort, Expander, Needs, check_template, expand, needs

ONE = Samples(LabelSets.of([Labels.of(a="b")]), np.array([1.0]))
MANY = Samples(LabelSets.of([Labels.of(a=str(i)) for i in range(3000)]), np.arange(3000.0))


def text_of(text, value=1.0, query=lambda text, time_ms: ONE):
    return expand(text, "A", Labels.of(job="node"), value, 0, query)


def test_a_text_without_a_template_is_itself():
    for text in ("", "plain", "{ $labels }", "}}", "{ {", "50%"):
        assert text_of(text) == text


def test_a_text_that_is_no_template():
    problem = 'template: __alert_A:1: function "nope" not defined'
    assert text_of("{{ nope }}") == f"<error expanding template: error parsing template __alert_A: {problem}>"
    with pytest.raises(TemplateError, match="undefined variable"):
        check_template("{{ $x }}", "A")
    check_template("{{ $labels.x }}", "A")
    check_template("no template: {", "A")


def test_alerts_that_share_a_text_have_errors_of_their_own():
    for name in ("A", "B", "A"):
        text = expand('{{ humanize "x" }}', name, Labels(), 1.0, 0, lambda text, time_ms: ONE)
        assert f'template: __alert_{name}:1:115: executing "__alert_{name}" at' in text
        with pytest.raises(TemplateError, match=f"template: __alert_{name}:1: undefined variable"):
            check_template("{{ $x }}", name)


def test_what_a_text_needs():
    assert needs("plain $value query now", "A") == Needs()
    assert needs("{{ $labels.job }} {{ .Labels.job }} {{ $externalURL }}", "A") == Needs()
    assert needs("{{ $value | humanize }}", "A") == Needs(value=True)
    assert needs("{{ .Value }}", "A") == Needs(value=True)
    assert needs('{{ printf "%v" . }}', "A") == Needs(value=True)
    assert needs('{{ define "x" }}{{ $.Value }}{{ end }}{{ template "x" $ }}', "A") == Needs(value=True)
    assert needs('{{ query "up" | first | value }}', "A") == Needs(query=True)
    assert needs("{{ now | humanizeTimestamp }} {{ $value }}", "A") == Needs(value=True, now=True)


def test_the_value_of_a_histogram_can_be_printed():
    histogram = Histogram(schema=0, count=3, sum=4.5, zero_threshold=0.5, zero_count=1, positive_spans=((0, 2),),
                          positive=(2.0, 0.0))  # fmt: skip
    assert text_of("{{ $value }}", histogram) == "{count:3, sum:4.5, [-0.5,0.5]:1, (0.5,1]:2}"
    assert "can't convert *histogram.FloatHistogram to float" in text_of("{{ humanize $value }}", histogram)


def test_a_histogram_in_an_answer_has_no_value():
    answer = Samples(LabelSets.of([Labels()]), np.array([7.0]), {0: Histogram()})
    assert text_of('{{ query "x" | first | value }}', query=lambda text, time_ms: answer) == "0"


def test_an_expander_says_whether_a_text_failed():
    expander = Expander(Labels.of(job="node"), 1.0, 0, lambda text, time_ms: ONE)
    assert expander.expand("{{ $labels.job }}", "A") == "node"
    assert not expander.failed
    assert expander.expand('{{ humanize "x" }}', "A").startswith("<error expanding template: ")
    assert expander.expand("{{ $labels.job }}", "A") == "node"
    assert expander.failed


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{{ $m := query "m" }}{{ range $m }}{{ range $m }}{{ end }}{{ end }}', "exceeded maximum number of steps"),
        ('{{ $m := query "m" }}{{ range $m }}{{ range $m }}x{{ end }}{{ end }}', "exceeded maximum number of"),
        ('{{ range query "m" }}{{ $x := query "m" }}{{ end }}', "exceeded maximum number of samples (200000)"),
        ('{{ define "x" }}{{ template "x" }}{{ end }}{{ template "x" }}', "exceeded maximum template depth"),
        ('{{ define "x" }}{{ tmpl "x" . }}{{ end }}{{ tmpl "x" . }}', "exceeded maximum depth of tmpl"),
        ('{{ define "x" }}y{{ end }}{{ range query "m" }}{{ tmpl "x" . }}{{ end }}', "maximum number of calls of tmpl"),
        ('{{ printf "%1000000d" 1 | printf "%s%s%[1]s%[1]s%[1]s%[1]s%[1]s%[1]s%[1]s" }}', "maximum size of output"),
        ('{{ range query "m" }}{{ printf "%9999d" 1 }}{{ end }}', "exceeded maximum size of output"),
        ('{{ reReplaceAll "" (printf "%9999d" 1) (printf "%9999d" 1) }}', "text is too large"),
    ],
)  # fmt: skip
def test_what_would_not_end_or_not_fit_is_stopped(text, problem):
    began_s = time.monotonic()
    assert problem in text_of(text, query=lambda text, time_ms: MANY)
    assert time.monotonic() - began_s < 5


def test_a_template_can_ask_only_so_many_queries():
    asked = []

    def query(text, time_ms):
        asked.append(text)
        return MANY if text == "m" else ONE

    text = '{{ $i := "n" }}{{ range query "m" }}{{ $i = printf "%sn" $i }}{{ query $i | first | value }}{{ end }}'
    assert f"exceeded maximum number of queries ({MAX_QUERIES})" in text_of(text, query=query)
    assert len(asked) == MAX_QUERIES


def test_what_several_texts_ask_is_asked_once():
    asked = []

    def query(text, time_ms):
        asked.append((text, time_ms))
        return ONE

    effort = Effort()
    for time_ms in (0, 0, 1):
        expander = Expander(Labels(), 1.0, time_ms, query, effort=effort)
        assert expander.expand('{{ query "n" | first | value }}{{ query "n" | len }}', "A").endswith("1")
    assert asked == [("n", 0), ("n", 1)]
    assert effort.n_failed == 0


def test_when_the_time_of_a_rule_is_over_its_texts_say_so():
    now_s = [0.0]

    def query(text, time_ms):
        now_s[0] += 4
        return ONE

    effort = Effort(lambda: now_s[0])
    texts = [
        Expander(Labels(), 1.0, 0, query, effort=effort).expand(f'{{{{ query "{i}{{{{" | len }}}}', "A")
        for i in range(5)
    ]
    assert texts[:3] == ["1", "1", "1"]
    assert texts[3] == f"<error expanding template: error executing template __alert_A: {SPENT}>"
    assert "10s" in SPENT
    assert (effort.n_failed, effort.failure) == (2, texts[3])
    assert Expander(Labels(), 1.0, 0, query, effort=effort).expand("plain", "A") == "plain"
    # In the middle of a text, too.
    text = '{{ query "a" | len }}{{ query "b" | len }}{{ query "c" | len }}{{ query "d" | len }}'
    fresh = Effort(lambda: now_s[0])
    assert SPENT in Expander(Labels(), 1.0, 0, query, effort=fresh).expand(text, "A")
