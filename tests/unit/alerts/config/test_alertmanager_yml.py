"""alertmanager.yml as a whole: what its sections share, what is warned of, what is never shown."""

import pytest

from watchkeeper.alerts.config.alertmanager_yml import load_alertmanager_yml, parse_alertmanager_yml
from watchkeeper.alerts.config.kinds import HostPort
from watchkeeper.alerts.integrations.table import INTEGRATIONS
from watchkeeper.alerts.matchers import Mode
from watchkeeper.core.config.dump import dump
from watchkeeper.core.model.errors import ConfigError

ROUTE = "route: {receiver: a}\n"
A = "receivers: [{name: a}]\n"
HOUR_NS = 3600 * 10**9


def problems(text, **options):
    with pytest.raises(ConfigError) as caught:
        parse_alertmanager_yml(text, "f", **options)
    return [str(problem) for problem in caught.value.problems]


def warnings(text, **options):
    return [str(warning) for warning in parse_alertmanager_yml(text, "f", **options).warnings]


def test_defaults_of_a_file_without_global():
    config = parse_alertmanager_yml(ROUTE + A)
    assert config.global_.resolve_timeout_ns == 300 * 10**9
    assert config.global_.pagerduty_url.reveal() == "https://events.pagerduty.com/v2/enqueue"
    assert config.receivers[0].integrations == ()
    assert config.intervals == {}
    assert config.template_paths == ()


@pytest.mark.parametrize("text", ["", "{}", "global: {}\n", "receivers: []\n", "route:\nreceivers: []\n"])
def test_no_route(text):
    assert problems(text) == ["f:1:1: no route provided in config"]


def test_receivers_take_what_global_says():
    config = parse_alertmanager_yml(
        "global: {slack_api_url: 'https://example.org/hunter', http_config: {follow_redirects: false}}\n"
        "receivers: [{name: a, slack_configs: [{channel: b}, {channel: c, http_config: {}}], webhook_configs: [{url: http://d}]}]\n"
        + ROUTE
    )
    found = config.receivers[0].integrations
    assert [(item.kind, item.index) for item in found] == [("webhook", 0), ("slack", 0), ("slack", 1)]
    assert found[1].config.api_url.reveal() == "https://example.org/hunter"
    assert [item.config.http_config.follow_redirects for item in found] == [False, False, True]


def test_only_modules_of_receivers_in_the_file_are_looked_for(monkeypatch):
    monkeypatch.setitem(INTEGRATIONS, "slack_configs", "no_such_module")
    assert parse_alertmanager_yml(ROUTE + A).receivers[0].slack_configs == ()
    text = ROUTE + "receivers: [{name: a, slack_configs: [{channel: b}]}]\n"
    assert problems(text) == ["f:2:39: receivers[0].slack_configs[0]: slack_configs are not supported"]


@pytest.mark.parametrize(
    "url", ["ftp://example.org/hunter", "hunter", "https://us:hunter@[/", "https://hunter hunter/", "//hunter"]
)
def test_an_address_that_is_a_secret_is_not_repeated_by_errors(url):
    for text in (f"global: {{slack_api_url: {url!r}}}\n", f"global: {{mattermost_webhook_url: {url!r}}}\n"):
        (found,) = problems(text + ROUTE + A)
        assert "hunter" not in found
        assert "f:1:" in found


def test_a_dump_with_hidden_secrets_reads_back():
    text = "global: {slack_api_url: <secret>, smtp_auth_password: <secret>}\n" + ROUTE + A
    assert dump(parse_alertmanager_yml(dump(parse_alertmanager_yml(text)))) == dump(parse_alertmanager_yml(text))


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("mail:25", HostPort("mail", "25")),
        ("mail:smtp", HostPort("mail", "smtp")),
        ("[::1]:25", HostPort("::1", "25")),
        (":25", HostPort("", "25")),
        ("", HostPort("", "")),
    ],
)
def test_addresses(address, found):
    config = parse_alertmanager_yml(f"global: {{smtp_smarthost: {address!r}}}\n" + ROUTE + A)
    assert config.global_.smtp_smarthost == found
    assert str(found) == address
    assert bool(found) is bool(address)


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ("mail", 'address "mail": missing port in address'),
        ("::1", 'address "::1": too many colons in address'),
        ("[::1]", 'address "[::1]": missing port in address'),
        ("mail:", 'address "mail:": port cannot be empty'),
        ("a b:25", 'address "a b:25" is not a host and a port'),
    ],
)
def test_addresses_that_are_none(address, problem):
    found = problems(f"global: {{smtp_smarthost: {address!r}}}\n" + ROUTE + A)
    assert found == [f"f:1:26: global.smtp_smarthost: {problem}"]


def test_a_base_of_an_api_ends_with_a_slash():
    config = parse_alertmanager_yml(
        "global: {opsgenie_api_url: 'https://a/b?c=d', wechat_api_url: 'https://a'}\n" + ROUTE + A
    )
    assert config.global_.opsgenie_api_url.reveal() == "https://a/b/?c=d"
    assert config.global_.wechat_api_url.reveal() == "https://a/"


def test_intervals_of_both_blocks_are_one_list():
    text = ROUTE + A + "mute_time_intervals: [{name: x, time_intervals: [{}]}]\ntime_intervals: [{name: y}]\n"
    config = parse_alertmanager_yml(text, "f")
    assert [item.name for item in config.time_intervals] == ["y", "x"]
    assert config.intervals["x"].contains(0)
    assert not config.intervals["y"].contains(0)
    assert [str(warning) for warning in config.warnings] == [
        "f:3:22: mute_time_intervals: mute_time_intervals is deprecated, use time_intervals"
    ]


def test_warnings():
    assert warnings(ROUTE + A + "tracing: {endpoint: x}\n") == ["f:3:10: tracing: accepted and without effect"]
    assert warnings("route: {receiver: a, routes: [{matchers: ['a=\\d']}]}\n" + A) == [
        "f:1:43: route.routes[0].matchers[0]: is read in the classic form, the UTF-8 form does not take it"
        ' (2:3: \\: invalid input); write a="\\\\d"'
    ]
    assert warnings(ROUTE + A + "inhibit_rules: [{source_matchers: [a=b]}]\n") == [
        "f:3:17: inhibit_rules[0].target_matchers: a rule without target_matchers takes every alert as a target"
    ]
    assert warnings(ROUTE + A + "time_intervals: [{name: t, time_intervals: [{times: [], months: ['13']}]}]\n") == [
        "f:3:53: time_intervals[0].time_intervals[0].times: an empty list: no time is in this interval",
        "f:3:65: time_intervals[0].time_intervals[0].months: months are numbered from 1 to 12",
    ]


def test_intervals_of_repetition_longer_than_what_is_remembered():
    config = parse_alertmanager_yml(
        "route: {receiver: a, repeat_interval: 5d, routes: [{repeat_interval: 120h,"
        " routes: [{repeat_interval: 1w}]}]}\n" + A
    )
    assert config.warnings_for(120 * HOUR_NS) == [
        "route.routes[0].routes[0].repeat_interval: 1w is longer than the data retention 5d;"
        " notifications can be repeated after 5d"
    ]
    assert len(config.warnings_for(HOUR_NS)) == 3


def test_inhibit_rules_join_their_three_keys():
    (rule,) = parse_alertmanager_yml(
        ROUTE
        + A
        + "inhibit_rules: [{name: n, source_match: {a: b}, source_match_re: {c: d.*}, source_matchers: ['e!=f'],"
        " target_matchers: ['g=h,i=j'], equal: [k]}]\n"
    ).inhibit_rules
    assert [str(matcher) for matcher in rule.sources] == ['a="b"', 'c=~"^(?:d.*)$"', 'e!="f"']
    assert [str(matcher) for matcher in rule.targets] == ['g="h"', 'i="j"']
    assert (rule.name, rule.equal) == ("n", ("k",))


def test_modes():
    text = "route: {receiver: a, group_by: ['a.b'], routes: [{matchers: ['c.d=e']}]}\n" + A
    assert parse_alertmanager_yml(text).route.group_by == ("a.b",)
    assert problems(text, mode=Mode.CLASSIC) == [
        'f:1:33: route.group_by[0]: invalid label name "a.b" in group_by list',
        "f:1:62: route.routes[0].matchers[0]: bad matcher format: c.d=e",
    ]
    old = "route: {receiver: a, routes: [{matchers: ['a=[b]', 'c=\"\\d\"']}]}\n" + A
    assert problems(old, mode=Mode.UTF8) == ['f:1:52: route.routes[0].matchers[1]: 2:6: "\\d": invalid input']
    assert warnings(old, mode=Mode.CLASSIC) == []


def test_template_files(tmp_path):
    (tmp_path / "b.tmpl").write_text("b")
    (tmp_path / "a.tmpl").write_text("a")
    (tmp_path / "c.tmpl").write_bytes(b"\xff")
    path = tmp_path / "alertmanager.yml"
    path.write_text(ROUTE + A + "templates: [b.tmpl, '[ab].tmpl', none]\n")
    config = load_alertmanager_yml(path)
    assert config.template_texts() == [(str(tmp_path / "b.tmpl"), "b"), (str(tmp_path / "a.tmpl"), "a")]
    path.write_text(ROUTE + A + "templates: ['*.tmpl']\n")
    with pytest.raises(ConfigError, match=r"c\.tmpl:1:1: the text is not UTF-8"):
        load_alertmanager_yml(path).template_texts()


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(ConfigError, match="can't be read: No such file"):
        load_alertmanager_yml(tmp_path / "none.yml")


def test_blocks_without_effect():
    assert warnings(ROUTE + A + "event_recorder: {a: [1]}\n") == ["f:3:17: event_recorder: accepted and without effect"]


def test_deep_trees_are_refused_not_recursed_into():
    text = "route: {receiver: a, routes: [" + "{routes: [" * 200 + "]}" * 200 + "]}\n" + A
    (problem,) = problems(text)
    assert "nested deeper than 100 levels" in problem


def test_undefined_names_are_told_beside_other_problems():
    assert problems("route: {receiver: b, routes: [{receiver: c, match: x}]}\nreceivers: [{name: a, x: y}]\n") == [
        'f:1:19: route.receiver: undefined receiver "b" used in route',
        'f:1:42: route.routes[0].receiver: undefined receiver "c" used in route',
        'f:1:52: route.routes[0].match: expected a mapping, found "x"',
        'f:2:23: receivers[0].x: unknown key "x"',
    ]


def test_labels_of_routes_are_templates():
    assert warnings("route: {receiver: a, labels: {a.b: '{{ .Status }}', c: '{{ .Status }'}}\n" + A) == [
        'f:1:56: route.labels.c: not a valid template: unexpected "}" in operand (line 1 of it)'
    ]
    assert warnings("route: {receiver: a, routes: [{match: {a: '{{'}}]}\n" + A) == [
        "f:1:39: route.routes[0].match: match is deprecated, use matchers"
    ]
