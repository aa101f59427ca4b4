import asyncio

import pytest

from watchkeeper.core.config.decode import Load, decode
from watchkeeper.core.telemetry.metrics import Registry
from watchkeeper.discovery.config import DiscoveryConfigs
from watchkeeper.discovery.interface import TargetGroup
from watchkeeper.discovery.manager import DiscoveryManager


class Scripted:
    """A discoverer that the test drives."""

    def __init__(self, config, job):
        self.config = config
        self.job = job
        self.publish = None
        self.runs = 0
        self.is_ended = False

    async def run(self, publish):
        self.runs += 1
        self.publish = publish
        try:
            await asyncio.Event().wait()
        finally:
            self.is_ended = True


class Bench:
    def __init__(self, throttle_s=0.0):
        self.registry = Registry()
        self.made = []
        self.updates = []
        self.manager = DiscoveryManager(
            lambda groups: self.updates.append({job: [g.source for g in found] for job, found in groups.items()}),
            registry=self.registry,
            make=self.make,
            throttle_s=throttle_s,
        )

    def make(self, config, job):
        if getattr(config, "role", ""):
            return None
        self.made.append(Scripted(config, job))
        return self.made[-1]

    def apply(self, **jobs):
        self.manager.apply({job: decode(DiscoveryConfigs, text, Load("p.yml")) for job, text in jobs.items()})

    async def publish(self, number, *sources):
        self.made[number].publish([TargetGroup(source, ({"__address__": source},)) for source in sources])
        await asyncio.sleep(0.05)


@pytest.fixture
async def bench():
    made = Bench()
    yield made
    await made.manager.close()


STATIC = "static_configs: [{targets: [a]}, {targets: [b]}]"
HTTP = "http_sd_configs: [{url: http://%s}]"


async def test_groups_of_all_jobs_are_passed_on(bench):
    bench.apply(one=STATIC, two=HTTP % "a", none="{}")
    await asyncio.sleep(0.05)
    assert bench.updates[-1] == {"one": [], "two": [], "none": []}
    await bench.publish(1, "x", "y")
    assert bench.updates[-1] == {"one": [], "two": ["x", "y"], "none": []}
    bench.made[1].publish([TargetGroup("x")])
    await bench.publish(0, "0")
    assert bench.updates[-1] == {"one": ["0"], "two": ["y"], "none": []}
    page = bench.registry.exposition().decode()
    assert 'prometheus_sd_discovered_targets{config="two",name="scrape"} 1' in page


async def test_a_reload_that_changes_nothing_restarts_nothing(bench):
    bench.apply(one=STATIC, two=HTTP % "a")
    await asyncio.sleep(0.05)
    await bench.publish(1, "x")
    bench.apply(one=STATIC, two=HTTP % "a")
    await asyncio.sleep(0.05)
    assert [found.runs for found in bench.made] == [1, 1]
    assert not any(found.is_ended for found in bench.made)
    assert bench.updates[-1] == {"one": [], "two": ["x"]}


async def test_a_reload_restarts_only_what_changed(bench):
    bench.apply(one=HTTP % "a", two=HTTP % "b")
    await asyncio.sleep(0.05)
    await bench.publish(0, "x")
    await bench.publish(1, "y")
    bench.apply(one=HTTP % "a", two=HTTP % "c")
    await asyncio.sleep(0.05)
    assert [found.is_ended for found in bench.made] == [False, True, False]
    # The targets of the old one stand in until the new one has its own.
    assert bench.updates[-1] == {"one": ["x"], "two": ["y"]}
    await bench.publish(2, "z")
    assert bench.updates[-1] == {"one": ["x"], "two": ["z"]}
    bench.apply(one=HTTP % "a")
    await asyncio.sleep(0.05)
    assert bench.updates[-1] == {"one": ["x"]}
    assert 'config="two"' not in bench.registry.exposition().decode()


async def test_a_new_secret_restarts(bench):
    text = "http_sd_configs: [{url: http://a, bearer_token: %s}]"
    bench.apply(one=text % "a")
    bench.apply(one=text % "b")
    await asyncio.sleep(0.05)
    assert len(bench.made) == 2


async def test_jobs_share_a_discovery(bench):
    bench.apply(one=HTTP % "a", two=HTTP % "a")
    await asyncio.sleep(0.05)
    await bench.publish(0, "x")
    assert len(bench.made) == 1
    assert bench.updates[-1] == {"one": ["x"], "two": ["x"]}


async def test_first_answers_pass_at_once_and_later_ones_wait():
    bench = Bench(throttle_s=0.4)
    bench.apply(one=HTTP % "a", two=HTTP % "b")
    await asyncio.sleep(0.05)
    await bench.publish(0, "x")
    await bench.publish(1, "y")
    assert bench.updates[-1] == {"one": ["x"], "two": ["y"]}
    n_updates = len(bench.updates)
    for source in "abcde":
        bench.made[0].publish([TargetGroup(source, ({"__address__": "1"},))])
    await asyncio.sleep(0.1)
    assert len(bench.updates) == n_updates
    await asyncio.sleep(0.5)
    assert len(bench.updates) == n_updates + 1
    assert bench.updates[-1]["one"] == ["x", "a", "b", "c", "d", "e"]
    await bench.publish(0, "a")
    assert len(bench.updates) == n_updates + 1
    await bench.manager.close()


async def test_a_configuration_without_discoverer_is_counted(bench):
    bench.apply(one="kubernetes_sd_configs: [{role: pod}]")
    assert b'prometheus_sd_failed_configs{name="scrape"} 1\n' in bench.registry.exposition()
    bench.apply(one="kubernetes_sd_configs: [{role: pod}]")
    assert b'prometheus_sd_failed_configs{name="scrape"} 1\n' in bench.registry.exposition()
    bench.apply(one=STATIC)
    assert b'prometheus_sd_failed_configs{name="scrape"} 0\n' in bench.registry.exposition()


async def test_a_discovery_that_breaks_starts_again(bench, monkeypatch, capsys):
    monkeypatch.setattr("watchkeeper.discovery.manager.RESTART_S", 0.01)

    class Breaking(Scripted):
        async def run(self, publish):
            self.runs += 1
            if self.runs == 1:
                raise RuntimeError("broken")
            publish([TargetGroup("x", ({"__address__": "x"},))])
            await asyncio.Event().wait()

    bench.manager._make = Breaking
    bench.apply(one=STATIC)
    await asyncio.sleep(0.1)
    assert bench.updates[-1] == {"one": ["x"]}
    assert "a discovery failed" in capsys.readouterr().err


async def test_real_static_and_file_discoveries(tmp_path):
    (tmp_path / "t.json").write_text('[{"targets": ["c"], "labels": {"l": "v"}}]')
    updates = []
    manager = DiscoveryManager(updates.append, registry=Registry())
    text = f"{STATIC}\nfile_sd_configs: [{{files: [{tmp_path}/*.json]}}]\n"
    manager.apply({"one": decode(DiscoveryConfigs, text, Load("p.yml"))})
    for _ in range(100):
        await asyncio.sleep(0.02)
        if updates and len(updates[-1]["one"]) == 3:
            break
    groups = {group.source: group for group in updates[-1]["one"]}
    assert groups["0"] == TargetGroup("0", ({"__address__": "a"},))
    assert groups[f"{tmp_path}/t.json:0"].labels["l"] == "v"
    await manager.close()
