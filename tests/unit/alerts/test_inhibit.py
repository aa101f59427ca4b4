"""Which alerts another alert keeps back."""

from __future__ import annotations

import time

from tests.unit.alerts.harness import equal
from watchkeeper.alerts.inhibit import Inhibitor, InhibitRule
from watchkeeper.alerts.interface import Alert
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.model.matcher import Matcher, MatchType

PAGE, INFO = equal("severity", "page"), equal("severity", "info")


def alert(ends_ns: int = 1000, **labels: str) -> Alert:
    return Alert(Labels.of(labels), starts_ns=0, ends_ns=ends_ns)


def inhibitor(*rules: InhibitRule, alerts: tuple[Alert, ...] = ()) -> Inhibitor:
    made = Inhibitor(rules)
    for each in alerts:
        made.put(each)
    return made


def test_target_is_inhibited_while_the_source_fires() -> None:
    source = alert(severity="page", host="a")
    made = inhibitor(InhibitRule((PAGE,), (INFO,), ("host",)), alerts=(source,))
    assert made.inhibited_by(Labels.of(severity="info", host="a"), 500) == source.labels
    assert made.inhibited_by(Labels.of(severity="info", host="b"), 500) is None
    assert made.inhibited_by(Labels.of(severity="other", host="a"), 500) is None
    assert made.inhibited_by(Labels.of(severity="info", host="a"), 1000) is None


def test_source_that_fires_again_inhibits_again() -> None:
    made = inhibitor(InhibitRule((PAGE,), (INFO,), ("host",)), alerts=(alert(severity="page", host="a"),))
    target = Labels.of(severity="info", host="a")
    assert made.inhibited_by(target, 2000) is None
    made.put(alert(3000, severity="page", host="a"))
    assert made.inhibited_by(target, 2000) is not None


def test_missing_label_equals_an_empty_one() -> None:
    made = inhibitor(InhibitRule((PAGE,), (INFO,), ("host", "zone")), alerts=(alert(severity="page", host="a"),))
    assert made.inhibited_by(Labels.of(severity="info", host="a"), 0) is not None
    assert made.inhibited_by(Labels.of(severity="info", host="a", zone=""), 0) is not None
    assert made.inhibited_by(Labels.of(severity="info", host="a", zone="z"), 0) is None


def test_without_equal_labels_any_source_will_do() -> None:
    made = inhibitor(InhibitRule((PAGE,), (INFO,)), alerts=(alert(severity="page", host="a"),))
    assert made.inhibited_by(Labels.of(severity="info", host="b"), 0) is not None


def test_alert_on_both_sides_is_inhibited_by_one_sided_sources_only() -> None:
    both = InhibitRule((Matcher("severity", MatchType.REGEX, "page|both"),), (Matcher("t", MatchType.EQUAL, "1"),))
    me, other = alert(severity="both", t="1", i="1"), alert(severity="both", t="1", i="2")
    made = inhibitor(both, alerts=(me, other))
    assert made.inhibited_by(me.labels, 0) is None
    target = Labels.of(severity="x", t="1")
    assert made.inhibited_by(target, 0) in (me.labels, other.labels)
    source = alert(severity="page", i="3")
    made.put(source)
    assert made.inhibited_by(me.labels, 0) == source.labels


def test_two_sided_sources_that_ended_are_passed_over() -> None:
    both = InhibitRule((Matcher("severity", MatchType.REGEX, "page|both"),), (Matcher("t", MatchType.EQUAL, "1"),))
    made = inhibitor(both, alerts=(alert(10, severity="both", t="1"), alert(100, severity="both", t="1", i="2")))
    assert made.inhibited_by(Labels.of(severity="x", t="1"), 50) == Labels.of(severity="both", t="1", i="2")


def test_forgotten_sources_are_gone() -> None:
    source = alert(severity="page", host="a")
    made = inhibitor(InhibitRule((PAGE,), (INFO,), ("host",)), alerts=(source,))
    made.forget([source.labels, Labels.of(never="seen")])
    assert made.inhibited_by(Labels.of(severity="info", host="a"), 0) is None


def test_ten_thousand_alerts_on_both_sides_are_quick() -> None:
    rules = [InhibitRule((PAGE,), (INFO,), ("host",)), InhibitRule((equal("alertname", "Down"),), (INFO,), ("zone",))]
    made = Inhibitor(rules)
    sources = [alert(severity="page", host=str(i), zone="z") for i in range(10_000)]
    targets = [Labels.of(severity="info", host=str(i), zone="y") for i in range(10_000)]
    began_s = time.process_time()
    for source in sources:
        made.put(source)
    assert all(made.inhibited_by(target, 0) is not None for target in targets)
    assert time.process_time() - began_s < 20  # A scan of all sources would take minutes.
