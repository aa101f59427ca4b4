"""Promtail's YAML: kinds of values, the environment, what old forms become."""

import pytest

from watchkeeper.core.config.dump import dump
from watchkeeper.core.model.errors import ConfigError
from watchkeeper.logs.agent.config.env import expand_env
from watchkeeper.logs.agent.config.kinds import format_duration_ns, parse_duration_ns
from watchkeeper.logs.agent.config.promtail_yml import load_promtail_yml, parse_promtail_yml

S = 10**9


@pytest.mark.parametrize(
    ("text", "value_ns", "written"),
    [
        ("0", 0, "0s"),
        ("1s", S, "1s"),
        ("1.5s", 3 * S // 2, "1.5s"),
        (".5s", S // 2, "500ms"),
        ("250us", 250_000, "250µs"),
        ("1h30m", 5400 * S, "1h30m0s"),
        ("1d", 86_400 * S, "24h0m0s"),
        ("2m0.25s", 120 * S + S // 4, "2m0.25s"),
        ("-5s", -5 * S, "-5s"),
        ("1ns", 1, "1ns"),
    ],
)
def test_durations(text, value_ns, written):
    assert parse_duration_ns(text) == value_ns
    assert format_duration_ns(value_ns) == written
    assert parse_duration_ns(written) == value_ns


@pytest.mark.parametrize("text", ["", "5", "s", "1x", "1s ", "--1s", "1 s", "9999999y"])
def test_what_is_no_duration(text):
    with pytest.raises(ValueError, match="not a valid duration"):
        parse_duration_ns(text)


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("a: ${A}", "a: one"),
        ("${NONE}|${NONE:-x y}|${A:-x}", "|x y|one"),
        ("${EMPTY:-x}|${EMPTY-x}|${NONE-x}|${NONE:=y}", "x||x|y"),
        ("${NONE:-{a}}", "{a}"),
        ("${A^^} ${B,,} ${A^}", "ONE two One"),
        ("$1 $A ${1} $", "$1 $A ${1} $"),
        ("$${A} cost $$5", "${A} cost $5"),
        (r"regex: \\d+ \d", r"regex: \d+ d"),
    ],
)
def test_the_environment(text, expanded):
    assert expand_env(text, {"A": "one", "B": "TWO", "EMPTY": ""}) == expanded


def test_it_is_expanded_where_asked(tmp_path, monkeypatch):
    path = tmp_path / "promtail.yaml"
    path.write_text("positions: {filename: '${DIR:-/var}/p.yaml'}")
    assert load_promtail_yml(path).positions.filename == "${DIR:-/var}/p.yaml"
    assert load_promtail_yml(path, environ={}).positions.filename == "/var/p.yaml"
    assert load_promtail_yml(path, environ={"DIR": "/x"}).positions.filename == "/x/p.yaml"


def test_defaults():
    config = parse_promtail_yml("clients: [{url: 'http://a/b'}]\nscrape_configs: [{job_name: a, static_configs: []}]")
    [client] = config.clients
    assert (client.batchwait_ns, client.batchsize, client.timeout_ns) == (S, 1 << 20, 10 * S)
    backoff = client.backoff_config
    assert (backoff.min_period_ns, backoff.max_period_ns, backoff.max_retries) == (S // 2, 300 * S, 10)
    assert config.positions.filename == "/var/log/positions.yaml"
    assert config.positions.sync_period_ns == 10 * S
    assert config.target_config.sync_period_ns == 10 * S
    assert config.server.http_listen_port == 80
    assert config.global_.file_watch_config.min_poll_frequency_ns == S // 4
    assert not config.limits_config.readline_rate_enabled
    assert config.limits_config.readline_rate_drop


def test_the_old_client_is_the_first():
    config = parse_promtail_yml("client: {url: 'http://a/'}\nclients: [{url: 'http://b/'}]")
    assert [str(client.url) for client in config.clients] == ["http://a/", "http://b/"]


def test_a_static_config_without_targets_is_this_machine():
    text = "scrape_configs: [{job_name: a, static_configs: [{labels: {__path__: /x}}, {targets: [b]}]}]"
    discovery = parse_promtail_yml(text).scrape_configs[0].discovery
    assert [config.targets for config in discovery] == [("localhost",), ("b",)]


def test_a_file_that_is_not_there():
    with pytest.raises(ConfigError, match="can't be read: No such file"):
        load_promtail_yml(__import__("pathlib").Path("/nonexistent/promtail.yaml"))


def test_headers_of_a_client_are_sent_and_not_shown():
    text = "clients: [{url: 'http://x/', headers: {Authorization: Bearer hunter2}}]\nscrape_configs: []"
    config = parse_promtail_yml(text)
    assert config.clients[0].headers["Authorization"].reveal() == "Bearer hunter2"
    assert "hunter2" not in repr(config)
    assert "hunter2" not in dump(config)
