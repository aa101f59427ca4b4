"""Templates give what Debian's `amtool template render` gives, as text and as HTML.

Left out is what has changed since that version: how labels print, and an empty value without quotes.
"""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest

from watchkeeper.alerts.interface import Alert, Notice, NotifyError
from watchkeeper.alerts.templates.functions import to_json
from watchkeeper.alerts.templates.templates import Templates
from watchkeeper.core.model.labels import Labels

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(shutil.which("amtool") is None, reason="no amtool on this machine"),
]

SECOND_NS = 1_000_000_000
NOW_NS = 1_795_860_000 * SECOND_NS
VALUES = [
    "plain", "a b", "<b>x</b>", "\"q'q\"", "a&b &amp; c", "javascript:alert(1)", "http://x/y?a=b c&d=<e>", "/rel/path",
    "mailto:a@b", "a+b=c`d", "ü€", "%41%zz", "x: expression(1)", "red", "ftp://x", "1:2", "a\nb\tc",
    "</script><script>", "--><x>", "data:text/html,x", "HTTPS://X/Y", "&#34;", "10%", "foo/bar:baz", "onclick", "title",
]  # fmt: skip
EACH = "{{ range .CommonLabels.SortedPairs }}TEMPLATE\n{{ end }}"
HTML = [
    "{{ V }}",
    "<p>{{ V }}</p>",
    '<a href="{{ V }}">x</a>',
    "<a href='{{ V }}'>",
    "<a href={{ V }}>",
    '<a  href = "{{ V }}"  >',
    '<a href=" {{ V }}">',
    '<a href="/x?a={{ V }}&b={{ V }}">',
    '<a href="{{ V }}?q={{ V }}">',
    '<a href="http://h/{{ V }}#{{ V }}">',
    "<p title=\"{{ V }}\" class='{{ V }}'>{{ V }}</p>",
    "<p title={{ V }} id=x>",
    "<title>{{ V }}</title>",
    "<textarea>{{ V }}{{ safeHtml V }}</textarea>",
    "<!-- {{ V }} -->{{ V }}",
    '<p {{ V }}="1">',
    "<p {{ V }}>",
    "<br{{ V }}>",
    "<style>p { color: {{ V }} }</style>",
    '<p style="color: {{ V }}; width: {{ V }}">',
    '<img src="x/{{ V }}.png" alt="{{ V }}">',
    "a < {{ V }} > b",
    "<{{ V }}>",
    "<p>{{ safeHtml V }}</p>",
    '<p title="{{ safeHtml V }}">',
    '<p data-url="{{ V }}" data-x="{{ V }}">',
    '<P TITLE="{{ V }}"><BR/>{{ V }}',
    "<p>&nbsp;{{ V }}&copy;",
    '<svg xlink:href="{{ V }}">',
    '<form action="{{ V }}"><input value="{{ V }}">',
    '{{ if eq V "red" }}<b title="{{ else }}<b class="{{ end }}{{ V }}">{{ V }}</b>',
    '<meta content="{{ V }}">',
    '{{ printf "%s" V }}<i>{{ 5 }}{{ true }}{{ V | len }}</i>',
    '<p title="a{{ V }}b" {{/* c */}}>',
    '<ul>{{ range $i, $e := (stringSlice V V) }}<li id="{{ $i }}">{{ $e }}</li>{{ end }}</ul>',
    '<a href="/?{{ V | urlquery }}">{{ V | urlquery }}</a>',
]
TEXT = [
    "{{ .Name }} {{ .Value | toUpper }} {{ .Value | toLower }} {{ .Value | title }}",
    '{{ match "^[a-z]+$" .Value }} {{ reReplaceAll "([a-z])([a-z:])" "$2$1" .Value }}',
    '{{ join "," (stringSlice .Name .Value) }} {{ .Value | len }} {{ printf "%q" .Value }} {{ .Value | urlquery }}',
]
WHOLE = [
    "{{ .Receiver }} {{ .Status }} {{ .ExternalURL }} {{ len .Alerts }} {{ .Alerts.Resolved | len }}",
    "{{ range .Alerts }}{{ .Status }} {{ .StartsAt }} {{ .EndsAt }} {{ .Fingerprint }} {{ .GeneratorURL }};{{ end }}",
    "{{ (index .Alerts 0).Labels.SortedPairs.Names }} {{ (index .Alerts 0).Labels.Values }}",
    '{{ ((index .Alerts 0).Labels.Remove (stringSlice "v1" "v2")).Names }} {{ .GroupLabels.Values }}',
    "{{ (index .Alerts 1).EndsAt.Sub (index .Alerts 1).StartsAt }} {{ (index .Alerts 0).EndsAt.IsZero }}",
    '{{ if .CommonAnnotations }}x{{ else }}y{{ end }} {{ .CommonLabels.missing }}|{{ index .CommonLabels "v1" }}',
    "{{ slice .Alerts 0 1 | len }} {{ with .Alerts.Firing }}{{ len . }}{{ end }}",
    """{{ title "hELLO wORLD-foo don't o'neil X.Y a_b 1ST éCOLE ß" }}""",
    '{{ (index .Alerts 0).StartsAt.Format "2006-01-02T15:04:05Z07:00" }}',
]
LABELS = {f"v{i}": value for i, value in enumerate(VALUES)}
NOTICE = Notice(
    "r",
    "k",
    Labels.of(v1=VALUES[1]),
    (
        Alert(Labels.of(LABELS), Labels.of(s="x"), NOW_NS - 600 * SECOND_NS, generator_url="http://g"),
        Alert(Labels.of(LABELS), Labels(), NOW_NS - 600 * SECOND_NS, NOW_NS - 60 * SECOND_NS),
    ),
    NOW_NS,
)
TEMPLATES = Templates(external_url="http://am")


@pytest.fixture(scope="module")
def render(tmp_path_factory):
    folder = tmp_path_factory.mktemp("amtool")
    (folder / "none.tmpl").write_text('{{ define "none" }}{{ end }}')
    (folder / "data.json").write_text(to_json(TEMPLATES.data(NOTICE)))
    assert json.loads((folder / "data.json").read_text())["commonLabels"] == LABELS

    def run(template: str, kind: str) -> str:
        done = subprocess.run(
            ["amtool", "template", "render", f"--template.glob={folder}/none.tmpl",
             f"--template.data={folder}/data.json", f"--template.text={template}", f"--template.type={kind}"],
            capture_output=True, text=True, timeout=30,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.mark.parametrize("template", HTML)
def test_html(render, template):
    whole = EACH.replace("TEMPLATE", template.replace("V", ".Value"))
    assert TEMPLATES.html(whole, NOTICE) == render(whole, "html")


@pytest.mark.parametrize("template", [EACH.replace("TEMPLATE", one) for one in TEXT] + WHOLE)
def test_text(render, template):
    assert TEMPLATES.text(template, NOTICE) == render(template, "text")


def test_errors_are_in_the_same_words(render):
    for template in ("{{ .CommonLabels.v1.x }}", '{{ template "nope" . }}', "{{ toUpper 1 }}", '{{ match "(" "a" }}'):
        with pytest.raises(AssertionError) as theirs:
            render(template, "text")
        with pytest.raises(NotifyError) as ours:
            TEMPLATES.text(template, NOTICE)
        assert str(ours.value) in str(theirs.value)
