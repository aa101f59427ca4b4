"""Texts that are templates, and those that are none: the errors are Go's."""

from __future__ import annotations

import pytest

from watchkeeper.core.template.errors import TemplateError
from watchkeeper.core.template.parser import MAX_BYTES, MAX_NESTING
from watchkeeper.core.template.template import Template


def problem(text: str, name: str = "") -> str:
    with pytest.raises(TemplateError) as caught:
        Template.parse(text, {"f": lambda: "", "g": lambda: ""}, name=name)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{.x }", 'template: :1: unexpected "}" in operand'),
        ("{{.x}", "template: :1: bad character U+007D '}'"),
        ("{{.x", "template: :1: unclosed action"),
        ("{{", "template: :1: unclosed action"),
        ("{{}}", "template: :1: missing value for command"),
        ("{{if}}x{{end}}", "template: :1: missing value for if"),
        ("{{range}}x{{end}}", "template: :1: missing value for range"),
        ("{{with}}x{{end}}", "template: :1: missing value for with"),
        ("{{if .a}}x", "template: :1: unexpected EOF"),
        ("{{end}}", "template: :1: unexpected {{end}}"),
        ("{{else}}", "template: :1: unexpected {{else}}"),
        ("{{if .a}}x{{else}}y{{else}}z{{end}}", "template: :1: expected end; found {{else}}"),
        ("{{break}}", "template: :1: {{break}} outside {{range}}"),
        ("{{continue}}", "template: :1: {{continue}} outside {{range}}"),
        ("{{range .x}}{{break 1}}{{end}}", 'template: :1: unexpected "1" in {{break}}'),
        ("{{nope}}", 'template: :1: function "nope" not defined'),
        ("{{$x}}", 'template: :1: undefined variable "$x"'),
        ("{{if .a}}{{$x := 1}}{{end}}{{$x}}", 'template: :1: undefined variable "$x"'),
        ("{{$x = 1}}", 'template: :1: undefined variable "$x"'),
        ('{{"abc', "template: :1: unterminated quoted string"),
        ("{{`abc", "template: :1: unterminated raw quoted string"),
        ("{{'a", "template: :1: unterminated character constant"),
        ("{{'ab'}}", "template: :1: malformed character constant: 'ab'"),
        ("{{(.a}}", "template: :1: unclosed left paren"),
        ("{{.a)}}", "template: :1: unexpected right paren"),
        ("{{1 | 2}}", "template: :1: non executable command in pipeline stage 2"),
        ("{{| .a}}", 'template: :1: unexpected "|" in command'),
        ("{{.a : .b}}", "template: :1: expected :="),
        ("{{1.2.3}}", 'template: :1: unexpected ".3" in operand'),
        ("{{12abc}}", 'template: :1: bad number syntax: "12abc"'),
        ("{{99999999999999999999}}", 'template: :1: integer overflow: "99999999999999999999"'),
        ("{{1e999}}", 'template: :1: illegal number syntax: "1e999"'),
        ("{{.a$b}}", "template: :1: bad character U+0024 '$'"),
        ("{{\x01}}", "template: :1: unrecognized character in action: U+0001"),
        ("{{true.x}}", 'template: :1: unexpected . after term "true"'),
        ("{{$i, $j := .a}}", "template: :1: too many declarations in command"),
        ("{{range $i, $j, $k := .a}}{{end}}", "template: :1: too many declarations in range"),
        ("{{range $i, .b := .a}}{{end}}", "template: :1: range can only initialize variables"),
        ("{{template}}", 'template: :1: unexpected "}}" in template clause'),
        ("{{template .x}}", 'template: :1: unexpected ".x" in template clause'),
        ("{{define}}{{end}}", 'template: :1: unexpected "}}" in define clause'),
        ('{{define "a"}}', "template: :1: unexpected EOF"),
        ('{{define "a"}}{{else}}', "template: :1: unexpected {{else}} in define clause"),
        ('{{define "a"}}x{{end}}{{define "a"}}y{{end}}', 'template: :1: template: multiple definition of template "a"'),
        ('{{if .a}}{{define "b"}}{{end}}{{end}}', "template: :1: unexpected <define> in command"),
        ("{{/* a", "template: :1: unclosed comment"),
        ("{{/* a */ }}", "template: :1: comment ends before closing delimiter"),
        ("{{if .a}}{{else with .b}}{{end}}", "template: :1: unexpected <with> in input"),
        ("a\nb\n{{.x }", 'template: :3: unexpected "}" in operand'),
        ("{{if .a}}\n{{.b\n", "template: :3: unclosed action started at :2"),
        ("{{printf `%d\n", "template: :1: unterminated raw quoted string"),
        ("{{.a\n\n", "template: :3: unclosed action started at :1"),
        ('{{.a\n"b', "template: :2: unterminated quoted string in action started at :1"),
        ('{{"a-very-long-text"  "b" ]}}', 'template: :1: unexpected "]" in operand'),
    ],
)
def test_errors(text: str, expected: str) -> None:
    assert problem(text) == expected


def test_the_name_stands_before_the_line() -> None:
    assert problem("\n{{nope}}", "line") == 'template: line:2: function "nope" not defined'


def test_place_of_an_error() -> None:
    with pytest.raises(TemplateError) as caught:
        Template.parse("ab\ncd {{nope}}")
    assert (caught.value.line, caught.value.column) == (2, 6)
    assert caught.value.problem == 'function "nope" not defined'


@pytest.mark.parametrize(
    "text",
    [
        "",
        "}} - '",
        "{{ .a }}{{- .b -}}",
        "{{/* nothing */}}{{- /* nothing */ -}}",
        "{{f | g}}",
        "{{.a | }}",
        "{{with $x := .a}}{{$x}}{{end}}",
        "{{range $i, $x := .a}}{{if $i}}{{break}}{{else}}{{continue}}{{end}}{{else}}-{{end}}",
        "{{if .a}}{{else if .b}}{{else if .c}}{{else}}{{end}}",
        "{{with .a}}{{else with .b}}{{end}}",
        "{{ .a.b.c (.d) (f).e $.g }}",
        '{{define "a"}}{{end}}{{define "a"}}x{{end}}{{block "b" .}}{{.}}{{end}}{{template "a"}}',
        "{{ 1 }}{{ -1 }}{{ +1 }}{{ 1.5e3 }}{{ 0x1F }}{{ 0b11 }}{{ 0o17 }}{{ 1_000 }}{{ '\\n' }}{{ nil | print }}",
        '{{ print nil true false `raw` "q\\"" }}',
    ],
)
def test_templates(text: str) -> None:
    assert Template.parse(text, {"f": lambda: "", "g": lambda x: ""}).text == text


def test_limits() -> None:
    deep = "{{if .a}}" * (MAX_NESTING + 1) + "{{end}}" * (MAX_NESTING + 1)
    assert "nested too deeply" in problem(deep)
    assert "nested too deeply" in problem("{{" + "(" * 5000 + "1" + ")" * 5000 + "}}")
    assert "nested too deeply" in problem("{{if .a}}x" + "{{else if .b}}y" * 5000 + "{{end}}")
    assert "longer than" in problem("x" * (MAX_BYTES + 1))


def test_what_is_defined() -> None:
    template = Template.parse('{{define "a"}}{{end}}{{block "b" .}}{{end}}')
    assert template.defined == {"a", "b"}
