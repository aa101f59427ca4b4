"""Times that lines get where they bring none."""

from collections.abc import Sequence

from watchkeeper.core.telemetry.metrics import Registry
from watchkeeper.logs.agent.config.promtail_yml import parse_promtail_yml
from watchkeeper.logs.agent.entries import Entries
from watchkeeper.logs.agent.pipeline import Pipeline
from watchkeeper.logs.agent.positions import Marks, Positions
from watchkeeper.logs.agent.send.outlet import Outlet
from watchkeeper.logs.agent.sources.job import Job
from watchkeeper.logs.agent.stages.stage import StageContext
from watchkeeper.logs.agent.telemetry import AgentMetrics

HOUR_NS = 3600 * 10**9


def test_times_grow_and_follow_a_clock_that_is_set_back() -> None:
    now_ns = 10 * HOUR_NS
    registry = Registry()
    config = parse_promtail_yml("scrape_configs: [{job_name: a, static_configs: []}]").scrape_configs[0]
    pipeline = Pipeline((), StageContext(registry))
    job = Job(config, pipeline, Outlet([]), Positions(None), AgentMetrics(registry), clock_ns=lambda: now_ns)
    assert job.times(3) == [now_ns, now_ns + 1, now_ns + 2]
    assert job.times(2) == [now_ns + 3, now_ns + 4]
    now_ns -= 1000
    assert job.times(1) == [now_ns + 1005]
    now_ns -= 2 * HOUR_NS
    assert job.times(2) == [now_ns, now_ns + 1]


def test_a_cursor_waits_for_what_a_stage_holds() -> None:
    registry = Registry()
    text = "scrape_configs: [{job_name: a, static_configs: [], pipeline_stages: [multiline: {firstline: '^S'}]}]"
    config = parse_promtail_yml(text).scrape_configs[0]
    put: list[Marks] = []

    class Marked(Outlet):
        def put(self, batches: Sequence[Entries], marks: Marks) -> None:
            put.append(marks)

    pipeline = Pipeline(config.pipeline_stages, StageContext(registry))
    job = Job(config, pipeline, Marked([]), Positions(None), AgentMetrics(registry))
    job.handle({"job": "a"}, [b"S1", b" a"], key="journal-a", position="s=1;i=2")
    assert put == [{}]
    job.flush()
    assert put[1]["journal-a"].value == "s=1;i=2"
