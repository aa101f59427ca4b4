"""Templates: any text is executed or refused with a TemplateError, and fast paths do what execution does."""

from __future__ import annotations

import math
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from watchkeeper.core.template.builtins import BUILTINS
from watchkeeper.core.template.columns import FieldRef, compile_columns
from watchkeeper.core.template.errors import TemplateError
from watchkeeper.core.template.evaluate import Limits
from watchkeeper.core.template.formatting import sprintf
from watchkeeper.core.template.lexer import KEYWORDS
from watchkeeper.core.template.template import Template
from watchkeeper.core.template.values import StringMap
from watchkeeper.logs.lines.template_functions import FUNCTIONS

NAMES = st.sampled_from(["a", "b", "c"])
TEXTS = st.text(st.characters(codec="utf-8"), max_size=8).filter(lambda text: "{{" not in text)
LIMITS = Limits(max_steps=2000, max_output=20_000, max_depth=10)

BLOCKS = ["{{", "}}", "{{-", " -}}", "{{.a}}", "{{end}}", "{{else}}", "{{if .a}}", "{{range .b}}", "{{with .c}}"]
SIGNS = ["(", ")", "|", ":=", "=", "$x", "$", ".", ".a", ".b.c", ",", " ", "/*", "*/", "text", "\n", "\\", "é", "\x00"]
VALUES = ['"s"', "`r`", "'c'", "1", "-2.5", "0x1f", "nil", "true", "%d", '{{define "t"}}', '{{template "t" .}}']
NAMED = [*sorted(KEYWORDS), *sorted(FUNCTIONS), *sorted(BUILTINS)]
PIECES = st.sampled_from([*BLOCKS, *SIGNS, *VALUES, *NAMED])
DATA: dict[str, Any] = {"a": "12", "b": [1, "x", None, {"k": 2.5}], "c": StringMap(x="1"), "d": 3}


@settings(max_examples=500)
@given(st.lists(PIECES, max_size=14).map("".join) | st.text(max_size=30))
def test_any_text_is_executed_or_refused(text: str) -> None:
    try:
        template = Template.parse(text, FUNCTIONS, limits=LIMITS)
        template.execute(DATA)
    except TemplateError as error:
        message = str(error)
    else:
        message = "template: fine"
    assert message.startswith("template: ")


FIELDS = [".a", ".b", ".c", ".d", "(now)", "nil", "true", "1", "-3", "2.5", "99999999"]
STRINGS = ['"x"', '"2006-01-02"', '"aGk="', '"(a+)"', '"1.5MB"', '"1h"', '"%zz"', '""', '"["']
CALLS = st.tuples(st.sampled_from(NAMED), st.lists(st.sampled_from([*FIELDS, *STRINGS]), max_size=4))


@settings(max_examples=600)
@given(CALLS)
def test_any_call_gives_a_value_or_an_error(call: tuple[str, list[str]]) -> None:
    name, args = call
    try:
        found = Template.parse("{{" + " ".join([name, *args]) + "}}", FUNCTIONS, limits=LIMITS).execute(DATA)
    except TemplateError as error:
        found = str(error)
    assert isinstance(found, str)


@st.composite
def simple_templates(draw: st.DrawFn) -> str:
    out = ""
    for _ in range(draw(st.integers(0, 5))):
        out += draw(TEXTS)
        left, right = draw(st.sampled_from([("{{", "}}"), ("{{- ", "}}"), ("{{", " -}}"), ("{{ ", " }}")]))
        out += f"{left}{draw(st.sampled_from(['.', '$.']))}{draw(NAMES)}{right}"
    return out + draw(TEXTS)


@settings(max_examples=300)
@given(simple_templates(), st.dictionaries(NAMES, TEXTS))
def test_columns_do_what_execution_does(text: str, data: dict[str, str]) -> None:
    template = Template.parse(text)
    parts = compile_columns(template)
    assert parts is not None
    joined = "".join(data.get(part.name, "") if isinstance(part, FieldRef) else str(part) for part in parts)
    assert joined == template.execute(data)


@settings(max_examples=200)
@given(simple_templates(), st.dictionaries(NAMES, TEXTS), st.dictionaries(NAMES, TEXTS))
def test_only_the_fields_used_count(text: str, data: dict[str, str], other: dict[str, str]) -> None:
    template = Template.parse("{{if .a}}" + text + "{{end}}")
    used = template.fields().fields
    mixed = {**{name: value for name, value in other.items() if name not in used}}
    mixed.update((name, value) for name, value in data.items() if name in used)
    assert template.execute(mixed) == template.execute(data)


FLAGS = st.sampled_from(["", "-", "0", "+", " ", "#"])
WIDTHS = st.sampled_from(["", "1", "5", "12"])
PRECISIONS = st.sampled_from(["", ".0", ".1", ".3", ".10"])


@settings(max_examples=500)
@given(FLAGS, WIDTHS, PRECISIONS, st.floats(-1e15, 1e15), st.sampled_from("eEfF"))
def test_floats_are_as_in_c(flag: str, width: str, precision: str, value: float, verb: str) -> None:
    form = f"%{flag}{width}{precision}{verb}"
    assert sprintf(form, [value]) == form % value


@settings(max_examples=300)
@given(
    FLAGS.filter(lambda flag: flag != "#"), WIDTHS, PRECISIONS.filter(lambda p: p != ".0"), st.integers(-(10**9), 10**9)
)
def test_integers_are_as_in_c(flag: str, width: str, precision: str, value: int) -> None:
    form = f"%{flag}{width}{precision}d"
    if flag == "0" and precision:  # C leaves the zeros out too; Python does not.
        form = f"%{width}{precision}d"
    assert sprintf(form, [value]) == form % value


@settings(max_examples=300)
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_shortest_floats_are_read_back(value: float) -> None:
    found = float(sprintf("%v", [value]))
    assert found == value
    assert math.copysign(1, found) == math.copysign(1, value)
