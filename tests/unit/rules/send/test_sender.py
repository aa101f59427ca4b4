"""Alerts on their way to real servers on free ports, which fail in every way."""

from __future__ import annotations

import asyncio
import threading
from base64 import b64encode
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tests.unit.rules.send.alertmanager_double import AlertmanagerDouble, alert, alerting
from watchkeeper.alerts.interface import Alert
from watchkeeper.core.telemetry.metrics import Registry
from watchkeeper.discovery.interface import TargetGroup
from watchkeeper.rules.send.options import LocalAlertmanager, SendOptions
from watchkeeper.rules.send.sender import Sender

NOW_NS = 1_700_000_000_000_000_000
QUICK = SendOptions(min_backoff_s=0.02, max_backoff_s=0.05, user_agent="watchkeeper/test")


class Way:
    """One sender with its registry."""

    def __init__(self, options: SendOptions, local: LocalAlertmanager | None) -> None:
        self.registry = Registry()
        self.sender = Sender(self.registry, options, clock_ns=lambda: NOW_NS, local=local)

    def counts(self, what: str) -> dict[str, float]:
        """By Alertmanager; those without a label under the empty text."""
        [family] = [one for one in self.registry.collect() if one.name == f"prometheus_notifications_{what}"]
        return {"".join(values): value for suffix, _, values, value in family.samples if suffix in ("", "_count")}

    def total(self, what: str) -> float:
        return sum(self.counts(what).values())


MakeWay = Callable[..., Way]


@pytest.fixture
async def make_way() -> AsyncIterator[MakeWay]:
    made: list[Way] = []

    def make(options: SendOptions = QUICK, local: LocalAlertmanager | None = None) -> Way:
        made.append(Way(options, local))
        return made[-1]

    yield make
    for way in made:
        await way.sender.stop()


@pytest.fixture
async def double() -> AsyncIterator[AlertmanagerDouble]:
    server = AlertmanagerDouble()
    await server.start()
    yield server
    await server.stop()


async def until(is_true: Callable[[], Any], timeout_s: float = 5.0) -> None:
    async with asyncio.timeout(timeout_s):
        while not is_true():
            await asyncio.sleep(0.005)


def block(*addresses: str, more: str = "") -> str:
    return "{static_configs: [{targets: [%s]}]%s}" % (", ".join(f"'{one}'" for one in addresses), more)


def to(*blocks: str, more: str = "") -> Any:
    return alerting("{alertmanagers: [%s]%s}" % (", ".join(blocks), more))


async def test_alerts_arrive_as_upstream_writes_them(make_way: MakeWay, double: AlertmanagerDouble) -> None:
    way = make_way()
    way.sender.apply(to(block(double.address, more=", path_prefix: /am")), {"region": "eu", "job": "no"})
    way.sender.send([alert("Down", job="node")])
    await until(lambda: double.taken)
    assert double.taken == [
        {
            "labels": {"alertname": "Down", "job": "node", "region": "eu"},
            "annotations": {},
            "startsAt": "1970-01-01T00:00:01.000Z",
            "endsAt": "1970-01-01T00:00:05.000Z",
            "generatorURL": "",
        }
    ]
    assert double.paths == ["/am/api/v2/alerts"]
    assert double.headers[0]["Content-Type"] == "application/json"
    assert double.headers[0]["User-Agent"] == "watchkeeper/test"
    url = f"http://{double.address}/am/api/v2/alerts"
    assert way.sender.active_urls == [url]
    await until(lambda: way.counts("sent_total") == {url: 1})
    assert way.counts("latency_seconds")[url] == 1
    assert way.counts("alertmanagers_discovered") == {"": 1}
    assert way.counts("queue_capacity") == {"": 10_000}
    assert way.counts("queue_length") == {url: 0}
    assert way.counts("errors_total") == way.counts("dropped_total") == {url: 0}


async def test_rules_of_all_and_of_one_block_change_labels(make_way: MakeWay, double: AlertmanagerDouble) -> None:
    other = AlertmanagerDouble()
    await other.start()
    way = make_way()
    common = ", alert_relabel_configs: [{source_labels: [alertname], regex: Quiet, action: drop}]"
    own = ", alert_relabel_configs: [{target_label: to, replacement: first}]"
    way.sender.apply(to(block(double.address, more=own), block(other.address), more=common), {})
    way.sender.send([alert("Loud"), alert("Quiet")])
    way.sender.send([alert("Quiet")])
    await until(lambda: double.taken and other.taken)
    assert [one["labels"] for one in double.taken] == [{"alertname": "Loud", "to": "first"}]
    assert [one["labels"] for one in other.taken] == [{"alertname": "Loud"}]
    await other.stop()


async def test_a_storm_goes_in_batches(make_way: MakeWay, double: AlertmanagerDouble) -> None:
    way = make_way()
    way.sender.apply(to(block(double.address)), {})
    way.sender.send([alert("Many", number=str(number)) for number in range(1000)])
    await until(lambda: len(double.taken) == 1000)
    assert double.sizes == [256, 256, 256, 232]
    assert [one["labels"]["number"] for one in double.taken] == [str(number) for number in range(1000)]


async def test_threads_may_send(make_way: MakeWay, double: AlertmanagerDouble) -> None:
    way = make_way()
    way.sender.apply(to(block(double.address)), {})
    threads = [threading.Thread(target=way.sender.send, args=([alert(f"T{number}")],)) for number in range(8)]
    for thread in threads:
        thread.start()
    await until(lambda: len(double.taken) == 8)
    assert sorted(double.names) == [f"T{number}" for number in range(8)]
    for thread in threads:
        thread.join()


@pytest.mark.parametrize("status", [500, 503, 429, 408])
async def test_what_may_go_well_later_is_sent_again(make_way: MakeWay, double: AlertmanagerDouble, status: int) -> None:
    double.answer = lambda number: web.Response(status=status, text="not\x00now") if number < 3 else None
    way = make_way()
    way.sender.apply(to(block(double.address)), {})
    way.sender.send([alert("A"), alert("B")])
    await until(lambda: double.taken)
    assert double.names == ["A", "B"]
    assert way.total("errors_total") == 4
    assert way.total("dropped_total") == 0
    await until(lambda: way.total("sent_total") == 2)


@pytest.mark.parametrize("status", [400, 401, 404, 413])
async def test_what_is_refused_is_dropped_and_the_next_goes_on(
    make_way: MakeWay, double: AlertmanagerDouble, status: int
) -> None:
    double.answer = lambda number: web.Response(status=status, text="never") if number < 2 else None
    way = make_way()
    way.sender.apply(to(block(double.address)), {})
    way.sender.send([alert("Bad")])
    await until(lambda: way.total("dropped_total") == 1)
    way.sender.send([alert("Good")])
    await until(lambda: double.taken)
    assert double.names == ["Good"]
    assert way.total("errors_total") == 1


async def test_the_newest_state_is_what_is_sent_again(make_way: MakeWay, double: AlertmanagerDouble) -> None:
    double.answer = lambda number: web.Response(status=500) if number < 3 else None
    way = make_way(replace(QUICK, min_backoff_s=0.1, max_backoff_s=0.1))
    way.sender.apply(to(block(double.address)), {})
    way.sender.send([alert("A"), alert("B")])
    await until(lambda: double.n_requests == 1)
    way.sender.send([replace(alert("A"), ends_ns=9_000_000_000)])
    await until(lambda: double.taken)
    assert [(one["labels"]["alertname"], one["endsAt"][17:19]) for one in double.taken] == [("A", "09"), ("B", "05")]


async def test_one_that_hangs_holds_back_no_other(make_way: MakeWay, double: AlertmanagerDouble) -> None:
    hanging = AlertmanagerDouble()
    await hanging.start()

    async def never() -> None:
        await asyncio.sleep(60)

    hanging.answer = lambda number: never()
    way = make_way(replace(QUICK, drain=False))
    way.sender.apply(to(block(hanging.address, double.address, more=", timeout: 100ms")), {})
    for number in range(5):
        way.sender.send([alert(f"A{number}")])
        await asyncio.sleep(0.01)
    await until(lambda: len(double.taken) == 5)
    await until(lambda: hanging.n_requests >= 2)  # Given up after its timeout, and asked again.
    assert way.counts("errors_total")[f"http://{hanging.address}/api/v2/alerts"] >= 1
    assert way.counts("errors_total")[f"http://{double.address}/api/v2/alerts"] == 0
    await way.sender.stop()
    await hanging.stop()


async def test_one_that_refuses_connections_gets_all_when_it_is_back(make_way: MakeWay) -> None:
    server = AlertmanagerDouble()
    await server.start()
    await server.stop()
    way = make_way()
    way.sender.apply(to(block(server.address)), {})
    way.sender.send([alert("Early")])
    await until(lambda: way.total("errors_total") >= 2)
    await server.start(server.port)
    await until(lambda: server.taken)
    assert server.names == ["Early"]
    assert way.total("dropped_total") == 0
    await server.stop()


async def test_a_redirect_that_loses_the_alerts_is_no_success(make_way: MakeWay, double: AlertmanagerDouble) -> None:
    double.answer = lambda number: web.Response(status=302, headers={"Location": "/elsewhere"})
    way = make_way()
    way.sender.apply(to(block(double.address)), {})
    way.sender.send([alert("A")])
    await until(lambda: way.total("dropped_total") == 1)
    assert way.total("sent_total") == 0


async def test_a_redirect_that_keeps_the_alerts_is_followed(make_way: MakeWay, double: AlertmanagerDouble) -> None:
    double.answer = lambda number: web.Response(status=307, headers={"Location": "/there"}) if number == 1 else None
    way = make_way()
    way.sender.apply(to(block(double.address)), {})
    way.sender.send([alert("A")])
    await until(lambda: double.taken)
    assert double.paths == ["/api/v2/alerts", "/there"]


async def test_an_answer_that_is_not_http_is_tried_again(make_way: MakeWay) -> None:
    n_connections = 0

    async def garbage(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal n_connections
        n_connections += 1
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"\x00\x01 what is this\r\n\r\n")
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(garbage, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    way = make_way(replace(QUICK, drain=False))
    way.sender.apply(to(block(f"127.0.0.1:{port}")), {})
    way.sender.send([alert("A")])
    await until(lambda: n_connections >= 2)
    assert way.total("sent_total") == way.total("dropped_total") == 0
    await way.sender.stop()
    server.close()
    await server.wait_closed()


async def test_the_oldest_are_dropped_and_counted(make_way: MakeWay, double: AlertmanagerDouble) -> None:
    double.answer = lambda number: web.Response(status=500) if number == 1 else None
    way = make_way(replace(QUICK, queue_capacity=3, min_backoff_s=0.1))
    way.sender.apply(to(block(double.address)), {})
    way.sender.send([alert("A")])
    await until(lambda: double.n_requests == 1)
    await asyncio.sleep(0.02)
    way.sender.send([alert(name) for name in "BCDE"])
    await until(lambda: way.total("dropped_total") == 2)
    assert way.total("queue_length") == 3
    await until(lambda: double.taken)
    assert double.names == ["C", "D", "E"]


async def test_what_waits_is_sent_before_the_end(make_way: MakeWay, double: AlertmanagerDouble) -> None:
    double.answer = lambda number: web.Response(status=500) if number == 1 else None
    way = make_way(replace(QUICK, min_backoff_s=60.0, max_backoff_s=60.0))
    way.sender.apply(to(block(double.address)), {})
    way.sender.send([alert("A")])
    await until(lambda: way.total("errors_total") == 1)
    way.sender.send([alert("B")])
    await way.sender.stop()
    assert double.names == ["A", "B"]


async def test_without_draining_the_end_is_at_once(make_way: MakeWay, double: AlertmanagerDouble) -> None:
    double.answer = lambda number: web.Response(status=500)
    way = make_way(replace(QUICK, min_backoff_s=60.0, max_backoff_s=60.0, drain=False))
    way.sender.apply(to(block(double.address)), {})
    way.sender.send([alert("A")])
    await until(lambda: way.total("errors_total") == 1)
    await way.sender.stop()
    assert double.n_requests == 1


async def test_one_that_hangs_does_not_hold_back_the_end(make_way: MakeWay, double: AlertmanagerDouble) -> None:
    async def never() -> None:
        await asyncio.sleep(60)

    double.answer = lambda number: never()
    way = make_way()
    way.sender.apply(to(block(double.address, more=", timeout: 200ms")), {})
    way.sender.send([alert("A")])
    await until(lambda: double.n_requests == 1)
    began_s = asyncio.get_running_loop().time()
    await way.sender.stop()
    assert asyncio.get_running_loop().time() - began_s < 1.0


async def test_a_reload_keeps_what_is_as_before_and_moves_what_waits(
    make_way: MakeWay, double: AlertmanagerDouble
) -> None:
    other = AlertmanagerDouble()
    await other.start()
    double.answer = lambda number: web.Response(status=500)
    way = make_way(replace(QUICK, min_backoff_s=60.0, max_backoff_s=60.0))
    way.sender.apply(to(block(double.address)), {})
    way.sender.send([alert("Waits")])
    await until(lambda: way.total("errors_total") == 1)
    way.sender.apply(to(block(double.address)), {})
    await asyncio.sleep(0.05)
    assert way.total("queue_length") == 1
    way.sender.apply(to(block(other.address)), {})
    await until(lambda: other.taken)
    assert other.names == ["Waits"]
    assert way.sender.active_urls == [f"http://{other.address}/api/v2/alerts"]
    await until(lambda: set(way.counts("queue_length")) == set(way.sender.active_urls))
    await other.stop()


async def test_alerts_wait_for_the_first_alertmanager_that_is_found(
    make_way: MakeWay, double: AlertmanagerDouble
) -> None:
    way = make_way()
    way.sender.apply(to("{}"), {})
    way.sender.follow({"config-0": []})
    way.sender.send([alert("Early")])
    await asyncio.sleep(0.02)
    assert way.sender.active_urls == []
    way.sender.follow({"config-0": [TargetGroup("one", ({"__address__": double.address},))]})
    await until(lambda: double.taken)
    assert double.names == ["Early"]


async def test_while_none_is_found_the_oldest_are_dropped_and_counted(make_way: MakeWay) -> None:
    way = make_way(replace(QUICK, queue_capacity=2))
    way.sender.apply(to("{}"), {})
    way.sender.send([alert(name) for name in "ABC"])
    await until(lambda: way.counts("dropped_total") == {"": 1})


async def test_a_password_that_can_not_be_read_is_waited_for(
    make_way: MakeWay, double: AlertmanagerDouble, tmp_path: Path
) -> None:
    secret = tmp_path / "password"
    way = make_way()
    auth = f", basic_auth: {{username: me, password_file: {secret}}}"
    way.sender.apply(to(block(double.address, more=auth)), {})
    way.sender.send([alert("A")])
    await until(lambda: way.total("errors_total") >= 1)
    secret.write_text("s3cret\n")
    await until(lambda: double.taken)
    assert double.headers[0]["Authorization"] == "Basic " + b64encode(b"me:s3cret").decode()


async def test_one_that_discovery_lost_is_sent_to_no_more(make_way: MakeWay, double: AlertmanagerDouble) -> None:
    way = make_way()
    way.sender.apply(to(block(double.address)), {})
    await until(lambda: way.sender.active_urls)
    way.sender.follow({"config-0": []})
    assert way.sender.active_urls == []
    assert way.counts("alertmanagers_discovered") == {"": 0}
    await until(lambda: not way.counts("queue_length"))
    way.sender.send([alert("A")])
    await asyncio.sleep(0.05)
    assert double.n_requests == 0


async def test_without_alertmanagers_this_process_has_its_own(make_way: MakeWay, double: AlertmanagerDouble) -> None:
    taken: list[Alert] = []
    way = make_way(local=LocalAlertmanager(taken.extend, "http://127.0.0.1:9093/api/v2/alerts"))
    rules = "{alert_relabel_configs: [{source_labels: [alertname], regex: Quiet, action: drop}]}"
    way.sender.apply(alerting(rules), {"region": "eu"})
    way.sender.send([alert("Loud"), alert("Quiet")])
    assert taken == [replace(alert("Loud", region="eu"), updated_ns=NOW_NS)]
    assert way.sender.active_urls == ["http://127.0.0.1:9093/api/v2/alerts"]
    assert way.counts("alertmanagers_discovered") == {"": 1}
    assert way.total("sent_total") == 1
    way.sender.apply(to(block(double.address)), {})
    way.sender.send([alert("Away")])
    await until(lambda: double.taken)
    assert len(taken) == 1


async def test_an_own_alertmanager_that_fails_fails_no_rule(make_way: MakeWay) -> None:
    def fails(_: Sequence[Alert]) -> None:
        raise RuntimeError("no")

    way = make_way(local=LocalAlertmanager(fails, "here"))
    way.sender.apply(alerting("{}"), {})
    way.sender.send([alert("A")])
    assert way.counts("errors_total") == way.counts("dropped_total") == {"here": 1}


async def test_before_a_configuration_and_after_the_end_nothing_happens(make_way: MakeWay) -> None:
    way = make_way()
    way.sender.send([alert("A")])
    await way.sender.stop()
    way.sender.send([alert("A")])
    assert way.sender.active_urls == way.sender.dropped_urls == []
