"""`watchkeeper check alertmanager`: problems, warnings, the summary, and where alerts go."""

import pytest
from click.testing import CliRunner

from watchkeeper.cli.main import watchkeeper

CONFIG = """\
route:
  receiver: ops
  group_by: [alertname]
  routes:
  - matchers: [severity=~"critical|page", team=db]
    receiver: database
    continue: true
    group_by: ['...']
    mute_time_intervals: [never, always]
    active_time_intervals: [always]
    labels: {tier: '1'}
  - receiver: others
    mute_time_intervals: [never]
    active_time_intervals: [never]
    repeat_interval: 1w
receivers: [{name: ops}, {name: database, webhook_configs: [{url: http://x}]}, {name: others}]
templates: [mine.tmpl, none*.tmpl]
time_intervals:
- name: always
  time_intervals: [{}]
- name: never
"""


@pytest.fixture
def config(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "am.yml").write_text(CONFIG)
    (tmp_path / "mine.tmpl").write_text('{{ define "mine" }}{{ .Status }}{{ end }}')
    return tmp_path


def run(*words):
    result = CliRunner().invoke(watchkeeper, ["check", "alertmanager", *words])
    return result.exit_code, result.stdout.splitlines(), result.stderr.splitlines()


def test_summary_and_warnings(config):
    code, out, err = run("am.yml")
    assert code == 0
    assert out == [
        "am.yml: valid: 3 routes, 0 inhibit rules, 3 receivers with 1 integration, 2 time intervals, 1 template file"
    ]
    assert err == [
        "am.yml: warning: route.routes[1].repeat_interval: 1w is longer than the data retention 5d; "
        "notifications can be repeated after 5d",
        "am.yml: warning: no template file matches none*.tmpl",
    ]
    assert run("am.yml", "--syntax-only", "--data.retention", "1w")[2] == []


def test_every_problem_of_every_file(config):
    (config / "bad.yml").write_text("route: {receiver: a, group_interval: 0s}\nreceiver: []\n")
    code, out, err = run("bad.yml", "none.yml", "am.yml")
    assert code == 1
    assert len(out) == 1
    assert err[:4] == [
        'bad.yml:1:19: route.receiver: undefined receiver "a" used in route',
        "bad.yml:1:38: route.group_interval: group_interval cannot be zero",
        'bad.yml:2:1: receiver: unknown key "receiver"; did you mean "receivers"?',
        "none.yml:1:1: can't be read: No such file or directory",
    ]


def test_templates_are_parsed(config):
    (config / "mine.tmpl").write_text('ab\n{{ define "mine" }}{{ .Status }')
    code, _, err = run("am.yml")
    assert code == 1
    assert any(line.startswith("mine.tmpl:2:") for line in err)
    assert run("am.yml", "--syntax-only")[0] == 0


def test_why_an_alert_goes_where_it_goes(config):
    code, out, _ = run("am.yml", "--syntax-only", "--route", 'alertname="X, Y",severity=page,team=db')
    assert code == 0
    assert out[1:] == [
        "",
        '{alertname="X, Y", severity="page", team="db"}',
        "receiver database",
        "  root",
        '  routes[0]: severity=~"critical|page" (it is "page") and team="db"',
        '  grouped by all labels: {alertname="X, Y", severity="page", team="db"}',
        "  first after 30s, changes every 5m, repeated after 4h",
        '  route labels {tier="1"}',
        "  muted now by always",
        "  active now by always",
        "receiver others",
        "  root",
        "  routes[1]: takes every alert",
        '  grouped by alertname: {alertname="X, Y"}',
        "  first after 30s, changes every 5m, repeated after 1w",
        "  not muted now; muted in never",
        "  not active now; active in never",
        "receivers: database,others",
    ]


def test_the_tree(config):
    tree = [
        "root  receiver: ops",
        '├── {severity=~"critical|page",team="db"}  continue: true  receiver: database',
        "└── {}  receiver: others",
    ]
    assert run("am.yml", "--syntax-only", "--tree")[1][1:] == tree
    out = run("am.yml", "--syntax-only", "--tree", "--route", "a=b")[1]
    assert out[3:6] == [*tree[:2], f"{tree[2]}  <-"]


@pytest.mark.parametrize(("wanted", "code"), [("database,others", 0), ("others,database", 1), ("others", 1)])
def test_receivers_can_be_verified(config, wanted, code):
    words = ("am.yml", "--syntax-only", "--route", "severity=page,team=db", "--verify-receivers", wanted)
    found, _, err = run(*words)
    assert found == code
    assert any(f"goes to database,others, not to {wanted}" in line for line in err) is bool(code)


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--route", "a"], "bad matcher format: a"),
        (["--route", "a!=b"], "labels must be specified as key=value pairs"),
        (["--verify-receivers", "a"], "--verify-receivers needs --route"),
        (["--data.retention", "x"], 'not a valid duration string: "x"'),
        (["--matchers", "old"], "'old' is not one of"),
    ],
)
def test_words_that_make_no_sense(config, words, problem):
    code, _, err = run("am.yml", *words)
    assert code == 2
    assert problem in "\n".join(err)


def test_the_form_of_matchers(config):
    (config / "new.yml").write_text(
        "route: {receiver: a, routes: [{matchers: ['\"a.b\"=c']}]}\nreceivers: [{name: a}]\n"
    )
    assert run("new.yml")[0] == 0
    assert run("new.yml", "--matchers", "utf8-strict-mode")[0] == 0
    assert run("new.yml", "--matchers", "classic-mode")[0] == 1
