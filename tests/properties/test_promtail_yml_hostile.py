"""Whatever a file holds, it is either a configuration or a ConfigError whose places lie in the file."""

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.properties import hostile_yaml as hostile
from watchkeeper.app.agent_matcher import row_test
from watchkeeper.core.config.dump import dump
from watchkeeper.core.telemetry.metrics import Registry
from watchkeeper.logs.agent.config.promtail_yml import PromtailConfig, parse_promtail_yml
from watchkeeper.logs.agent.entries import Entries
from watchkeeper.logs.agent.pipeline import Pipeline
from watchkeeper.logs.agent.send.encode import encode_runs
from watchkeeper.logs.agent.send.streams import StreamKeys
from watchkeeper.logs.agent.stages.stage import StageContext

GOOD = (Path(__file__).parent.parent / "config" / "promtail-all.good.yml").read_text()
LINES = GOOD.splitlines()


def outcome(text):
    config, shown = hostile.outcome(parse_promtail_yml, text)
    if config is not None:
        assert isinstance(config, PromtailConfig)
        shown = dump(config)
    assert "user:hunter2@" not in shown


@settings(max_examples=60, deadline=None)
@given(hostile.changes)
def test_a_damaged_file(changes):
    outcome(hostile.damaged(GOOD, changes))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(LINES), max_size=15))
def test_lines_in_any_order(lines):
    outcome("\n".join(lines))


@settings(max_examples=60, deadline=None)
@given(hostile.noise)
def test_yaml_like_noise(text):
    outcome(text)
    outcome("scrape_configs:\n- job_name: a\n  pipeline_stages: " + text)


STAGES = [
    "docker: {}",
    "cri: {max_partial_lines: 2}",
    "json: {expressions: {a: , b: 'x.y[0]', c: 'length(a)'}}",
    "json: {expressions: {a: }, source: b, drop_malformed: true}",
    "logfmt: {mapping: {a: , b: k}}",
    "regex: {expression: '(?P<a>.)(?P<b>\\S*)'}",
    "replace: {expression: '(\\S+)', replace: '{{ .Value }}!'}",
    "replace: {expression: '(?P<b>.)', source: a, replace: ''}",
    "template: {source: a, template: '{{ .Value }}{{ .b | ToUpper }}'}",
    "timestamp: {source: a, format: Unix, fallback_formats: [RFC3339, '2006']}",
    "labels: {a: , b: }",
    "static_labels: {s: t}",
    "labeldrop: [a, stream]",
    "labelallow: [job, b]",
    "structured_metadata: {a: }",
    "output: {source: a}",
    "tenant: {source: b}",
    """match: {selector: '{job="a"} |= "a"', stages: [{multiline: {firstline: a}}, {labels: {a: }}]}""",
    """match: {selector: '{b=~".+"}', action: drop}""",
    "drop: {source: [a, b], expression: x}",
    "sampling: {rate: 0.5}",
    "limit: {rate: 1, burst: 3, drop: true}",
    "multiline: {firstline: '^\\S', max_lines: 3}",
    "pack: {labels: [a, job]}",
    "metrics: {m: {type: Histogram, source: a}, n: {type: Counter, config: {match_all: true, action: inc}}}",
    "decolorize: {}",
    "eventlogmessage: {source: a}",
]
lines_of_all_kinds = st.one_of(
    st.text(max_size=20),
    st.binary(max_size=20),
    st.sampled_from(
        [
            '{"a":"x","b":null,"x":{"y":[1]}}',
            '{"a":1e400,"x":[]}',
            '{"log":"l\\n","stream":"stdout","time":"2024-01-01T00:00:00Z"}',
            "2024-01-01T00:00:00Z stdout P part",
            "2024-01-01T00:00:00Z stdout F whole",
            'a=1 k="v w"',
            "\x1b[31mred",
            "a: b",
        ]
    ),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(STAGES), max_size=6), st.lists(lines_of_all_kinds, max_size=8))
def test_stages_take_any_line(stages, lines):
    text = "scrape_configs:\n- job_name: a\n  static_configs: []\n  pipeline_stages:\n"
    config = parse_promtail_yml(text + "".join(f"  - {stage}\n" for stage in stages))
    registry = Registry()
    pipeline = Pipeline(config.scrape_configs[0].pipeline_stages, StageContext(registry, "a", row_test))
    raw = [line.encode("utf-8", "surrogatepass") if isinstance(line, str) else line for line in lines]
    entries = Entries.of({"job": "a"}, raw, list(range(len(raw))), at=list(range(len(raw))))
    out = [*pipeline.run(entries), *pipeline.flush()]
    keys = StreamKeys()
    for run in (run for made in out for run in keys.runs(made)):
        assert len(run.lines) == len(run.times_ns)
        assert all(isinstance(line, bytes) for line in run.lines)
        encode_runs({run.stream: [run]})
    assert isinstance(registry.exposition(), bytes)
