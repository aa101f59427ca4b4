"""What a template looks at, and templates that are only text and fields."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from watchkeeper.core.template.columns import FieldRef, FunctionRef, Part, compile_columns
from watchkeeper.core.template.template import Template

FUNCTIONS: dict[str, Callable[..., Any]] = {"line": lambda: "", "upper": lambda text: text}


@pytest.mark.parametrize(
    ("text", "fields", "whole", "functions"),
    [
        ("text", set(), False, set()),
        ("{{.a}}{{.b.c}}{{$.d}}", {"a", "b", "d"}, False, set()),
        ("{{if .a}}{{.b}}{{else if .c}}{{.d}}{{else}}{{.e}}{{end}}", set("abcde"), False, set()),
        ("{{range .a}}{{.b}}{{else}}{{.c}}{{end}}", set("abc"), False, set()),
        ("{{with $x := .a}}{{$x.y}}{{end}}", {"a"}, False, set()),
        ("{{.a | upper | printf `%s`}} {{line}}", {"a"}, False, {"upper", "line", "printf"}),
        ("{{(upper .a).b}} {{index $ `c`}}", {"a"}, True, {"upper", "index"}),
        ("{{range $k, $v := .}}{{$k}}{{end}}", set(), True, set()),
        ('{{define "t"}}{{.x}}{{end}}{{template "t" $}}', {"x"}, True, set()),
        ("{{eq .a (print .b `x`)}}", {"a", "b"}, False, {"eq", "print"}),
    ],
)
def test_uses(text: str, fields: set[str], whole: bool, functions: set[str]) -> None:
    uses = Template.parse(text, FUNCTIONS).fields()
    assert (set(uses.fields), uses.whole, set(uses.functions)) == (fields, whole, functions)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", ()),
        ("text", ("text",)),
        ("a {{.b}} c{{$.d}}", ("a ", FieldRef("b"), " c", FieldRef("d"))),
        ("{{`x`}}{{line}}", ("x", FunctionRef("line"))),
        ("a {{- /* c */ -}} b", ("a", "b")),
        ("{{.a.b}}", None),
        ("{{.a | upper}}", None),
        ("{{upper .a}}", None),
        ("{{$x := .a}}", None),
        ("{{if .a}}{{end}}", None),
        ("{{1}}", None),
        ("{{.}}", None),
    ],
)
def test_columns(text: str, parts: tuple[Part, ...] | None) -> None:
    assert compile_columns(Template.parse(text, FUNCTIONS)) == parts
