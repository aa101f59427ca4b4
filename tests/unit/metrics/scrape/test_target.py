"""From discovered labels to targets."""

from __future__ import annotations

import pytest

from tests.unit.metrics.scrape.harness import scrape_config
from watchkeeper.core.relabel import RelabelConfig, Relabeler
from watchkeeper.discovery.interface import TargetGroup
from watchkeeper.metrics.scrape.target import AssemblyError, Target, assemble, discovered_labels, host_and_port


def target_of(labels: dict[str, str], *rules: RelabelConfig, **settings: object) -> Target | None:
    config = scrape_config(**settings)
    [discovered] = discovered_labels(TargetGroup("g", (labels,), {"shared": "s"}), config)
    return assemble(discovered, Relabeler(rules), config)


def made(labels: dict[str, str], *rules: RelabelConfig, **settings: object) -> Target:
    target = target_of(labels, *rules, **settings)
    assert target is not None
    return target


def test_the_order_of_assembly():
    target = made(
        {"__address__": "h:1", "__meta_x": "zone", "__tmp": "t", "shared": "own"},
        RelabelConfig(source_labels=("__meta_x",), target_label="zone"),
        RelabelConfig(source_labels=("__scrape_interval__", "job"), target_label="seen"),
        params={"module": ("a", "b")},
    )
    assert target.labels.as_dict() == {
        "instance": "h:1",
        "job": "test",
        "zone": "zone",
        "shared": "own",
        "seen": "10s;test",
    }
    assert target.discovered.get("__meta_x") == "zone"
    assert target.discovered.get("__param_module") == "a"
    assert target.hidden.get("__tmp") == "t"
    assert target.hidden.get("__meta_x") == ""
    assert target.url == "http://h:1/metrics?module=a&module=b"


def test_discovery_and_relabelling_come_before_the_config():
    target = made(
        {"__address__": "h", "job": "mine", "__scheme__": "https", "__metrics_path__": "/x", "instance": "i"},
        RelabelConfig(target_label="__scrape_interval__", replacement="1m"),
        RelabelConfig(target_label="__param_module", replacement="z"),
        params={"module": ("a", "b")},
    )
    assert target.labels.as_dict() == {"instance": "i", "job": "mine", "shared": "s"}
    assert target.url == "https://h/x?module=z&module=b"
    assert (target.interval_ms, target.scrape_interval, target.scrape_timeout) == (60_000, "1m", "5s")


def test_what_makes_no_target():
    cases = [
        ({}, "no address"),
        ({"__address__": "h/metrics"}, '"h/metrics" is not a valid hostname'),
        ({"__address__": "h:1\r\nX: y"}, "is not a valid hostname"),
        ({"__address__": "h", "__scheme__": "ftp"}, 'unsupported protocol scheme "ftp"'),
        ({"__address__": "h", "__scrape_interval__": "0s"}, "scrape interval cannot be 0"),
        (
            {"__address__": "h", "__scrape_timeout__": "x"},
            'error parsing scrape timeout: not a valid duration string: "x"',
        ),
        (
            {"__address__": "h", "__scrape_timeout__": "11s"},
            'scrape timeout cannot be greater than scrape interval ("11s" > "10s")',
        ),
    ]
    for labels, text in cases:
        with pytest.raises(AssemblyError) as caught:
            target_of(labels)
        assert text in str(caught.value)


def test_a_dropped_target_need_not_be_valid():
    assert target_of({"x": "y"}, RelabelConfig(source_labels=("x",), regex="y", action="drop")) is None


def test_identity():
    plain = made({"__address__": "h:1", "__meta_x": "1"})
    assert plain.identity == made({"__address__": "h:1", "__meta_x": "2"}).identity
    for other in (
        made({"__address__": "h:2"}),
        made({"__address__": "h:1", "x": "y"}),
        made({"__address__": "h:1"}, params={"a": ("1", "2")}),
        made({"__address__": "h:1"}, scrape_interval_ms=11_000),
    ):
        assert plain.identity != other.identity


def test_offsets_stay_within_the_interval():
    target = made({"__address__": "h:1"})
    places = {(now_ms + target.offset_ms(now_ms, 7)) % 10_000 for now_ms in range(0, 50_000, 333)}
    assert len(places) == 1
    assert places != {target.offset_ms(0, 8)}


def test_where_to_connect():
    cases = {
        "h:81": ("h", 81),
        "h": ("h", 80),
        "[::1]:9090": ("::1", 9090),
        "[::1]": ("::1", 80),
        "::1": ("::1", 80),
        "10.0.0.1:65535": ("10.0.0.1", 65535),
    }
    for address, expected in cases.items():
        assert host_and_port(made({"__address__": address})) == expected
    assert host_and_port(made({"__address__": "h", "__scheme__": "https"})) == ("h", 443)
    for address in ("h:65536", "h:x", "h:-1"):
        with pytest.raises(AssemblyError):
            host_and_port(made({"__address__": address}))
