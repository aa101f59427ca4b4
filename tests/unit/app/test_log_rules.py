"""Where a ruler's alerts go, and a store that keeps nothing."""

from __future__ import annotations

import numpy as np
import pytest

from watchkeeper.app.nowhere import MAX_COLUMNS, Nowhere
from watchkeeper.app.ruler_alertmanagers import alerting_of
from watchkeeper.core.config.decode import Load, decode
from watchkeeper.core.model.labels import Labels
from watchkeeper.discovery.config import DNSSDConfig, StaticConfig
from watchkeeper.logs.store.config_upkeep import RulerConfig
from watchkeeper.metrics.interface import Budget, SampleBatch, Status


def ruler(text: str) -> RulerConfig:
    made = decode(RulerConfig, text, Load("loki.yaml", files_checked=False))
    assert isinstance(made, RulerConfig)
    return made


def test_several_alertmanagers_with_paths_and_passwords() -> None:
    config = alerting_of(ruler("alertmanager_url: 'http://a:9093/am, https://me:s%40cret@b'\nnotification_timeout: 3s"))
    first, second = config.alertmanagers
    assert (first.scheme, first.path_prefix, first.timeout_ms) == ("http", "/am", 3000)
    assert list(first.discovery) == [StaticConfig(targets=("a:9093",))]
    assert list(second.discovery) == [StaticConfig(targets=("b",))]
    auth = second.http_client.basic_auth
    assert auth is not None
    assert auth.password is not None
    assert (auth.username, auth.password.reveal()) == ("me", "s@cret")


def test_alertmanagers_behind_srv_records() -> None:
    text = "{alertmanager_url: 'http://_http._tcp.am', enable_alertmanager_discovery: true}"
    [block] = alerting_of(ruler(text)).alertmanagers
    assert list(block.discovery) == [DNSSDConfig(names=("_http._tcp.am",), refresh_interval_ms=60_000)]


@pytest.mark.parametrize("url", ["", "am:9093", "ftp://am", "http://", "http://[::1"])
def test_what_is_no_address_is_left_out(url: str) -> None:
    assert alerting_of(ruler(f"alertmanager_url: '{url}'")).alertmanagers == ()


def test_a_store_that_keeps_nothing() -> None:
    store = Nowhere()
    writer = store.source("x")
    one, two = Labels.of(a="1"), Labels.of(a="2")
    assert writer.columns([one, two, one]).tolist() == [0, 1, 0]
    assert writer.n_columns == 2
    assert writer.append(1, np.zeros(2)) == Status.STORED
    labels = [Labels.of(n=str(n)) for n in range(MAX_COLUMNS)]
    writer.columns(labels)
    writer.append(2, np.zeros(writer.n_columns))
    assert (writer.n_columns, writer.generation) == (0, 1)
    writer.close()
    batch = SampleBatch([one], np.zeros(1, np.int32), np.zeros(1, np.int64), np.zeros(1))
    assert store.append(batch).stored_all
    assert len(store.select([], 0, 1, Budget()).labels) == len(store.series([], 0, 1)) == 0
    assert store.label_names([], 0, 1) == store.label_values("a", [], 0, 1) == []
