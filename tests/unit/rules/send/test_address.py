"""From targets to addresses."""

from __future__ import annotations

import pytest

from tests.unit.rules.send.alertmanager_double import alerting
from watchkeeper.core.relabel import Relabeler
from watchkeeper.discovery.interface import TargetGroup
from watchkeeper.rules.send.address import Addresses, addresses_of, alerts_path


def found(text: str, *groups: TargetGroup) -> Addresses:
    [config] = alerting("alertmanagers: [%s]" % text).alertmanagers
    return addresses_of(groups, config, Relabeler(config.relabel_configs))


def group(*addresses: str, **labels: str) -> TargetGroup:
    return TargetGroup("one", tuple({"__address__": address} for address in addresses), labels)


@pytest.mark.parametrize(
    ("prefix", "path"),
    [
        ("", "/api/v2/alerts"),
        ("/", "/api/v2/alerts"),
        ("am", "/am/api/v2/alerts"),
        ("//am//x/", "/am/x/api/v2/alerts"),
        ("/a/../b/.", "/b/api/v2/alerts"),
    ],
)
def test_the_path_below_a_prefix(prefix: str, path: str) -> None:
    assert alerts_path(prefix) == path


def test_scheme_and_prefix_of_the_block() -> None:
    addresses = found("{scheme: https, path_prefix: /am}", group("a:9093", "b:9093", "a:9093"))
    assert addresses.active == ("https://a:9093/am/api/v2/alerts", "https://b:9093/am/api/v2/alerts")


def test_a_group_overrides_the_block_and_a_target_does_not() -> None:
    targets = TargetGroup("one", ({"__address__": "a:1", "__scheme__": "https"},), {})
    assert found("{}", targets).active == ("http://a:1/api/v2/alerts",)
    assert found("{}", group("a:1", __scheme__="https")).active == ("https://a:1/api/v2/alerts",)


def test_relabelling_drops_moves_and_renames() -> None:
    rules = (
        "{relabel_configs: [{source_labels: [__address__], regex: 'b.*', action: drop}, "
        "{target_label: __alerts_path__, replacement: 'other path'}]}"
    )
    addresses = found(rules, group("a:1", "b:1"))
    assert addresses.active == ("http://a:1/other%20path",)
    assert addresses.dropped == ("http://b:1/api/v2/alerts",)


def test_targets_that_are_no_alertmanagers_cost_only_themselves() -> None:
    odd = found("{}", group("a:1", "", "http://b", "c d"), group("e:1", __scheme__="ftp"))
    assert odd.active == ("http://a:1/api/v2/alerts",)
    assert odd.problems == (
        "no address",
        '"http://b" is not a valid hostname',
        '"c d" is not a valid hostname',
        'unsupported protocol scheme "ftp"',
    )
