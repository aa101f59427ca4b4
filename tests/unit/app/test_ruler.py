"""The ruler's settings: remote write, clients of Alertmanagers, addresses; and what is counted of its files."""

from __future__ import annotations

import pytest

from watchkeeper.app.log_rules import link_of
from watchkeeper.app.ruler_alertmanagers import alerting_of
from watchkeeper.app.ruler_remote import TENANT_HEADER, RulerRemoteWrite
from watchkeeper.app.ruler_telemetry import RulerMetrics
from watchkeeper.core.config.dump import dump
from watchkeeper.core.model.errors import ConfigError
from watchkeeper.core.telemetry.metrics import Registry
from watchkeeper.logs.store.config import parse_loki_yaml
from watchkeeper.logs.store.config_upkeep import RulerConfig
from watchkeeper.rules.links import ExploreLink, log_query_link

SCHEMA = "auth_enabled: false\n"


def ruler(block: str) -> RulerConfig:
    return parse_loki_yaml(f"{SCHEMA}ruler: {block}", remote_write=RulerRemoteWrite).ruler


def remote_write(block: str) -> RulerRemoteWrite:
    made = ruler(f"{{remote_write: {block}}}").remote_write
    assert isinstance(made, RulerRemoteWrite)
    return made


def problem(block: str) -> str:
    with pytest.raises(ConfigError) as raised:
        ruler(block)
    [found] = raised.value.problems
    return str(found)


def test_each_tenant_writes_in_its_own_name() -> None:
    config = remote_write("{enabled: true, client: {url: 'http://a/w'}, clients: {b: {url: 'http://b/w'}}}")
    one, two = config.of_tenant("red")
    assert [(each.name, each.url.reveal()) for each in (one, two)] == [
        ("red-rw-default", "http://a/w"),
        ("red-rw-b", "http://b/w"),
    ]
    assert one.headers == two.headers == {TENANT_HEADER: "red"}


def test_the_header_replaces_one_of_the_file_or_is_left_out() -> None:
    client = "{url: 'http://a/w', headers: {x-scope-orgid: all, More: m}}"
    [config] = remote_write(f"{{enabled: true, client: {client}}}").of_tenant("red")
    assert config.headers == {TENANT_HEADER: "red", "More": "m"}
    [config] = remote_write(f"{{enabled: true, add_org_id_header: false, client: {client}}}").of_tenant("red")
    assert config.headers == {"x-scope-orgid": "all", "More": "m"}


def test_remote_write_that_is_not_enabled_goes_nowhere() -> None:
    assert remote_write("{client: {url: 'http://a/w'}}").of_tenant("red") == []
    assert ruler("{}").remote_write is None


def test_faults_of_remote_write_have_their_place() -> None:
    assert problem("{remote_write: {enabled: true}}") == (
        "loki.yaml:2:33: ruler.remote_write.enabled: remote-write enabled but no client or clients are configured"
    )
    assert problem("{remote_write: {enabled: true, client: {url: 'no url'}}}").startswith(
        "loki.yaml:2:53: ruler.remote_write.client.url: "
    )
    with pytest.raises(ConfigError, match="expected a mapping"):
        ruler("{remote_write: 7}")


def test_secrets_of_remote_write_are_not_shown() -> None:
    block = "{enabled: true, client: {url: 'http://a/w', basic_auth: {username: me, password: hush}}}"
    text = dump(ruler(f"{{remote_write: {block}}}"))
    assert "hush" not in text
    assert "http://a/w" in text


def test_the_client_of_alertmanagers() -> None:
    [block] = alerting_of(
        ruler(
            "{alertmanager_url: 'https://am', alertmanager_client: {basic_auth_username: me, basic_auth_password: p,"
            " tls_server_name: peer, tls_insecure_skip_verify: true}}"
        )
    ).alertmanagers
    client = block.http_client
    assert client.basic_auth is not None
    assert client.basic_auth.password is not None
    assert (client.basic_auth.username, client.basic_auth.password.reveal()) == ("me", "p")
    assert client.tls_config is not None
    assert (client.tls_config.server_name, client.tls_config.insecure_skip_verify) == ("peer", True)


def test_a_user_in_an_address_counts_more_than_the_client() -> None:
    text = "{alertmanager_url: 'http://me:p@am, http://b', alertmanager_client: {credentials: t, type: Token}}"
    one, two = (block.http_client for block in alerting_of(ruler(text)).alertmanagers)
    assert one.basic_auth is not None
    assert one.authorization is None
    assert two.authorization is not None
    assert two.authorization.credentials is not None
    assert (two.authorization.type, two.authorization.credentials.reveal()) == ("Token", "t")


@pytest.mark.parametrize(
    ("client", "said"),
    [
        ("{credentials: a, credentials_file: /dev/null}", "at most one of credentials & credentials_file"),
        ("{basic_auth_username: a, credentials: b}", "at most one of basic_auth_username & credentials"),
        ("{tls_cert_path: %s}", "tls_cert_path and tls_key_path belong together"),
    ],
)
def test_clients_that_can_not_be(client: str, said: str) -> None:
    block = f"{{alertmanager_client: {client.replace('%s', __file__).replace('/dev/null', __file__)}}}"
    assert said in problem(block)


def test_links_lead_to_grafana_where_one_is_known() -> None:
    assert link_of(ruler("{}")) is log_query_link
    assert link_of(ruler("{external_url: 'http://grafana'}")) == ExploreLink()
    assert link_of(ruler("{datasource_uid: abc}")) == ExploreLink("abc")


def test_what_is_counted_of_rule_files() -> None:
    registry = Registry()
    metrics = RulerMetrics(registry)
    metrics.count_managers(1)
    metrics.note("red", 10.0, n_bad=0)
    metrics.note("red", 20.0, n_bad=2)
    lines = registry.exposition().decode().splitlines()
    assert [line for line in lines if line.startswith(("loki_ruler", "watchkeeper_ruler"))] == [
        'loki_ruler_config_last_reload_successful{user="red"} 0',
        'loki_ruler_config_last_reload_successful_seconds{user="red"} 10',
        'loki_ruler_config_updates_total{user="red"} 2',
        "loki_ruler_managers_total 1",
        'watchkeeper_ruler_bad_files{user="red"} 2',
    ]
