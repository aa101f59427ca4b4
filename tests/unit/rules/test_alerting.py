"""How alerts begin, fire, hold and end; what is written and what is told of them."""

from __future__ import annotations

import threading

import pytest

from tests.unit.rules.harness import MINUTE, Bench, labels
from watchkeeper.core.model.labels import Labels


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path / "store", resend_delay_ms=60_000)


def ns(time_ms: int) -> int:
    return time_ms * 1_000_000


async def test_an_alert_pends_fires_and_ends(bench):
    bench.put("m", 1, a="x")
    await bench.run(bench.alert("A", "m > 0", for_s=20, own={"severity": "page"}))
    [one] = bench.alerts
    assert one.labels == Labels.of(alertname="A", a="x", severity="page")
    assert (one.state, one.value, one.fired_ms) == ("pending", 1.0, None)
    assert bench.rule.state == "pending"
    assert not bench.sent
    began = one.active_ms
    await bench.clock.advance(20)
    [one] = bench.alerts
    assert (one.state, one.active_ms, one.fired_ms) == ("firing", began, began + 20_000)
    assert bench.rule.state == "firing"
    [told] = bench.sent
    assert (told.starts_ns, told.ends_ns) == (ns(began + 20_000), ns(began + 20_000 + 4 * MINUTE))
    assert told.generator_url == "http://here/graph?g0.expr=m+%3E+0&g0.tab=1"
    bench.put("m", 0, a="x")
    await bench.clock.advance(10)
    assert not bench.alerts
    assert bench.rule.state == "inactive"
    assert [alert.ends_ns for alert in bench.sent[1:]] == [ns(began + 30_000)]
    assert bench.values("ALERTS", alertstate="pending", a="x") == [1, 1, "stale"]
    assert bench.values("ALERTS", alertstate="firing", alertname="A", severity="page") == [1, "stale"]
    assert bench.values("ALERTS_FOR_STATE", a="x") == [began // 1000] * 3 + ["stale"]
    await bench.stop()


async def test_an_alert_without_for_fires_at_once(bench):
    bench.put("m", 1)
    await bench.run(bench.alert("A", "m"))
    assert [one.state for one in bench.alerts] == ["firing"]
    assert len(bench.all("ALERTS")) == 1
    await bench.stop()


async def test_before_the_first_evaluation_the_state_is_unknown(bench):
    await bench.manager.apply([bench.group(bench.alert("A", "m"))], bench.settings)
    await bench.manager.start()
    assert (bench.rule.state, bench.rule.health, bench.rule.last_evaluation_s) == ("unknown", "unknown", None)
    await bench.clock.advance(10)
    assert (bench.rule.state, bench.rule.health) == ("inactive", "ok")
    await bench.stop()


async def test_a_pending_alert_that_ends_is_forgotten_and_begins_anew(bench):
    bench.put("m", 1)
    await bench.run(bench.alert("A", "m > 0", for_s=15))
    [first] = bench.alerts
    bench.put("m", 0)
    await bench.clock.advance(10)
    assert not bench.alerts
    bench.put("m", 1)
    await bench.clock.advance(10)
    [second] = bench.alerts
    assert (second.state, second.active_ms) == ("pending", first.active_ms + 20_000)
    assert not bench.sent
    await bench.stop()


async def test_keep_firing_for_holds_an_alert(bench):
    bench.put("m", 1)
    await bench.run(bench.alert("A", "m > 0", keep_s=20, notes={"was": "{{ $value }}"}))
    bench.put("m", 0)
    await bench.clock.advance(10)
    [one] = bench.alerts
    assert (one.state, one.keep_firing_since_ms) == ("firing", one.active_ms + 10_000)
    assert one.annotations.get("was") == "1"
    await bench.clock.advance(10)
    assert len(bench.alerts) == 1
    bench.put("m", 1)  # It comes back: what was held is forgotten.
    await bench.clock.advance(10)
    assert bench.alerts[0].keep_firing_since_ms is None
    bench.put("m", 0)
    await bench.clock.advance(20)
    assert len(bench.alerts) == 1
    await bench.clock.advance(10)
    assert not bench.alerts
    assert bench.values("ALERTS")[-1] == "stale"
    await bench.stop()


async def test_firing_alerts_are_told_of_again_and_resolved_ones_for_15_minutes(bench):
    bench.put("m", 1)
    await bench.run(bench.alert("A", "m > 0"))
    began = bench.alerts[0].active_ms
    for _ in range(15):
        bench.put("m", 1)
        await bench.clock.advance(10)
    # Later than the delay, not at it: 70 s apart.
    assert [alert.updated_ns for alert in bench.sent] == [ns(began + ms) for ms in (0, 70_000, 140_000)]
    bench.sent.clear()
    bench.put("m", 0)
    await bench.clock.advance(30 * 60)
    ended = began + 160_000
    assert {(alert.starts_ns, alert.ends_ns) for alert in bench.sent} == {(ns(began), ns(ended))}
    times = [(alert.updated_ns - ns(ended)) / ns(MINUTE) for alert in bench.sent]
    assert times == pytest.approx([i * 70 / 60 for i in range(13)])
    await bench.stop()


async def test_a_resolved_alert_that_fires_again_starts_anew(bench):
    bench.put("m", 1)
    await bench.run(bench.alert("A", "m > 0"))
    bench.put("m", 0)
    await bench.clock.advance(10)
    bench.put("m", 1)
    await bench.clock.advance(10)
    starts = [alert.starts_ns for alert in bench.sent]
    assert starts == [starts[0], starts[0], starts[0] + ns(20_000)]
    assert bench.values("ALERTS") == [1, "stale", 1]
    await bench.stop()


async def test_labels_and_annotations_are_expanded(bench):
    bench.put("m", 3, instance="x:1", job="j")
    await bench.run(
        bench.alert(
            "A",
            "m",
            own={"who": "{{ $labels.job | toUpper }}", "job": ""},
            notes={"text": "{{ .Labels.instance }} has {{ $value }} of {{ $labels.__name__ }}", "plain": "p"},
        )
    )
    [one] = bench.alerts
    assert one.labels == Labels.of(alertname="A", instance="x:1", who="J")
    assert one.annotations == Labels.of(text="x:1 has 3 of m", plain="p")
    assert bench.sent[0].annotations == one.annotations
    bench.put("m", 4, instance="x:1", job="j")
    await bench.clock.advance(10)
    assert bench.alerts[0].annotations.get("text") == "x:1 has 4 of m"
    await bench.stop()


async def test_labels_that_depend_on_the_value_make_other_alerts(bench):
    bench.put("m", 1)
    await bench.run(bench.alert("A", "m", own={"v": "{{ $value }}"}))
    bench.put("m", 2)
    await bench.clock.advance(10)
    assert [one.labels.get("v") for one in bench.alerts] == ["2"]
    assert bench.values("ALERTS", v="1") == [1, "stale"]
    await bench.stop()


async def test_annotations_that_ask_queries_are_asked_at_each_evaluation(bench):
    bench.put("m", 1)
    bench.put("n", 10)
    await bench.run(bench.alert("A", "m", notes={"n": '{{ query "n" | first | value }}'}))
    assert bench.alerts[0].annotations.get("n") == "10"
    bench.put("n", 11)
    await bench.clock.advance(10)
    assert bench.alerts[0].annotations.get("n") == "11"
    await bench.stop()


async def test_who_looks_at_alerts_asks_no_queries(bench):
    asked = []
    compiled = bench.language.compile

    def compile_(text):
        asked.append(text)
        return compiled(text)

    bench.put("m", 1, a="x")
    bench.put("m", 1, a="y")
    bench.put("n", 10)
    rule = bench.alert("A", "m", notes={"n": '{{ query "n" | first | value }}'})
    bench.language.compile = compile_
    await bench.run(rule)
    assert asked == ["n"]  # Once for both alerts.
    for _ in range(3):
        assert [one.annotations.get("n") for one in bench.alerts] == ["10", "10"]
    # A reload with another expression keeps the texts until the next evaluation.
    await bench.manager.apply([bench.group(bench.alert("A", "m > 0", notes=dict(rule.annotations)))], bench.settings)
    assert [one.annotations.get("n") for one in bench.alerts] == ["10", "10"]
    assert asked.count("n") == 1
    await bench.stop()


async def test_of_more_samples_than_the_limit_no_text_is_made(bench, monkeypatch):
    monkeypatch.setattr("watchkeeper.rules.alerting.Expander", None)
    bench.put("m", 1, a="x")
    bench.put("m", 1, a="y")
    await bench.run(bench.alert("A", "m", own={"l": "{{ $value }}"}, notes={"n": '{{ query "m" }}'}), limit=1)
    assert bench.rule.last_error == "exceeded limit of 1 with 2 alerts"
    await bench.stop()


async def test_of_many_alerts_others_are_told_first_each_time(bench):
    """A queue that can't hold all drops the first; the same ones would never arrive."""
    for i in range(1500):
        bench.put("m", 1, a=str(i))
    await bench.run(bench.alert("A", "m"))
    await bench.clock.advance(280)
    rounds = [[one.labels.get("a") for one in bench.sent[lo : lo + 1500]] for lo in range(0, len(bench.sent), 1500)]
    assert [len(set(one)) for one in rounds] == [1500] * len(rounds)
    assert len(rounds) >= 4
    kept = [set(one[750:]) for one in rounds]
    assert len(set().union(*kept)) == 1500
    await bench.stop()


@pytest.mark.parametrize("where", ["own", "notes"])
async def test_a_stop_waits_for_no_texts_and_tells_nothing_half_made(bench, where):
    asked = []

    def compile_(text):
        asked.append(text)
        bench.manager._around.is_ending = True
        return compiled(text)

    for i in range(5):
        bench.put("m", 1, a=str(i))
    rule = bench.alert("A", "m", **{where: {"n": "{{ query $labels.a | first | value }}"}})
    compiled, bench.language.compile = bench.language.compile, compile_
    await bench.run(rule)
    assert len(asked) == 1
    assert not bench.sent
    await bench.stop()


async def test_labels_whose_templates_take_too_long_change_no_alert(bench, monkeypatch):
    bench.put("m", 1, a="x")
    await bench.run(bench.alert("A", "m", own={"l": "{{ $value }}"}))
    [before] = bench.alerts
    monkeypatch.setattr("watchkeeper.rules.template.MAX_SECONDS", -1.0)
    await bench.clock.advance(10)
    assert "exceeded maximum time of a rule's templates" in bench.rule.last_error
    assert list(bench.alerts) == [before]
    assert bench.values("ALERTS") == [1]
    await bench.stop()


async def test_a_template_that_fails_shows_in_the_alert(bench):
    bench.put("m", 1)
    await bench.run(bench.alert("A", "m", own={"l": '{{ query "(" }}'}, notes={"t": "{{ $labels.a.b }}"}))
    [one] = bench.alerts
    assert one.labels.get("l").startswith("<error expanding template: ")
    assert one.annotations.get("t").startswith("<error expanding template: ")
    assert one.state == "firing"
    await bench.stop()


async def test_two_samples_that_make_one_alert_are_an_error(bench):
    bench.put("m", 1, a="x")
    bench.put("m", 1, a="y")
    await bench.run(bench.alert("A", "m", own={"a": ""}))
    assert bench.rule.last_error == "vector contains metrics with the same labelset after applying alert labels"
    assert not bench.alerts
    await bench.stop()


async def test_more_alerts_than_the_limit_are_all_cleared(bench):
    bench.put("m", 1, a="x")
    await bench.run(bench.alert("A", "m > 0"), limit=1)
    assert len(bench.alerts) == 1
    bench.put("m", 1, a="y")
    await bench.clock.advance(10)
    assert not bench.alerts
    assert (bench.rule.health, bench.rule.last_error) == ("err", "exceeded limit of 1 with 2 alerts")
    bench.put("m", 0, a="y")
    await bench.clock.advance(10)
    [one] = bench.alerts
    assert one.active_ms == one.fired_ms
    assert bench.values("ALERTS", a="x") == [1, 1]
    await bench.stop()


async def test_alerts_of_one_name_and_different_labels_are_listed_in_order(bench):
    for name in ("c", "a", "b"):
        bench.put("m", 1, a=name)
    await bench.run(bench.alert("A", "m"))
    assert [one.labels.get("a") for one in bench.alerts] == ["a", "b", "c"]
    assert [one.labels for one in bench.rule.alerts] == [one.labels for one in bench.alerts]
    await bench.stop()


async def test_alerts_come_and_go_among_others(bench):
    for i in range(6):
        bench.put("m", 1, a=str(i))
    await bench.run(bench.alert("A", "m > 0", for_s=10))
    for i in (1, 4):
        bench.put("m", 0, a=str(i))
    await bench.clock.advance(10)
    assert {one.labels.get("a"): one.state for one in bench.alerts} == dict.fromkeys("0235", "firing")
    bench.put("m", 1, a="1")
    bench.put("m", 7, a="5")
    await bench.clock.advance(10)
    assert {one.labels.get("a"): (one.state, one.value) for one in bench.alerts} == {
        "0": ("firing", 1), "1": ("pending", 1), "2": ("firing", 1), "3": ("firing", 1), "5": ("firing", 7),
    }  # fmt: skip
    assert bench.values("ALERTS", a="1", alertstate="pending") == [1, "stale", 1]
    assert bench.values("ALERTS", a="5", alertstate="firing") == [1, 1]
    assert bench.values("ALERTS", a="4", alertstate="pending") == [1, "stale"]
    await bench.stop()


async def test_other_external_labels_change_texts_at_once(bench):
    bench.put("m", 1)
    rule = bench.alert("A", "m", own={"where": "{{ $externalLabels.dc }}"}, notes={"at": "{{ $externalLabels.dc }}"})
    await bench.run(rule)
    assert bench.alerts[0].labels == Labels.of(alertname="A")
    settings = type(bench.settings)(external_labels=Labels.of(dc="b"))
    await bench.manager.apply([bench.group(rule)], settings)
    await bench.clock.advance(10)
    assert [one.labels.get("where") for one in bench.alerts] == ["b"]
    assert [one.annotations.get("at") for one in bench.alerts] == ["b"]
    await bench.stop()


async def test_what_an_alert_writes_has_its_labels(bench):
    bench.put("m", 1, a="x", alertstate="theirs")
    await bench.run(bench.alert("A", "m"))
    assert list(bench.all("ALERTS")) == [labels("ALERTS", a="x", alertname="A", alertstate="firing")]
    assert list(bench.all("ALERTS_FOR_STATE")) == [
        labels("ALERTS_FOR_STATE", a="x", alertname="A", alertstate="theirs")
    ]
    assert bench.metric("prometheus_rule_group_last_evaluation_samples") == 2
    await bench.stop()


async def test_views_are_whole_while_alerts_come_and_go(bench):
    await bench.run(bench.alert("A", "m > 0", notes={"text": "{{ $labels.a }} {{ $value }}"}))
    group = bench.manager._runners["rules.yml;g"].group
    is_over, problems, n_views = threading.Event(), [], [0]

    def look():
        while not is_over.is_set():
            for one in bench.manager.alerts():
                n_views[0] += 1
                if one.annotations.get("text").split()[0] != one.labels.get("a"):
                    problems.append(one)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        for k in range(50):
            bench.clock._now_s += 10
            for i in range(6):
                bench.put("m", (k + i) % 3, a=str(i))
            group.evaluate(bench.now_ms())
    finally:
        is_over.set()
        thread.join()
    assert n_views[0] > 0
    assert not problems
    await bench.stop()
