"""PromQL as a language of rules."""

from __future__ import annotations

import pytest

from watchkeeper.core.model.errors import ParseError, TypeMismatch
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.telemetry.metrics import Registry
from watchkeeper.metrics.promql.engine import Engine, EngineOptions
from watchkeeper.metrics.promql.testlang.memory_store import MemoryStore
from watchkeeper.metrics.promql.testlang.series import parse_series
from watchkeeper.rules.interface import Expression, Language
from watchkeeper.rules.promql import PromQL


def language(*series: str) -> PromQL:
    store = MemoryStore()
    store.load([parse_series(text) for text in series], 60_000)
    return PromQL(Engine(EngineOptions(), Registry()), store)


def test_it_is_a_language():
    made: Language = language()
    expression: Expression = made.compile("up   >1")
    assert expression.text == "up > 1"


def test_a_vector():
    samples = language('m{a="1"} 1 2', 'm{a="2"} 3 4', "n 5 6").compile("m * 10").evaluate(60_000)
    assert dict(zip(samples.labels, samples.values.tolist(), strict=True)) == {
        Labels.of(a="1"): 20,
        Labels.of(a="2"): 40,
    }
    assert samples.warnings == ()


def test_a_scalar_is_a_sample_without_labels():
    samples = language().compile("time() + 1").evaluate(60_000)
    assert list(samples.labels) == [Labels()]
    assert samples.values.tolist() == [61.0]


def test_nothing():
    samples = language().compile("m").evaluate(0)
    assert (len(samples.labels), len(samples.values)) == (0, 0)


def test_histograms_and_warnings():
    made = language("m {{schema:0 count:3 sum:4 buckets:[1 2]}}", "f 5")
    samples = made.compile("m").evaluate(0)
    assert samples.histograms[0].count == 3
    warned = made.compile("quantile(7, f)").evaluate(0)
    assert "quantile" in warned.warnings[0]


@pytest.mark.parametrize(("text", "kind"), [("m[5m]", "range vector"), ("'m'", "string"), ("m[5m:1m]", "range vector")])
def test_what_gives_neither_a_vector_nor_a_scalar_is_refused(text, kind):
    with pytest.raises(TypeMismatch, match=f"rule result is not a vector or scalar, but a {kind}"):
        language().compile(text)
    with pytest.raises(ParseError):
        language().compile("sum(")


@pytest.mark.parametrize(
    ("text", "read", "not_read"),
    [
        ("a + sum(rate(b[5m]))", "a b", "c rate sum"),
        ('{__name__="a"}', "a", "b"),
        ('{__name__=~"a.*"}', "a ab", "ba"),
        ('{__name__!="a", job="x"}', "b", "a"),
        ('{__name__=~"a.*", __name__!="ab"}', "a ac", "ab b"),
        ('{job="x"}', "a b", ""),
        ("1 + time()", "", "a"),
        ("max_over_time((a > 1)[5m:1m])", "a", "b"),
        ("topk(scalar(k), a)", "k a", "b"),
        ('{"a.b"}', "a.b", "a"),
        ("a @ end() offset 5m", "a", "b"),
        ("ALERTS{alertname=\"x\"}", "ALERTS", "ALERTS_FOR_STATE"),
    ],
)  # fmt: skip
def test_which_metrics_an_expression_reads(text, read, not_read):
    expression = language().compile(text)
    assert all(expression.reads(name) for name in read.split())
    assert not any(expression.reads(name) for name in not_read.split())


def test_info_reads_what_it_finds_itself():
    made = PromQL(Engine(EngineOptions(parser=_all()), Registry()), MemoryStore())
    assert made.compile("info(a)").reads("target_info")
    assert not made.compile("info(a)").reads("b")
    assert made.compile('info(a, {x="y"})').reads("anything")


def _all():
    from watchkeeper.metrics.promql.parser import ALL_OPTIONS

    return ALL_OPTIONS
