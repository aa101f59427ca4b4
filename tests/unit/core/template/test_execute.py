"""What templates make of data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import pytest

from watchkeeper.core.template.errors import TemplateError
from watchkeeper.core.template.evaluate import Limits
from watchkeeper.core.template.template import MissingKey, Template
from watchkeeper.core.template.values import Function, GoType, StringMap, ValueProblem, expose, function


def upper(text: str) -> str:
    return text.upper()


def join(separator: str, *parts: str) -> str:
    return separator.join(parts)


def half(number: float) -> float:
    return number / 2


def double(number: int) -> int:
    return number * 2


def negate(value: bool) -> bool:
    return not value


def fails() -> str:
    raise ValueProblem("no luck")


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "upper": upper,
    "join": join,
    "half": half,
    "double": double,
    "negate": negate,
    "fails": fails,
}
DATA: dict[str, Any] = {
    "s": "text",
    "n": 42,
    "f": 2.5,
    "yes": True,
    "no": False,
    "none": None,
    "empty": "",
    "list": ["a", "b", "c"],
    "numbers": [1, 2, 3],
    "map": {"b": 2, "a": 1},
    "texts": StringMap(x="1", y="2"),
    "holes": [None],
    "deep": {"er": {"est": "gold"}},
}


def run(text: str, data: Any = DATA, **options: Any) -> str:
    return Template.parse(text, FUNCTIONS, **options).execute(data)


def problem(text: str, data: Any = DATA, **options: Any) -> str:
    with pytest.raises(TemplateError) as caught:
        run(text, data, **options)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain } text {", "plain } text {"),
        ("{{.s}} {{.n}} {{.f}} {{.yes}} {{.none}}", "text 42 2.5 true <no value>"),
        ("{{.list}} {{.map}} {{.texts}}", "[a b c] map[a:1 b:2] map[x:1 y:2]"),
        ("{{.deep.er.est}} {{(.deep).er.est}} {{$.deep.er.est}}", "gold gold gold"),
        ("{{.deep.not}} {{.none}} {{$.zz}}", "<no value> <no value> <no value>"),
        ("{{1}} {{1.0}} {{1.5}} {{0x10}} {{010}} {{1e3}} {{'a'}} {{1_000}}", "1 1 1.5 16 8 1000 97 1000"),
        ('{{"a\\tb"}}{{`c\\n`}}', "a\tbc\\n"),
        # Trim markers.
        ("a  {{- 1 -}}  b", "a1b"),
        ("a\n\t{{- 1}} b", "a1 b"),
        ("a {{1 -}}\n b", "a 1b"),
        ("a {{- -1}}", "a-1"),
        ("a {{- /* c */ -}} b {{/* d */}} c", "ab  c"),
        # Branches.
        ("{{if .yes}}a{{end}}{{if .no}}b{{end}}{{if .empty}}c{{else}}d{{end}}", "ad"),
        ("{{if .no}}a{{else if .n}}b{{else}}c{{end}}", "b"),
        ("{{if .no}}a{{else if .empty}}b{{else}}c{{end}}", "c"),
        ("{{with .s}}<{{.}}>{{end}}{{with .empty}}x{{else}}y{{end}}", "<text>y"),
        ("{{with $x := .n}}{{$x}} {{$.s}}{{end}}", "42 text"),
        ("{{with .empty}}x{{else with .s}}{{.}}{{end}}", "text"),
        # Loops.
        ("{{range .list}}{{.}},{{end}}", "a,b,c,"),
        ("{{range $x := .list}}{{$x}},{{end}}", "a,b,c,"),
        ("{{range $i, $x := .list}}{{$i}}{{$x}},{{end}}", "0a,1b,2c,"),
        ("{{range $k, $v := .map}}{{$k}}={{$v}},{{end}}", "a=1,b=2,"),
        ("{{range 3}}{{.}}{{end}}{{range $i := 2}}{{$i}}{{end}}", "01201"),
        ("{{range .none}}x{{else}}nothing{{end}}{{range 0}}x{{else}}none{{end}}", "nothingnone"),
        ('{{range .list}}{{if eq . "b"}}{{continue}}{{end}}{{.}}{{end}}', "ac"),
        ('{{range .list}}{{if eq . "b"}}{{break}}{{end}}{{.}}{{end}}', "a"),
        ("{{range .list}}{{range $.numbers}}{{if eq . 2}}{{break}}{{end}}{{.}}{{end}}{{.}}{{end}}", "1a1b1c"),
        # Variables.
        ("{{$x := 1}}{{$x}}{{$x = 2}}{{$x}}", "12"),
        ("{{$x := 1}}{{if true}}{{$x := 2}}{{$x}}{{end}}{{$x}}", "21"),
        ("{{$x := 1}}{{if true}}{{$x = 2}}{{end}}{{$x}}", "2"),
        ('{{$x := ""}}{{range .list}}{{$x = .}}{{end}}{{$x}}', "c"),
        ("{{$i := 9}}{{$x := 9}}{{range $i, $x = .list}}{{end}}{{$i}}{{$x}}", "2c"),
        ("{{$m := .deep}}{{$m.er.est}}", "gold"),
        # Pipelines.
        ("{{.s | upper}} {{upper .s}} {{.s | upper | printf `%q`}}", 'TEXT TEXT "TEXT"'),
        ('{{join "-" "a" "b"}} {{join "-"}} {{"z" | join "-" "y"}}', "a-b  y-z"),
        ("{{half 3}} {{half .f}} {{double 0x10}} {{double 2.0}} {{negate true}}", "1.5 1.25 32 4 false"),
        ("{{(upper .s) | printf `%s!`}}", "TEXT!"),
        # Templates.
        ('{{define "t"}}<{{.}}>{{end}}{{template "t" .s}}{{template "t"}}', "<text><<no value>>"),
        ('{{block "b" .n}}[{{.}} {{$}}]{{end}}', "[42 42]"),
        ('{{define "x"}}{{template "y" .}}!{{end}}{{define "y"}}{{.}}?{{end}}{{template "x" 1}}', "1?!"),
        # Truth.
        ("{{and 1 0 2}} {{and 1 2}} {{or 0 \"\" \"x\"}} {{or 0 0}} {{not 1}} {{not .none}}", "0 2 x 0 false true"),
        ("{{if .map}}a{{end}}{{if .list}}b{{end}}{{if 0.0}}c{{end}}{{if 0}}d{{end}}", "ab"),
        ("{{or true (fails)}} {{and false (fails)}}", "true false"),
    ],
)  # fmt: skip
def test_texts(text: str, expected: str) -> None:
    assert run(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{eq 1 1}} {{eq 1 2 3 1}} {{eq `a` `a`}} {{eq 1.5 1.5}} {{eq true true}}", "true true true true true"),
        ("{{ne 1 2}} {{ne `a` `a`}}", "true false"),
        ("{{lt 1 2}} {{lt 2 2}} {{le 2 2}} {{gt 2 1}} {{ge 1 2}} {{lt `a` `b`}}", "true false true true false true"),
        ("{{len .s}} {{len .list}} {{len .map}} {{len `ü`}}", "4 3 2 2"),
        ("{{index .list 1}} {{index .map `a`}} {{index .texts `zz`}} {{index .map `zz`}}", "b 1  <no value>"),
        ("{{index .deep `er` `est`}} {{index `abc` 1}} {{index .list}}", "gold 98 [a b c]"),
        ("{{slice .s 1 3}} {{slice .s 1}} {{slice .s}} {{slice .list 1 2}}", "ex ext text [b]"),
        ("{{print 1 2 `a` `b` 3 4}} {{println 1 `a`}}", "1 2ab3 4 1 a\n"),
        ("{{print}}{{println}}{{print .none}}", "\n<nil>"),
        ('{{html `<a href="x">\'&`}}', "&lt;a href=&#34;x&#34;&gt;&#39;&amp;"),
        ('{{js `it\'s "<b>" & = \\`}}', 'it\\\'s \\"\\u003Cb\\u003E\\" \\u0026 \\u003D \\\\'),
        ('{{js "a\\n\\u2028ü"}}', "a\\u000A\\u2028ü"),
        ("{{urlquery `a b&c=d/ü~`}}", "a+b%26c%3Dd%2F%C3%BC~"),
        ("{{html 1 2}}{{.s | html}}", "1 2text"),
    ],
)
def test_builtins(text: str, expected: str) -> None:
    assert run(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{.s.x}}", ':1:4: executing "" at <.s.x>: can\'t evaluate field x in type interface {}'),
        ("{{.n.x.y}}", ':1:4: executing "" at <.n.x.y>: can\'t evaluate field x in type int'),
        ("{{gt .s 5}}", ':1:2: executing "" at <gt .s 5>: error calling gt: incompatible types for comparison'),
        ("{{lt .list 5}}", ':1:2: executing "" at <lt .list 5>: error calling lt: invalid type for comparison'),
        ("{{eq 1}}", ':1:2: executing "" at <eq 1>: error calling eq: missing argument for comparison'),
        ("{{eq .list .list}}", "at <eq .list .list>: error calling eq: non-comparable type [a b c]: []interface {}"),
        ("{{lt true false}}", "error calling lt: invalid type for comparison"),
        ("{{upper 5}}", ':1:8: executing "" at <5>: expected string; found 5'),
        ("{{upper .n}}", ':1:8: executing "" at <.n>: wrong type for value; expected string; got int'),
        ("{{.n | upper}}", ':1:7: executing "" at <upper>: wrong type for value; expected string; got int'),
        ("{{upper .none}}", ':1:8: executing "" at <.none>: wrong type for value; expected string; got interface {}'),
        ("{{upper nil}}", ':1:8: executing "" at <nil>: cannot assign nil to string'),
        ("{{double 1.5}}", ':1:9: executing "" at <1.5>: expected integer; found 1.5'),
        ("{{half `x`}}", ':1:7: executing "" at <`x`>: expected float; found `x`'),
        ("{{negate 1}}", ':1:9: executing "" at <1>: expected bool; found 1'),
        ("{{upper}}", ':1:2: executing "" at <upper>: wrong number of args for upper: want 1 got 0'),
        ("{{upper `a` `b`}}", "wrong number of args for upper: want 1 got 2"),
        ("{{join}}", "wrong number of args for join: want at least 1 got 0"),
        ("{{and}}", "wrong number of args for and: want at least 1 got 0"),
        ("{{fails}}", ':1:2: executing "" at <fails>: error calling fails: no luck'),
        ("{{.s 1}}", "s is not a method but has arguments"),
        ("{{1 | .s}}", "s is not a method but has arguments"),
        ("{{. 1}}", "can't give argument to non-function ."),
        ("{{$x := 1}}{{$x 2}}", "can't give argument to non-function $x"),
        ("{{nil}}", ':1:2: executing "" at <nil>: nil is not a command'),
        ("{{range .s}}{{end}}", "range can't iterate over text"),
        ("{{range $i, $x := 3}}{{end}}", "can't use 3 to iterate over more than one variable"),
        ('{{template "x"}}', 'at <{{template "x"}}>: template "x" not defined'),
        ("{{len .n}}", "error calling len: len of type int"),
        ("{{len nil}}", "error calling len: len of nil pointer"),
        ("{{index .list 3}}", "error calling index: reflect: slice index out of range"),
        ("{{index `` 0}}", "error calling index: reflect: string index out of range"),
        ("{{index .list 4}}", "error calling index: index out of range: 4"),
        ("{{index .list `a`}}", "error calling index: cannot index slice/array with type string"),
        ("{{index .map 1}}", "error calling index: value has type int; should be string"),
        ("{{index .n 1}}", "error calling index: can't index item of type int"),
        ("{{index nil 1}}", "error calling index: index of untyped nil"),
        ("{{slice .s 3 1}}", "error calling slice: invalid slice index: 3 > 1"),
        ("{{slice .s 9}}", "error calling slice: index out of range: 9"),
        ("{{slice .s 0 1 2}}", "error calling slice: cannot 3-index slice a string"),
        ("{{slice .n}}", "error calling slice: can't slice item of type int"),
        ("{{call .s}}", "error calling call: non-function .s of type string"),
        ("{{call nil}}", "error calling call: call of nil"),
        ("{{18446744073709551615}}", "18446744073709551615 overflows int"),
        ("{{(nil).x}}", "nil"),
        ("ab\n\u00fc {{.s.x}}", ":2:7: executing"),
    ],
)
def test_errors(text: str, expected: str) -> None:
    found = problem(text)
    assert found.startswith("template: :")
    assert expected in found


def test_place_of_an_error() -> None:
    with pytest.raises(TemplateError) as caught:
        run("ab\ncd {{.s.x}}")
    assert (caught.value.line, caught.value.problem) == (2, "can't evaluate field x in type interface {}")


@pytest.mark.parametrize(
    ("option", "data", "expected"),
    [
        ("zero", StringMap(a="1"), ""),
        ("zero", {"a": 1}, "<no value>"),
        ("default", StringMap(a="1"), "<no value>"),
        ("default", {"a": 1}, "<no value>"),
    ],
)
def test_missing_keys(option: MissingKey, data: Any, expected: str) -> None:
    assert run("{{.b}}", data, missing_key=option) == expected


def test_missing_keys_as_errors() -> None:
    assert problem("{{.b}}", {"a": 1}, missing_key="error").endswith('at <.b>: map has no entry for key "b"')
    assert problem("{{$x := .a}}{{$x.b}}", {"a": None}, missing_key="error").endswith('nil data; no entry for key "b"')


def test_a_dict_of_texts_is_a_string_map() -> None:
    assert run("<{{.b}}>", {"a": "1"}) == "<>"
    assert run("{{printf `%T` .}}", {"a": "1"}) == "map[string]string"
    assert run("{{printf `%T` .}}", {"a": 1}) == "map[string]interface {}"


def test_functions_of_one_execution() -> None:
    template = Template.parse("{{line}} {{upper line}}", {**FUNCTIONS, "line": lambda: "-"})
    assert template.execute({}, {"line": lambda: "abc"}) == "abc ABC"
    assert template.execute({}) == "- -"


def test_one_of_the_defined_templates() -> None:
    template = Template.parse('{{define "a"}}<{{.}}>{{end}}x')
    assert template.execute("y", template="a") == "<y>"
    with pytest.raises(TemplateError):
        template.execute("y", template="nope")


class Alert:
    def __init__(self, name: str, labels: dict[str, str]) -> None:
        self.name = name
        self.labels = StringMap(labels)


class Secret:
    token = "hidden"


expose(
    Alert,
    GoType(
        "template.Alert",
        fields={"Name": lambda alert: alert.name, "Labels": lambda alert: alert.labels},
        methods={
            "Shout": Function(lambda alert: alert.name.upper(), ()),
            "Label": Function(lambda alert, name: alert.labels.get(name, "?"), ("string",)),
        },
    ),
)


class TestObjects:
    data: ClassVar[dict[str, Any]] = {
        "alert": Alert("down", {"job": "node"}),
        "secret": Secret(),
        "call": function(upper),
    }

    def run(self, text: str) -> str:
        return run(text, self.data)

    def test_fields_and_methods(self) -> None:
        assert self.run("{{.alert.Name}} {{.alert.Labels.job}} {{.alert.Labels.zz}}|") == "down node |"
        assert self.run("{{.alert.Shout}} {{.alert.Label `job`}} {{`zz` | .alert.Label}}") == "DOWN node ?"
        assert self.run("{{with .alert}}{{.Shout}}{{end}}{{if .alert}}!{{end}}") == "DOWN!"
        assert self.run("{{printf `%v %+v` .alert .alert}}") == (
            "{down map[job:node]} {Name:down Labels:map[job:node]}"
        )

    def test_only_what_was_declared(self) -> None:
        assert self.run("{{.alert.Labels.get}}") == ""
        for text in ("{{.alert.name}}", "{{.alert.__class__}}", "{{.secret.token}}", "{{.alert.Labels.get.x}}"):
            with pytest.raises(TemplateError, match="can't evaluate field"):
                self.run(text)

    def test_arguments_of_methods(self) -> None:
        with pytest.raises(TemplateError, match="wrong number of args for Label: want 1 got 0"):
            self.run("{{.alert.Label}}")
        with pytest.raises(TemplateError, match="expected string; found 1"):
            self.run("{{.alert.Label 1}}")
        with pytest.raises(TemplateError, match="Name has arguments but cannot be invoked as function"):
            self.run("{{.alert.Name 1}}")

    def test_functions_as_values(self) -> None:
        assert self.run("{{call .call `a`}}") == "A"
        with pytest.raises(TemplateError, match="wrong number of args: got 2 want 1"):
            self.run("{{call .call `a` `b`}}")


class Labels(StringMap):
    pass


class Alerts(list[str]):
    pass


expose(Labels, GoType("template.KV", methods={"Names": Function(sorted, ())}, kind="map"))
expose(Alerts, GoType("template.Alerts", methods={"Firing": Function(lambda alerts: alerts[:1], ())}, kind="slice"))


def test_collections_with_methods() -> None:
    data = {"labels": Labels(b="2", a="1"), "alerts": Alerts(["x", "y"]), "n": 1}
    assert (
        run("{{.labels.Names}} {{.labels.a}} {{.labels.zz}}| {{len .labels}} {{index .labels `b`}}", data)
        == "[a b] 1 | 2 2"
    )
    assert run("{{range $k, $v := .labels}}{{$k}}{{$v}}{{end}} {{.labels}} {{printf `%T` .labels}}", data) == (
        "a1b2 map[a:1 b:2] template.KV"
    )
    assert run("{{.alerts.Firing | len}} {{range .alerts}}{{.}}{{end}} {{.alerts}}{{if .alerts}}!{{end}}", data) == (
        "1 xy [x y]!"
    )
    assert problem("{{.alerts.Nope}}", data).endswith("can't evaluate field Nope in type interface {}")
    assert problem("{{$a := .alerts}}{{$a.Nope}}", data).endswith("can't evaluate field Nope in type template.Alerts")


def test_definitions_of_other_texts() -> None:
    template = Template.parse('{{define "a"}}old{{end}}{{template "a" .}}', FUNCTIONS, name="main")
    more = template.with_definitions(
        '{{define "a"}}new {{template "b" .}}{{end}}{{define "b"}}<{{.x.y}}>{{end}}', "file"
    )
    assert template.execute({}) == "old"
    assert more.execute({"x": {"y": 1}}) == "new <1>"
    assert more.execute("z", template="file") == ""
    kept = more.with_definitions('{{define "a"}}  {{end}}', "third")
    assert kept.execute({"x": {"y": 2}}) == "new <2>"
    with pytest.raises(TemplateError) as caught:
        more.execute({"x": 5})
    assert str(caught.value) == (
        'template: file:1:62: executing "b" at <.x.y>: can\'t evaluate field y in type interface {}'
    )
    with pytest.raises(TemplateError, match=r"^template: bad:1: "):
        template.with_definitions("{{nope}}", "bad")


class TestLimits:
    limits = Limits(max_steps=1000, max_output=2000, max_depth=10)

    def problem(self, text: str) -> str:
        return problem(text, limits=self.limits)

    def test_steps(self) -> None:
        assert self.problem("{{range 1000000000}}{{end}}").endswith("exceeded maximum number of steps (1000)")
        assert "steps" in self.problem("{{range 900}}{{range 900}}{{end}}{{end}}")

    def test_long_texts_are_many_steps(self) -> None:
        calls = "{{ len $x }}" * 200
        assert self.problem('{{ $x := printf "%1999d" 1 }}' + calls).endswith("exceeded maximum number of steps (1000)")
        assert run('{{ $x := printf "%255d" 1 }}' + calls, limits=self.limits) == "255" * 200

    def test_output(self) -> None:
        assert self.problem("{{range 500}}0123456789{{end}}").endswith("exceeded maximum size of output (2000)")
        assert "output" in self.problem('{{$x := "0123456789"}}{{range 30}}{{$x = print $x $x}}{{end}}')

    def test_depth(self) -> None:
        text = '{{define "t"}}{{template "t" .}}{{end}}{{template "t"}}'
        assert self.problem(text).endswith("exceeded maximum template depth (10)")
        deep = '{{define "t"}}' + "{{if 1}}" * 20 + '{{template "t" .}}' + "{{end}}" * 21 + '{{template "t"}}'
        assert "depth" in problem(deep)

    def test_sizes_in_formats(self) -> None:
        assert "text is too large" in problem("{{printf `" + "%999999d" * 20 + "`" + " 1" * 20 + "}}")


def test_integers_have_64_bits() -> None:
    assert run("{{double 9223372036854775807}} {{double -9223372036854775808}}") == "-2 0"


def test_bytes_that_are_no_utf8_pass() -> None:
    text = b"\xff-\xc3\xa9".decode(errors="surrogateescape")
    assert run("{{.x}} {{len .x}}", {"x": text}).encode(errors="surrogateescape") == b"\xff-\xc3\xa9 4"
