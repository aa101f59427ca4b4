"""The registry counts, and its page is what Prometheus reads."""

import shutil
import subprocess
import threading

import pytest

from watchkeeper.core.telemetry.family import Family, render
from watchkeeper.core.telemetry.metrics import Registry


def page(registry: Registry, openmetrics: bool = False) -> list[str]:
    return registry.exposition(openmetrics).decode().splitlines()


def test_a_counter_counts_and_refuses_to_fall():
    registry = Registry()
    counter = registry.counter("jobs_total", "Jobs done.")
    counter.inc()
    counter.inc(2.5)
    assert counter.value == 3.5
    with pytest.raises(ValueError, match="can't decrease"):
        counter.inc(-1)
    assert page(registry) == ["# HELP jobs_total Jobs done.", "# TYPE jobs_total counter", "jobs_total 3.5"]


def test_asking_again_gives_the_same_metric_and_a_conflict_is_named():
    registry = Registry()
    first = registry.counter("jobs_total", "Jobs done.", labels=("kind",))
    assert registry.counter("jobs_total", "Another text.", labels=("kind",)) is first
    with pytest.raises(ValueError, match="already a counter with labels"):
        registry.gauge("jobs_total", "Jobs done.", labels=("kind",))
    with pytest.raises(ValueError, match="already a counter with labels"):
        registry.counter("jobs_total", "Jobs done.")


@pytest.mark.parametrize("name", ["", "1x", "a-b", "ä"])
def test_a_bad_name_is_refused(name):
    with pytest.raises(ValueError, match="not a metric name"):
        Registry().gauge(name, "x")


@pytest.mark.parametrize("label", ["le", "quantile", "__x", "a-b", "a:b"])
def test_a_bad_label_name_is_refused(label):
    with pytest.raises(ValueError, match="not a label name"):
        Registry().gauge("x", "x", labels=(label,))


def test_children_are_sorted_by_value_and_labels_by_name():
    registry = Registry()
    gauge = registry.gauge("size_bytes", "Sizes.", labels=("zone", "area"))
    gauge.labels("b", "2").set(2)
    gauge.labels("a", 'quo"te\\new\nline').set(1)
    assert gauge.labels("b", "2") is gauge.labels("b", "2")
    assert page(registry)[2:] == [
        'size_bytes{area="quo\\"te\\\\new\\nline",zone="a"} 1',
        'size_bytes{area="2",zone="b"} 2',
    ]
    gauge.remove("b", "2")
    gauge.remove("never", "there")
    assert len(page(registry)) == 3
    gauge.clear()
    assert page(registry) == []


def test_a_group_has_no_value_of_its_own():
    registry = Registry()
    gauge = registry.gauge("a", "A.", labels=("x",))
    for change in (lambda: gauge.set(1), gauge.inc, lambda: gauge.set_function(lambda: 1)):
        with pytest.raises(ValueError, match="choose a child"):
            change()
    with pytest.raises(ValueError, match="got 2 values"):
        gauge.labels("1", "2")
    with pytest.raises(ValueError, match="choose a child"):
        registry.summary("s", "S.", labels=("x",)).observe(1)
    with pytest.raises(ValueError, match="got 1 values"):
        registry.gauge("b", "B.").labels("1")


def test_a_function_is_asked_and_its_failure_is_nan():
    registry = Registry()
    registry.gauge("good", "Good.").set_function(lambda: 42)
    registry.gauge("broken", "Broken.").set_function(lambda: 1 / 0)
    lines = page(registry)
    assert "good 42" in lines
    assert "broken NaN" in lines


def test_histogram_buckets_are_cumulative_and_bounds_inclusive():
    registry = Registry()
    histogram = registry.histogram("wait_seconds", "Waits.", buckets=(0.1, 1, 10, float("inf")))
    for value in (0.1, 0.5, 1, 10.5, float("nan")):
        histogram.observe(value)
    assert page(registry)[2:6] == [
        'wait_seconds_bucket{le="0.1"} 1',
        'wait_seconds_bucket{le="1"} 3',
        'wait_seconds_bucket{le="10"} 3',
        'wait_seconds_bucket{le="+Inf"} 5',
    ]
    assert histogram.count == 5
    with pytest.raises(ValueError, match="ascend"):
        registry.histogram("other", "Other.", buckets=(1, 1))


def test_summary_forgets_what_is_older_than_its_window():
    now = [1000.0]
    registry = Registry(clock=lambda: now[0])
    summary = registry.summary("wait_seconds", "Waits.", quantiles=(0.5, 0.99), window_s=60)
    for value in range(1, 101):
        summary.observe(value)
    assert page(registry)[2:] == [
        'wait_seconds{quantile="0.5"} 50',
        'wait_seconds{quantile="0.99"} 99',
        "wait_seconds_sum 5050",
        "wait_seconds_count 100",
    ]
    now[0] += 61
    assert page(registry)[2:4] == ['wait_seconds{quantile="0.5"} NaN', 'wait_seconds{quantile="0.99"} NaN']
    assert summary.count == 100


def test_collectors_add_families_and_a_broken_one_costs_itself(capsys):
    registry = Registry()

    def families():
        family = Family("extra", "gauge", "Extra.", ("b", "a"))
        family.add(1, "x", "y")
        yield family

    def broken():
        raise RuntimeError("no reading")

    registry.add_collector(broken)
    registry.add_collector(families)
    assert page(registry)[-1] == 'extra{a="y",b="x"} 1'
    assert "no reading" in capsys.readouterr().err


def test_families_of_one_name_share_one_head():
    first, second = Family("x", "gauge", "X.", ("a",)), Family("x", "gauge", "X.", ("a",))
    first.add(2, "2")
    second.add(1, "1")
    assert render([first, second]).decode() == '# HELP x X.\n# TYPE x gauge\nx{a="1"} 1\nx{a="2"} 2\n'


def test_openmetrics():
    registry = Registry()
    registry.counter("jobs_total", 'Jobs "done".').inc()
    registry.histogram("wait_seconds", "Waits.", buckets=(1,)).observe(0.5)
    assert page(registry, openmetrics=True) == [
        '# HELP jobs Jobs \\"done\\".',
        "# TYPE jobs counter",
        "jobs_total 1.0",
        "# HELP wait_seconds Waits.",
        "# TYPE wait_seconds histogram",
        'wait_seconds_bucket{le="1.0"} 1.0',
        'wait_seconds_bucket{le="+Inf"} 1.0',
        "wait_seconds_sum 0.5",
        "wait_seconds_count 1.0",
        "# EOF",
    ]


def test_threads_lose_no_increment():
    registry = Registry()
    counter = registry.counter("jobs_total", "Jobs.", labels=("kind",))

    def work():
        for _ in range(5000):
            counter.labels("a").inc()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counter.labels("a").value == 20_000


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
def test_promtool_finds_nothing_wrong():
    registry = Registry()
    registry.counter("jobs_total", "Jobs.", labels=("kind",)).labels('a"\\\n').inc(1e21)
    registry.gauge("size_bytes", "Size \\ and\nmore.").set(float("inf"))
    registry.histogram("wait_seconds", "Waits.", labels=("a",)).labels("1").observe(3)
    registry.summary("turn_seconds", "Turns.").observe(3)
    done = subprocess.run(["promtool", "check", "metrics"], input=registry.exposition(), capture_output=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
