"""What templates of labels and annotations may call; the outcomes are those of Prometheus."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from watchkeeper.core.model.errors import ParseError
from watchkeeper.core.model.label_sets import LabelSets
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.model.span import Span
from watchkeeper.rules.interface import Samples
from watchkeeper.rules.template import expand
from watchkeeper.rules.template_functions import FUNCTIONS

SCRIPT = Path(__file__).parents[2] / "scripts" / "rules" / "templates.txt"
UP = [Labels.of(__name__="up", instance="b:1"), Labels.of(__name__="up", instance="a:2")]


def query(text, time_ms):
    if text == "up":
        return Samples(LabelSets.of(UP), np.array([1.0, 2.0]))
    if text == "up(":
        raise ParseError("unclosed left parenthesis", Span(3, 3), text)
    if text == "time()":
        return Samples(LabelSets.of([Labels()]), np.array([time_ms / 1000]))
    return Samples(LabelSets.of([]), np.zeros(0))


def text_of(template, value=3.5):
    labels = Labels.of(__name__="m", instance="h.example:9100", job="node")
    return expand(template, "A", labels, value, 61_500, query, Labels.of(cluster="c1"), "http://x.example/p%20q")


def cases(sign):
    """Templates with what they give, from a file whose head says the surroundings; `$` ends a text."""
    lines = [line for line in SCRIPT.read_text().splitlines() if line and not line.startswith("#")]
    pairs = zip(lines[::2], lines[1::2], strict=True)
    return {template: text[2:].removesuffix("$") for template, text in pairs if text[0] == sign}


CASES = cases("=")
ERRORS = cases("!")


@pytest.mark.parametrize("template", CASES)
def test_a_template_gives(template):
    assert text_of(template) == CASES[template]


@pytest.mark.parametrize("template", ERRORS)
def test_a_template_fails(template):
    start = "<error expanding template: error executing template __alert_A: template: __alert_A:1:"
    text = text_of(template)
    assert text.startswith(start)
    assert text.endswith(f"{ERRORS[template]}>")


def test_every_function_has_a_case_and_an_error():
    for name in FUNCTIONS:
        assert any(f"{name} " in template for template in CASES), name
    for name in FUNCTIONS.keys() - {"args", "safeHtml"}:
        assert any(f"{name} " in template for template in ERRORS), name


def test_the_place_of_an_error_is_upstreams():
    """Upstream's definitions of the variables stand before the text, on its first line."""
    text = text_of('{{ humanize "x" }}')
    assert 'template: __alert_A:1:115: executing "__alert_A" at <humanize "x">' in text
    assert "template: __alert_A:2:5: executing" in text_of('\n  {{ humanize "x" }}')
