"""Values in HTML are escaped for the place where they stand; results are those of Go's html/template."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.alerts.integrations.hook_double import alert, notice
from watchkeeper.alerts.templates.html_context import Context, advance
from watchkeeper.alerts.templates.templates import Templates

TEMPLATES = Templates(external_url="http://alerts.example.com")


def html(template: str, value: str) -> str:
    return TEMPLATES.html(template.replace("V", ".CommonLabels.v"), notice(alert(v=value)))


@pytest.mark.parametrize(
    ("template", "value", "expected"),
    [
        ("<p>{{ V }}</p>", '<b>"it\'s" & a+b\0', "<p>&lt;b&gt;&#34;it&#39;s&#34; &amp; a&#43;b\ufffd</p>"),
        ("<title>{{ V }}</title>", "</title><b>", "<title>&lt;/title&gt;&lt;b&gt;</title>"),
        ("<p title=\"{{ V }}\" class='{{ V }}'>", "\"'>", "<p title=\"&#34;&#39;&gt;\" class='&#34;&#39;&gt;'>"),
        ("<p title={{ V }} id=x>", "a b=`>", "<p title=a&#32;b&#61;&#96;&gt; id=x>"),
        ("<p title={{ V }}>", "", "<p title=ZgotmplZ>"),
        ('<a href="{{ V }}">', "http://x/y?a=b c&d=<e>", '<a href="http://x/y?a=b%20c&amp;d=%3ce%3e">'),
        ('<a href="{{ V }}">', "javascript:alert(1)", '<a href="#ZgotmplZ">'),
        ('<a href="{{ V }}">', "JaVaScRiPt:x", '<a href="#ZgotmplZ">'),
        ('<a href=" {{ V }}">', "data:text/html,x", '<a href=" #ZgotmplZ">'),
        ('<a href="{{ V }}">', "HTTPS://X/%41%zz", '<a href="HTTPS://X/%41%25zz">'),
        ('<a href="{{ V }}">', "mailto:a@b", '<a href="mailto:a@b">'),
        ('<a href="{{ V }}">', "foo/bar:baz", '<a href="foo/bar:baz">'),
        ('<a href="{{ V }}">', "ü", '<a href="%c3%bc">'),
        ('<a href="{{ safeUrl V }}">', "tel:+49 1", '<a href="tel:&#43;49%201">'),
        ('<a href="/x?q={{ V }}#{{ V }}">', "a&b=/c d", '<a href="/x?q=a%26b%3d%2fc%20d#a%26b%3d%2fc%20d">'),
        ('<a href="/x/{{ V }}">', "javascript:x", '<a href="/x/javascript:x">'),
        ('<a href="/?{{ V | urlquery }}">', "a b&c", '<a href="/?a&#43;b%26c">'),
        ("<p>{{ V | html }}</p>", "<&>", "<p>&lt;&amp;&gt;</p>"),
        ("<p>{{ safeHtml V }}</p>", "<b>x</b>", "<p><b>x</b></p>"),
        ('<p title="{{ safeHtml V }}">', '<b>x &amp; "y"</b>', '<p title="x &amp; &#34;y&#34;">'),
        ("<textarea>{{ safeHtml V }}</textarea>", "<b>&amp;", "<textarea>&lt;b&gt;&amp;</textarea>"),
        ("<!-- {{ V }} -->{{ V }}<!-- x", "--><b>", "--&gt;&lt;b&gt;"),
        ('<p {{ V }}="1">', "title", '<p title="1">'),
        ('<p {{ V }}="1">', "onclick", '<p ZgotmplZ="1">'),
        ("<p {{ V }}>", "a b", "<p ZgotmplZ>"),
        ("< {{ V }}<{{ V }}>", "script", "&lt; script&lt;script>"),
        ('<p style="color: {{ V }}">', "red", '<p style="color: red">'),
        ('<p style="color: {{ V }}">', "url(x)", '<p style="color: ZgotmplZ">'),
        (
            "<style>p { color: {{ V }} }</style>{{ V }}",
            "</style>",
            "<style>p { color: ZgotmplZ }</style>&lt;/style&gt;",
        ),
        ("<script>x = {{ V }}</script>", '</script>"', '<script>x = "\\u003c\\u002fscript\\u003e\\u0022"</script>'),
        ("<script>x = 'a{{ V }}'</script>", "'+y", "<script>x = 'a\\u0027\\u002by'</script>"),
        ('<p onclick="f({{ V }})">', "a'b", '<p onclick="f(&#34;a\\u0027b&#34;)">'),
        ('<P data-url="{{ V }}" xlink:href="{{ V }}">', "vb:x", '<P data-url="#ZgotmplZ" xlink:href="#ZgotmplZ">'),
        ("<br/>{{ V }}<BR>", "<", "<br/>&lt;<BR>"),
        ('{{ if V }}<b title="{{ else }}<b>{{ end }}{{ V }}">', '"x', '<b title="&#34;x">'),
        (
            '{{ define "y" }}{{ . }}{{ end }}<a href="{{ template "y" V }}">{{ template "y" V }}',
            "a:b",
            '<a href="#ZgotmplZ">a:b',
        ),
        ("{{ print nil }}{{ 5 }}{{ true }}", "x", "&lt;nil&gt;5true"),
        ("{{ range (stringSlice V V) }}<li id={{ . }}>{{ . }}{{ end }}", "<", "<li id=&lt;>&lt;<li id=&lt;>&lt;"),
    ],
)
def test_places(template, value, expected):
    assert html(template, value) == expected


class Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[object] = []

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, [name for name, _ in attrs]))

    def handle_endtag(self, tag):
        self.found.append(f"/{tag}")

    def handle_comment(self, data):
        self.found.append("comment")


NASTY = st.text("<>\"'`=/ !-&;:abonscriptly\n\0ü{}()+%", max_size=30)


@given(NASTY)
def test_no_value_changes_what_the_document_is(value):
    template = (
        '<div id={{ V }} title="{{ V }}" {{ V }}=x lang=\'{{ V }}\'><a href="{{ V }}">{{ V }}</a>'
        '<a href="/?q={{ V }}">x</a><title>{{ V }}</title><p style="x:{{ V }}">{{ V }}</p></div>'
    )
    if not value.strip("\0"):
        value = "x"
    reader = Reader()
    reader.feed(html(template, value))
    reader.close()
    tags = [item if isinstance(item, str) else item[0] for item in reader.found]
    assert tags == ["div", "a", "/a", "a", "/a", "title", "/title", "p", "/p", "/div"]
    assert [len(item[1]) for item in reader.found if not isinstance(item, str)] == [4, 1, 1, 0, 1]


@given(st.lists(st.text("<>\"'=/ ?-abhrefstyl\n", max_size=12), max_size=6))
def test_a_templates_own_text_is_written_as_it_is(pieces):
    """But for comments, and a `<` that begins nothing."""
    context, out = Context(), ""
    for piece in pieces:
        context, written = advance(context, piece)
        out += written
    assert out.replace("&lt;", "<") == "".join(pieces)
