"""Times that lines get where they bring none."""

from watchkeeper.core.telemetry.metrics import Registry
from watchkeeper.logs.agent.config.promtail_yml import parse_promtail_yml
from watchkeeper.logs.agent.pipeline import Pipeline
from watchkeeper.logs.agent.positions import Positions
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
