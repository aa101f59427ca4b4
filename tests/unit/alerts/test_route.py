"""The routing tree: who takes an alert, under which key, with what of the nodes above."""

import random
import time

import pytest

from watchkeeper.alerts import route as module
from watchkeeper.alerts import route_masks
from watchkeeper.alerts.config.alertmanager_yml import parse_alertmanager_yml
from watchkeeper.alerts.matchers import parse_matcher
from watchkeeper.alerts.route import RouteTree
from watchkeeper.core.model.labels import Labels

RECEIVERS = "receivers: [{name: a}, {name: b}, {name: c}, {name: d}]\ntime_intervals: [{name: t}, {name: u}]\n"


def tree(text):
    return RouteTree.of(parse_alertmanager_yml(RECEIVERS + text).route)


DEEP = """
route:
  receiver: a
  group_by: [alertname, b]
  labels: {team: ops, zone: eu}
  routes:
  - matchers: [severity="critical", a=~"x|y"]
    continue: true
    receiver: b
    group_wait: 1s
    repeat_interval: 1h
    labels: {team: db}
    mute_time_intervals: [t]
    routes:
    - match: {z: "1"}
      match_re: {b: "2.*"}
      group_by: [...]
      active_time_intervals: [u]
    - matchers: [z="3"]
      receiver: c
  - matchers: [severity="critical"]
    receiver: d
    group_by: []
  - receiver: c
    group_interval: 2s
    matchers: [zz!=""]
  - matchers: [severity="critical"]
"""


@pytest.mark.parametrize(
    ("labels", "receivers"),
    [
        ({}, ["a"]),
        ({"severity": "info"}, ["a"]),
        ({"severity": "critical"}, ["d"]),
        ({"severity": "critical", "a": "x"}, ["b", "d"]),
        ({"severity": "critical", "a": "xx"}, ["d"]),
        ({"severity": "critical", "a": "y", "z": "3"}, ["c", "d"]),
        ({"severity": "critical", "a": "y", "z": "1", "b": "2"}, ["b", "d"]),
        ({"zz": "1"}, ["c"]),
        ({"severity": "critical", "zz": "1"}, ["d"]),
    ],
)
def test_the_first_that_takes_an_alert_ends_the_search_unless_it_continues(labels, receivers):
    routes = tree(DEEP)
    for _ in range(2):  # The second answer is remembered.
        assert [route.receiver for route in routes.match(Labels.of(labels))] == receivers


def test_keys_are_the_sorted_matchers_from_the_root_down():
    assert [(route.key, route.id) for route in tree(DEEP).walk()] == [
        ("{}", "{}"),
        ('{}/{a=~"x|y",severity="critical"}', '{}/{a=~"x|y",severity="critical"}/0'),
        (
            '{}/{a=~"x|y",severity="critical"}/{b=~"^(?:2.*)$",z="1"}',
            '{}/{a=~"x|y",severity="critical"}/0/{b=~"^(?:2.*)$",z="1"}/0',
        ),
        ('{}/{a=~"x|y",severity="critical"}/{z="3"}', '{}/{a=~"x|y",severity="critical"}/0/{z="3"}/1'),
        ('{}/{severity="critical"}', '{}/{severity="critical"}/1'),
        ('{}/{zz!=""}', '{}/{zz!=""}/2'),
        ('{}/{severity="critical"}', '{}/{severity="critical"}/3'),
    ]


def test_what_is_handed_down():
    root, first, inner, third, second, _, last = tree(DEEP).walk()
    assert (root.group_wait_ns, root.group_interval_ns, root.repeat_interval_ns) == (
        30 * 10**9,
        300 * 10**9,
        4 * 3600 * 10**9,
    )
    assert (inner.receiver, inner.group_wait_ns, inner.repeat_interval_ns) == ("b", 10**9, 3600 * 10**9)
    assert third.group_by == second.group_by == ("alertname", "b")
    assert inner.group_by_all
    assert not third.group_by_all
    assert inner.labels == Labels.of(team="db", zone="eu")
    assert last.labels == root.labels == Labels.of(team="ops", zone="eu")
    assert first.mute_time_intervals == ("t",)
    assert inner.mute_time_intervals == ()  # Time intervals are a node's own.
    assert inner.active_time_intervals == ("u",)
    assert inner.path == (root, first, inner)
    assert first.continues
    assert not inner.continues


def test_all_labels_are_handed_down_until_a_node_groups_otherwise():
    root, below, other = tree(
        "route: {receiver: a, group_by: ['...', '...'], routes: [{receiver: b}, {group_by: [x]}]}"
    ).walk()
    assert root.group_by_all
    assert below.group_by_all
    assert (other.group_by_all, other.group_by) == (False, ("x",))


def test_group_labels():
    root, _, inner, *_ = tree(DEEP).walk()
    labels = Labels.of(alertname="X", severity="critical", z="1")
    assert root.group_labels_of(labels) == Labels.of(alertname="X")
    assert inner.group_labels_of(labels) == labels
    assert str(tree("route: {receiver: a}").root.group_labels_of(labels)) == "{}"


def slow_match(route, labels):
    """The definition, without anything precomputed."""
    if not all(matcher.matches(labels.get(matcher.name)) for matcher in route.matchers):
        return []
    found = []
    for child in route.children:
        taken = slow_match(child, labels)
        found += taken
        if taken and not child.continues:
            break
    return found or [route]


def random_route(numbers, depth):
    kinds = ['a="1"', 'b=~"1|2"', 'c!="1"', 'd!~"2.*"', 'a=""', "b=~.*", 'a!="2"', 'b!~"22|1"', 'c=~"1|"', "d=~^1|2$"]
    matchers = [] if depth == 0 else numbers.sample(kinds, numbers.randint(0, 3))
    below = [random_route(numbers, depth + 1) for _ in range(numbers.randint(0 if depth else 3, 3) if depth < 4 else 0)]
    node = {"matchers": matchers, "continue": depth > 0 and numbers.random() < 0.5, "routes": below}
    return node | ({"receiver": "a"} if depth == 0 else {})


@pytest.mark.parametrize("seed", range(10))
def test_matching_is_what_it_is_by_definition(seed, monkeypatch):
    numbers = random.Random(seed)
    monkeypatch.setattr(module, "MAX_KEPT", 20)
    monkeypatch.setattr(route_masks, "MAX_KEPT", 2)
    routes = tree(f"route: {random_route(numbers, 0)}")
    for _ in range(200):
        labels = Labels.of({name: numbers.choice(["1", "2", "22"]) for name in numbers.sample("abcde", 3)})
        assert routes.match(labels) == slow_match(routes.root, labels)


def test_ten_thousand_alerts_are_routed_in_a_moment():
    nodes = [
        f"{{receiver: b, continue: true, matchers: ['team=~\"t{i}|u{i}\"', severity=critical]}}" for i in range(300)
    ]
    routes = tree(f"route: {{receiver: a, routes: [{', '.join(nodes)}]}}")
    alerts = [Labels.of(team=f"t{i % 400}", severity="critical", instance=f"i{i}") for i in range(10_000)]
    started_s = time.process_time()
    found = sum(len(routes.match(labels)) for labels in alerts)
    assert time.process_time() - started_s < 1.0
    assert found == 10_000


@pytest.mark.parametrize(
    ("matcher", "words"),
    [
        ('a="b|c"', {"b|c"}),
        ('a!=""', {""}),
        ('a=~"b|c d|e-f"', {"b", "c d", "e-f"}),
        ('a!~"b"', {"b"}),
        ('a=~"^(?:b|c)$"', {"b", "c"}),
        ('a=~"b|"', None),
        ('a=~""', None),
        ('a=~"b.c|d"', None),
        ('a=~"^b|c$"', None),
        ('a=~"b+"', None),
        ('a=~"größe"', None),
    ],
)
def test_values_that_can_be_looked_up(matcher, words):
    assert route_masks.words_of(parse_matcher(matcher)) == words
