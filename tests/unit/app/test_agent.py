"""The agent inside of `up`, over a store that remembers what it gets; and selectors of match stages."""

import asyncio
import contextlib
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from watchkeeper.app.agent_matcher import row_test
from watchkeeper.app.agent_part import AgentPart
from watchkeeper.app.options import Options
from watchkeeper.app.part import Shared
from watchkeeper.core.model.errors import ConfigError, UnavailableError
from watchkeeper.core.telemetry.log import get_logger
from watchkeeper.core.telemetry.metrics import Registry
from watchkeeper.logs.agent.entries import Entries
from watchkeeper.logs.interface import PushError
from watchkeeper.web.lifecycle import Lifecycle
from watchkeeper.web.prometheus.notifications import Notifications


class Store:
    """Remembers (tenant, labels, time, line); fails as often as it is told to."""

    def __init__(self):
        self.entries = []
        self.failures = []

    def push(self, tenant, batch):
        if self.failures:
            raise self.failures.pop(0)
        lo = batch.entry_lo.tolist()
        for i, stream in enumerate(batch.streams):
            for row in range(lo[i], lo[i + 1]):
                line = batch.data[batch.line_at[row] : batch.line_end[row]]
                self.entries.append((tenant, stream, int(batch.times_ns[row]), line.decode()))

    def lines(self, label):
        return [line for _, stream, _, line in self.entries if label in stream]


@contextlib.asynccontextmanager
async def running(options, store):
    with ThreadPoolExecutor(1) as pool:
        shared = Shared(options, Registry(), Lifecycle(), Notifications(), pool, pool, time.time())
        part = AgentPart(shared, (store, "fake"))
        await part.start()
        try:
            yield part
        finally:
            await part.quiesce()
            await part.stop()


async def until(is_true, timeout_s=10.0):
    deadline_s = time.monotonic() + timeout_s
    while not is_true():
        assert time.monotonic() < deadline_s, "it did not happen"
        await asyncio.sleep(0.01)


def config(tmp_path, stages="[]"):
    (tmp_path / "logs").mkdir(exist_ok=True)
    path = tmp_path / "promtail.yaml"
    path.write_text(
        f"positions: {{filename: {tmp_path}/positions.yaml}}\ntarget_config: {{sync_period: 100ms}}\n"
        f"scrape_configs: [{{job_name: a, pipeline_stages: {stages}, static_configs: "
        f"[{{labels: {{job: a, __path__: '{tmp_path}/logs/*.log'}}}}]}}]\n"
    )
    return path


async def test_entries_go_to_the_store(tmp_path):
    path = config(tmp_path, "[{regex: {expression: '(?P<t>t.)'}}, {tenant: {source: t}}, {structured_metadata: {t: }}]")
    store = Store()
    log = tmp_path / "logs" / "x.log"
    log.write_text("one\nt2 two\n")
    async with running(Options(data_dir=tmp_path, promtail_config_file=path), store) as part:
        await until(lambda: len(store.entries) == 2)
        stream = f'{{filename="{log}", job="a"}}'
        assert [(tenant, found, line) for tenant, found, _, line in store.entries] == [
            ("fake", stream, "one"),
            ("t2", stream, "t2 two"),
        ]
        await until(lambda: part.agent.positions.offset(str(log)) == log.stat().st_size)
    assert f'{log}: "11"' in (tmp_path / "positions.yaml").read_text()


async def test_a_store_that_can_not_take(tmp_path, monkeypatch):
    monkeypatch.setattr("watchkeeper.logs.agent.send.sink.RETRY_S", 0.01)
    path = config(tmp_path)
    store = Store()
    store.failures = [UnavailableError("disk full"), PushError(429, "slow down"), PushError(400, "too old")]
    log = tmp_path / "logs" / "x.log"
    log.write_text("one\n")
    async with running(Options(data_dir=tmp_path, promtail_config_file=path), store) as part:
        await until(lambda: part.agent.positions.offset(str(log)) == 4)
        assert store.entries == []
        with log.open("a") as file:
            file.write("two\n")
        await until(lambda: store.lines("a") == ["two"])


async def test_without_a_configuration_there_is_always_something(tmp_path, capsys):
    store = Store()
    async with running(Options(data_dir=tmp_path), store) as part:
        assert "varlogs" in part.agent.jobs
        get_logger("test").info("a line of our own", n=1)
        await until(lambda: any("a line of our own" in line for line in store.lines('job="watchkeeper"')))
    assert "a line of our own" in capsys.readouterr().err


async def test_reload(tmp_path):
    path = config(tmp_path)
    store = Store()
    log = tmp_path / "logs" / "x.log"
    async with running(Options(data_dir=tmp_path, promtail_config_file=path), store) as part:
        log.write_text("one\n")
        await until(lambda: store.lines("a") == ["one"])
        path.write_text("scrape_configs: [{}]")
        with pytest.raises(ConfigError):
            await part.reload()
        config(tmp_path, "[{static_labels: {new: label}}]")
        await part.reload()
        with log.open("a") as file:
            file.write("two\n")
        await until(lambda: store.lines('new="label"') == ["two"])
        assert len(store.entries) == 2


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ('{job="a"}', [True, True, True]),
        ('{job!="a"}', [False, False, False]),
        ('{job=~"a|b", pod=""} |= "err"', [True, False, True]),
        ('{job="a"} != "err"', [False, True, False]),
        ('{job="a"} |~ "e..o" !~ "^x"', [True, False, False]),
        ('{job="a"} |= "warn" or "x"', [False, True, True]),
        ('{job="a"} |> "<_>error<_>y"', [False, False, True]),
    ],
)
def test_selectors(selector, expected):
    entries = Entries.of({"job": "a"}, [b"error", b"warn", b"x error y"], [1, 2, 3])
    assert list(row_test(selector)(entries)) == expected


@pytest.mark.parametrize(
    "selector", ['{job="a"} | json', '{job="a"} |= ip("10.0.0.1")', "{", "rate({a=`b`}[5m])", '{job=~"("}']
)
def test_selectors_that_a_match_can_not_have(selector):
    with pytest.raises(ValueError):
        row_test(selector)
