"""The functions of line_format and label_format."""

# ruff: noqa: E501

from __future__ import annotations

import time

import pytest

from watchkeeper.core.model.gotime import GoTime
from watchkeeper.core.template.errors import TemplateError
from watchkeeper.core.template.template import Template
from watchkeeper.core.template.values import MAX_TEXT
from watchkeeper.logs.lines.template_functions import FUNCTIONS, LINE, OWN, SPRIG, TIMESTAMP

DATA = {
    "a": "Hello World",
    "spaces": "  x y\t\n",
    "n": "42",
    "f": "2.75",
    "bad": "nope",
    "json": '{"a":{"b":[1,2.5,"x",null,true]},"n":1500000}',
    "ü": "",
    "uml": "müßig",
    "path": "/api/v1/users",
}


def run(text: str) -> str:
    return Template.parse(text, FUNCTIONS).execute(DATA)


def problem(text: str) -> str:
    with pytest.raises(TemplateError) as caught:
        run(text)
    return caught.value.problem


CASES = {
    "ToLower": [("{{ToLower .a}}", "hello world"), ("{{.uml | ToLower}}", "müßig")],
    "ToUpper": [("{{.a | ToUpper}}", "HELLO WORLD"), ("{{ToUpper .uml}}", "MÜßIG")],
    "Replace": [("{{Replace .a `l` `L` 2}}", "HeLLo World"), ("{{Replace .a `l` `` -1}}", "Heo Word"),
                ("{{Replace `ab` `` `-` -1}}", "-a-b-")],
    "Trim": [("{{Trim `xxaxx` `x`}}|{{Trim `a` ``}}", "a|a")],
    "TrimLeft": [("{{TrimLeft `xxaxx` `x`}}", "axx")],
    "TrimRight": [("{{TrimRight `xxaxx` `yx`}}", "xxa")],
    "TrimPrefix": [("{{TrimPrefix .a `Hello `}}", "World")],
    "TrimSuffix": [("{{TrimSuffix .a ` World`}}", "Hello")],
    "TrimSpace": [("[{{TrimSpace .spaces}}]", "[x y]")],
    "alignLeft": [("{{alignLeft 5 `ab`}}|{{alignLeft 1 `ab`}}|{{alignLeft -1 `ab`}}|{{alignLeft 6 .uml}}|", "ab   |a|ab|müßig |")],
    "alignRight": [("{{alignRight 5 `ab`}}|{{alignRight 1 `ab`}}|{{alignRight 0 `ab`}}|", "   ab|b||")],
    "b64dec": [("{{b64dec `aGVsbG8=`}}", "hello"), ("{{b64dec `a$b=`}}", "illegal base64 data at input byte 1"),
               ("{{b64dec `abc`}} {{b64dec `YQ=`}} {{b64dec `YQ=a`}} {{b64dec `YWE==`}} {{b64dec `Y=`}}",
                " ".join(f"illegal base64 data at input byte {at}" for at in (0, 3, 2, 4, 1)))],
    "b64enc": [("{{b64enc `hello`}}", "aGVsbG8=")],
    "bytes": [("{{bytes `2KiB`}} {{bytes `1.5 MB`}} {{bytes `7`}}", "2048 1.5e+06 7")],
    "count": [("{{count `[aeiou]` .a}} {{count `x` .a}} {{count `` `ab`}}", "3 0 3")],
    "duration": [("{{duration `1m30.5s`}} {{duration `-5ms`}}", "90.5 -0.005")],
    "duration_seconds": [("{{duration_seconds `1h`}}", "3600")],
    "regexReplaceAll": [("{{regexReplaceAll `(\\w+) (\\w+)` .a `$2 ${1}!`}}", "World Hello!"),
                        ("{{regexReplaceAll `l*` `hello` `-`}}", "-h-e-o-"),
                        ("{{regexReplaceAll `(o)` .a `$9$$`}}", "Hell$ W$rld")],
    "regexReplaceAllLiteral": [("{{regexReplaceAllLiteral `o` .a `$0`}}", "Hell$0 W$0rld")],
    "toDateInZone": [("{{toDateInZone `2006-01-02 15:04` `Europe/Berlin` `2023-07-01 12:00`}}", "2023-07-01 12:00:00 +0200 CEST"),
                     ("{{toDateInZone `2006` `Nowhere` `2023` | unixEpoch}}", "1672531200")],
    "unixEpochMillis": [("{{unixToTime `1700000000123` | unixEpochMillis}}", "1700000000123")],
    "unixEpochNanos": [("{{unixToTime `1700000000123456789` | unixEpochNanos}}", "1700000000123456789")],
    "unixToTime": [("{{unixToTime `19373`}} {{unixToTime `1700000000`}}", "2023-01-16 00:00:00 +0000 UTC 2023-11-14 22:13:20 +0000 UTC"),
                   ("{{(unixToTime `1700000000123456`).UnixMicro}}", "1700000000123456")],
    "urldecode": [("{{urldecode `a%20b+c%C3%BC`}}", "a b cü")],
    "urlencode": [("{{urlencode `a b/ü?`}}", "a+b%2F%C3%BC%3F")],
    "add": [("{{add 1 2 3}} {{add}} {{add .n 1}} {{add 1.9 `x`}}", "6 0 43 1")],
    "addf": [("{{addf 0.1 0.2}} {{addf .f 1 1}} {{addf}}", "0.3 4.75 0")],
    "ceil": [("{{ceil 1.2}} {{ceil .f}} {{ceil -1.5}} {{ceil .bad}}", "2 3 -1 0")],
    "contains": [("{{contains `World` .a}} {{contains `world` .a}}", "true false")],
    "date": [("{{date `2006-01-02` (unixToTime `1700000000`)}} {{date `15:04` 60}}", "2023-11-14 00:01")],
    "default": [("{{default `x` .missing}} {{.a | default `x`}} {{default 1 0}} {{default 2 0.0}} {{default 3 false}}", "x Hello World 1 2 3")],
    "div": [("{{div 7 2}} {{div -7 2}} {{div .n 5}}", "3 -3 8")],
    "divf": [("{{divf 1 3}} {{divf 10 4 5}}", "0.3333333333333333 0.5")],
    "float64": [("{{float64 .f}} {{float64 .bad}} {{float64 3}} {{float64 true}}", "2.75 0 3 1")],
    "floor": [("{{floor 1.8}} {{floor -1.2}}", "1 -2")],
    "fromJson": [("{{(fromJson .json).a.b}} {{(fromJson .json).n}} {{fromJson .bad}}", "[1 2.5 x <nil> true] 1.5e+06 <no value>"),
                 ("{{range $k, $v := fromJson .json}}{{$k}} {{end}}{{index (fromJson .json).a.b 2}}", "a n x")],
    "hasPrefix": [("{{hasPrefix `Hello` .a}} {{hasPrefix `x` .a}}", "true false")],
    "hasSuffix": [("{{hasSuffix `World` .a}} {{hasSuffix `x` .a}}", "true false")],
    "indent": [("{{indent 2 `a\nb`}}", "  a\n  b")],
    "nindent": [("{{nindent 1 `a`}}", "\n a")],
    "int": [("{{int .n}} {{int 2.9}} {{int `0x1f`}} {{int `010`}} {{int `7.00`}} {{int `7.5`}} {{int true}} {{int .missing}}", "42 2 31 8 7 0 1 0")],
    "lower": [("{{lower .a}}", "hello world")],
    "max": [("{{max 1 .n 3.9}}", "42")],
    "maxf": [("{{maxf 1 .f}}", "2.75")],
    "min": [("{{min 5 2.9 .n}}", "2")],
    "minf": [("{{minf 5 .f}}", "2.75")],
    "mod": [("{{mod 7 3}} {{mod -7 3}} {{mod 7 -3}}", "1 -1 1")],
    "mul": [("{{mul 2 3 4}} {{mul .n 2}}", "24 84")],
    "mulf": [("{{mulf 1.1 1.1}} {{mulf .f 2}}", "1.21 5.5")],
    "repeat": [("{{repeat 3 `ab`}}", "ababab")],
    "replace": [("{{replace `l` `L` .a}}", "HeLLo WorLd")],
    "round": [("{{round 123.5555 3}} {{round 2.5 0}} {{round 2.4 0}} {{round 123 -2}} {{round 2.3 0 0.2}}", "123.556 3 2 100 3")],
    "sub": [("{{sub 5 .n}}", "-37")],
    "subf": [("{{subf 1 0.9}} {{subf 10 1 2.5}}", "0.1 6.5")],
    "substr": [("{{substr 0 5 .a}}|{{substr -1 5 .a}}|{{substr 6 -1 .a}}|{{substr 6 99 .a}}", "Hello|Hello|World|World")],
    "title": [("{{title `hello wo-rld x1y o'neil`}}", "Hello Wo-Rld X1y O'Neil")],
    "toDate": [("{{toDate `2006-01-02` `2023-11-14` | unixEpoch}} {{toDate `2006` `x`}}", "1699920000 0001-01-01 00:00:00 +0000 UTC")],
    "trim": [("[{{trim .spaces}}]", "[x y]")],
    "trimAll": [("{{trimAll `$` `$5.00$`}}", "5.00")],
    "trimPrefix": [("{{trimPrefix `/api` .path}}", "/v1/users")],
    "trimSuffix": [("{{trimSuffix `/users` .path}}", "/api/v1")],
    "trunc": [("{{trunc 5 .a}}|{{trunc -5 .a}}|{{trunc 99 .a}}|{{trunc 0 .a}}|", "Hello|World|Hello World||")],
    "unixEpoch": [("{{unixEpoch (unixToTime `1700000000123`)}}", "1700000000")],
    "upper": [("{{upper .a}}", "HELLO WORLD")],
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), [case for cases in CASES.values() for case in cases])
def test_values(text: str, expected: str) -> None:
    assert run(text) == expected


def test_every_function_has_a_case() -> None:
    assert set(CASES) | {"now", LINE, TIMESTAMP} == set(FUNCTIONS) == set(OWN) | set(SPRIG)


def test_now() -> None:
    before = time.time_ns() // 1_000_000_000
    assert before <= int(run("{{now | unixEpoch}}")) <= before + 60
    assert run("{{date `2006` .a}}") == run("{{date `2006` now}}")


def test_line_and_timestamp_are_given_for_each_execution() -> None:
    template = Template.parse("{{__line__ | ToUpper}} {{__timestamp__.Unix}} {{date `15:04` __timestamp__}}", FUNCTIONS)
    entry = {LINE: lambda: "abc", TIMESTAMP: lambda: GoTime(1_700_000_000_000_000_000)}
    assert template.execute({}, entry) == "ABC 1700000000 22:13"
    assert template.fields().functions >= {LINE, TIMESTAMP}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{div 1 0}}", "error calling div: runtime error: integer divide by zero"),
        ("{{mod 1 0}}", "error calling mod: runtime error: integer divide by zero"),
        ("{{divf 1 0}}", "error calling divf: decimal division by 0"),
        ("{{bytes .bad}}", 'error calling bytes: strconv.ParseFloat: parsing "": invalid syntax'),
        ("{{bytes `5xb`}}", "error calling bytes: unhandled size name: xb"),
        ("{{duration `5`}}", 'error calling duration: time: missing unit in duration "5"'),
        ("{{urldecode `%zz`}}", 'error calling urldecode: invalid URL escape "%zz"'),
        ("{{urldecode `a%2`}}", 'error calling urldecode: invalid URL escape "%2"'),
        ("{{regexReplaceAll `[` .a ``}}", "error calling regexReplaceAll: error parsing regexp: missing closing ]: `[`"),
        ("{{count `(` .a}}", "error calling count: error parsing regexp: missing closing ): `(`"),
        ("{{unixToTime `x`}}",
         'error calling unixToTime: unable to parse time \'x\': strconv.ParseInt: parsing "x": invalid syntax'),
        ("{{unixToTime `123`}}", "error calling unixToTime: unable to parse time '123': unknown number of digits"),
        ("{{repeat -1 `a`}}", "error calling repeat: strings: negative Repeat count"),
        ("{{indent -1 `a`}}", "error calling indent: strings: negative Repeat count"),
        ("{{substr 5 2 .a}}", "error calling substr: runtime error: slice bounds out of range [5:2]"),
        ("{{substr -1 99 .a}}", "error calling substr: runtime error: slice bounds out of range [:99] with length 11"),
        ("{{substr -1 -1 .a}}", "error calling substr: runtime error: slice bounds out of range [:-1]"),
        ("{{substr 99 -1 .a}}", "error calling substr: runtime error: slice bounds out of range [99:11]"),
        ("{{addf `inf` 1}}", "error calling addf: Cannot create a Decimal from +Inf"),
        ("{{ToUpper .n .a}}", "wrong number of args for ToUpper: want 1 got 2"),
        ("{{unixEpoch .n}}", "wrong type for value; expected time.Time; got string"),
        ("{{trunc `a` `b`}}", "expected integer; found `a`"),
    ],
)  # fmt: skip
def test_errors(text: str, expected: str) -> None:
    assert problem(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "{{repeat 99999999 .a}}",
        "{{indent 99999999 .a}}",
        "{{nindent 99999999 .a}}",
        "{{alignLeft 99999999 .a}}",
        "{{alignRight 99999999 .a}}",
        "{{$x := repeat 40000 `ab`}}{{Replace $x `a` $x -1}}",
        "{{$x := repeat 40000 `ab`}}{{replace `a` $x $x}}",
        "{{$x := repeat 40000 `ab`}}{{regexReplaceAll `a` $x $x}}",
        "{{$x := repeat 40000 `ab`}}{{regexReplaceAllLiteral `a` $x $x}}",
    ],
)
def test_texts_have_a_largest_size(text: str) -> None:
    assert f"text is too large, the limit is {MAX_TEXT} characters" in problem(text)


def test_expressions_over_bytes_that_are_no_utf8() -> None:
    template = Template.parse("{{regexReplaceAll `x` .a `y`}}{{count `x` .a}}", FUNCTIONS)
    assert template.execute({"a": "x\udcff"}) == "y\ufffd1"
