"""Several instances in virtual time: one of them tells, and what one knows the others know."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.alerts.harness import HOUR, SECOND, Scene, equal, sleep_until
from tests.unit.alerts.virtual_time import loop_now, run
from watchkeeper.alerts.cluster.members import Members
from watchkeeper.alerts.cluster.message import Message, MessageError, decode
from watchkeeper.alerts.cluster.options import ClusterOptions, host_and_port
from watchkeeper.alerts.interface import Silence
from watchkeeper.alerts.manager import AlertManager
from watchkeeper.alerts.nflog import Told
from watchkeeper.alerts.options import AlertOptions


class Network:
    """Messages go from one to another as bytes; `cut` are addresses that nobody reaches."""

    def __init__(self) -> None:
        self.answers: dict[str, Callable[[Message], Message]] = {}
        self.cut: set[str] = set()
        self.sent = 0

    def transport(self, address: str) -> Wire:
        return Wire(self, address)


class Wire:
    def __init__(self, network: Network, address: str) -> None:
        self.network = network
        self.address = address

    async def start(self, answer: Callable[[Message], Message]) -> str:
        self.network.answers[self.address] = answer
        return self.address

    async def send(self, address: str, message: Message, timeout_s: float) -> Message:
        await asyncio.sleep(0.001)
        if address in self.network.cut or self.address in self.network.cut:
            await asyncio.sleep(timeout_s)
            raise TimeoutError
        answer = self.network.answers.get(address)
        if answer is None:
            raise ConnectionRefusedError(address)
        self.network.sent += 1
        return decode(answer(decode(message.encode())).encode())

    async def addresses(self, peer: str) -> list[str]:
        return [peer]

    async def stop(self) -> None:
        self.network.answers.pop(self.address, None)


class Trio:
    """Instances a, b, … with each other's addresses."""

    def __init__(self, folder: Path, names: str = "ab") -> None:
        self.network = Network()
        self.scenes: dict[str, Scene] = {}
        for name in names:
            peers = tuple(f"{other}:1" for other in names if other != name)
            options = AlertOptions(cluster=ClusterOptions(f"{name}:1", peers=peers, name=name))
            scene = self.scenes[name] = Scene(folder / name, options=options)
            self.wire(scene, name)

    def wire(self, scene: Scene, name: str) -> None:
        scene.manager = AlertManager(
            scene.directory, scene.registry, lambda: loop_now().wall_ns(), scene.options, scene._make_notifier,
            self.network.transport(f"{name}:1"),
        )  # fmt: skip

    def __getitem__(self, name: str) -> Scene:
        return self.scenes[name]

    async def start(self) -> None:
        for scene in self.scenes.values():
            await scene.__aenter__()

    async def stop(self) -> None:
        for scene in self.scenes.values():
            await scene.manager.stop()

    def fire(self, *args: str, **more: object) -> None:
        for scene in self.scenes.values():
            scene.fire(*args, **more)  # type: ignore[arg-type]

    def told(self) -> list[tuple[str, float, str]]:
        return sorted(
            (name, round(heard.at_s, 2), heard.notice.reason.name)
            for name, scene in self.scenes.items()
            for heard in scene.heard
        )


def silence_for(scene: Scene, name: str, seconds: int = 5000) -> str:
    now_ns = scene.manager.now_ns
    return scene.manager.silences.set(Silence((equal("alertname", name),), now_ns, now_ns + seconds * SECOND, "me"))


def test_only_the_first_tells(tmp_path: Path) -> None:
    async def play() -> None:
        trio = Trio(tmp_path, "abc")
        await trio.start()
        trio.fire(end_s=5000)
        await sleep_until(100)
        for scene in trio.scenes.values():
            scene.resolve()
        await sleep_until(1000)
        assert trio.told() == [("a", 30, "FIRST"), ("a", 330, "ALL_RESOLVED")]
        assert [trio[n].metric("alertmanager_peer_position") for n in "abc"] == [0, 1, 2]
        assert [trio[n].metric("alertmanager_cluster_members") for n in "abc"] == [3, 3, 3]
        view = trio["b"].manager.peers()
        assert (view.status, view.name, [peer.name for peer in view.peers]) == ("ready", "b", ["a", "b", "c"])
        await trio.stop()

    run(play())


def test_next_one_tells_where_the_first_can_not(tmp_path: Path) -> None:
    async def play() -> None:
        from watchkeeper.alerts.interface import NotifyError

        trio = Trio(tmp_path)
        await trio.start()
        trio["a"].answers["team"].append(NotifyError("no", is_retryable=False))
        trio.fire(end_s=5000)
        await sleep_until(1000)
        assert trio.told() == [("b", 45, "FIRST")]
        await trio.stop()

    run(play())


def test_losing_one_loses_nothing_and_its_return_repeats_nothing(tmp_path: Path) -> None:
    async def play() -> None:
        trio = Trio(tmp_path)
        await trio.start()
        trio.fire(instance="1", end_s=50_000)
        silence_for(trio["a"], "S", 50_000)
        await sleep_until(100)
        trio.network.cut.add("a:1")
        await sleep_until(110)
        assert trio["b"].metric("alertmanager_cluster_failed_peers") == 1
        assert trio["b"].metric("alertmanager_peer_position") == 0
        trio["b"].fire(instance="2", end_s=50_000)
        trio["b"].fire("S", end_s=50_000)
        await sleep_until(400)
        assert trio.told() == [("a", 30, "FIRST"), ("b", 330, "NEW_ALERTS")]
        trio.network.cut.clear()
        trio["a"].fire(instance="2", end_s=50_000)
        await sleep_until(1000)
        assert len(trio.told()) == 2
        assert trio["b"].metric("alertmanager_cluster_failed_peers") == 0
        await trio.stop()

    run(play())


def test_silences_spread_within_the_gossip_interval(tmp_path: Path) -> None:
    async def play() -> None:
        trio = Trio(tmp_path, "abc")
        await trio.start()
        await sleep_until(10)
        id = silence_for(trio["b"], "X")
        await asyncio.sleep(0.25)
        for name in "ac":
            copy = trio[name].manager.silences.get(id)
            assert copy is not None
            assert copy.created_by == "me"
        trio["c"].manager.silences.expire(id)
        await asyncio.sleep(0.25)
        ended = trio["a"].manager.silences.get(id)
        assert ended is not None
        assert ended.ends_ns < trio["a"].manager.now_ns
        # What came from others is on disk too.
        await trio["a"].manager.stop()
        del trio.network.answers["b:1"], trio.network.answers["c:1"]
        trio.wire(trio["a"], "a")
        await trio["a"].manager.start()
        assert trio["a"].manager.silences.get(id) == ended
        await trio.stop()

    run(play())


def test_one_that_comes_later_learns_everything_before_it_speaks(tmp_path: Path) -> None:
    async def play() -> None:
        trio = Trio(tmp_path)
        late = trio.scenes.pop("a")
        await trio.start()
        trio["b"].fire(end_s=50_000)
        id = silence_for(trio["b"], "S")
        await sleep_until(100)
        assert trio.told() == [("b", 30, "FIRST")]
        await late.__aenter__()
        late.fire(start_s=0, end_s=50_000)  # Old enough to be told of at once.
        await sleep_until(200)
        assert late.heard == []
        assert late.manager.silences.get(id) is not None
        await late.manager.stop()
        await asyncio.sleep(1)
        assert trio["b"].metric("alertmanager_cluster_peers_left_total") == 1
        assert [peer.name for peer in trio["b"].manager.peers().peers] == ["b"]
        await trio.stop()

    run(play())


def test_alone_it_settles_after_a_few_looks(tmp_path: Path) -> None:
    async def play() -> None:
        trio = Trio(tmp_path)
        alone = trio["a"]
        await alone.__aenter__()
        alone.fire(start_s=-100, end_s=5000)
        assert alone.manager.peers().status == "settling"
        await sleep_until(20)
        assert [heard.at_s for heard in alone.heard] == [pytest.approx(8, abs=1)]
        assert alone.manager.peers().status == "ready"
        await alone.manager.stop()

    run(play())


def test_stop_while_it_settles_is_quick(tmp_path: Path) -> None:
    async def play() -> None:
        alone = Trio(tmp_path)["a"]
        await alone.__aenter__()
        alone.fire(start_s=-100, end_s=5000)
        await sleep_until(1)
        await alone.manager.stop()
        assert loop_now().now_s < 1.1
        assert alone.heard == []

    run(play())


def test_peers_of_peers_are_found(tmp_path: Path) -> None:
    async def play() -> None:
        trio = Trio(tmp_path, "abc")
        for name in "bc":
            scene = trio[name]
            assert scene.options.cluster is not None
            scene.options = replace(scene.options, cluster=replace(scene.options.cluster, peers=("a:1",)))
            trio.wire(scene, name)
        await trio.start()
        await sleep_until(5)
        assert [trio[n].metric("alertmanager_cluster_members") for n in "abc"] == [3, 3, 3]
        await trio.stop()

    run(play())


def test_peer_that_comes_after_an_hour_is_found(tmp_path: Path) -> None:
    async def play() -> None:
        trio = Trio(tmp_path)
        late = trio.scenes.pop("b")
        assert late.options.cluster is not None
        # It knows nobody; the other knows it.
        late.options = replace(late.options, cluster=replace(late.options.cluster, peers=()))
        trio.wire(late, "b")
        await trio.start()
        await sleep_until(3600)
        assert trio["a"].metric("alertmanager_cluster_refresh_join_failed_total") < 600
        id = silence_for(trio["a"], "S")
        await late.manager.start()
        await sleep_until(3612)
        assert late.manager.silences.get(id) is not None
        assert len(late.manager.peers().peers) == 2
        await late.manager.stop()
        await trio.stop()

    run(play())


def test_restarted_one_replaces_itself(tmp_path: Path) -> None:
    async def play() -> None:
        trio = Trio(tmp_path)
        await trio.start()
        await sleep_until(10)
        scene = trio["b"]
        trio.network.answers.pop("b:1")
        assert scene.manager._cluster is not None
        for task in scene.manager._cluster._tasks:
            task.cancel()
        scene.manager._journal.close()
        assert scene.options.cluster is not None
        scene.options = replace(scene.options, cluster=replace(scene.options.cluster, name="b2"))
        trio.wire(scene, "b")
        await scene.manager.start()
        await sleep_until(15)
        assert [peer.name for peer in trio["a"].manager.peers().peers] == ["a", "b2"]
        await trio.stop()

    run(play())


def test_other_label_is_another_cluster(tmp_path: Path) -> None:
    async def play() -> None:
        trio = Trio(tmp_path)
        assert trio["b"].options.cluster is not None
        trio["b"].options = replace(trio["b"].options, cluster=replace(trio["b"].options.cluster, label="other"))
        trio.wire(trio["b"], "b")
        await trio.start()
        await sleep_until(30)
        assert [len(trio[n].manager.peers().peers) for n in "ab"] == [1, 1]
        await trio.stop()

    run(play())


def test_there_is_an_end_to_members(tmp_path: Path) -> None:
    async def play() -> None:
        scene = Trio(tmp_path)["a"]
        await scene.__aenter__()
        cluster = scene.manager._cluster
        assert cluster is not None
        for i in range(64):
            cluster._answer(Message(f"m{i}", f"h{i}:1"))
        with pytest.raises(MessageError, match="at most 64 instances"):
            cluster._answer(Message("more", "more:1"))
        cluster._answer(Message("m0b", "h0:1"))
        assert len(scene.manager.peers().peers) == 65
        await scene.manager.stop()

    run(play())


def test_members_by_signs_of_life() -> None:
    members = Members("m", silent_s=5, forget_s=100)
    members.heard("z", "z:1", 0)
    members.heard("a", "a:1", 0)
    assert members.position == 1
    members.heard("z", "z:2", 4)
    assert [member.name for member in members.check(6)] == ["a"]
    assert members.position == 0
    assert [m.name for m in members.alive] == ["z"] and [m.name for m in members.lost] == ["a"]  # noqa: PT018
    back = members.heard("a", "a:1", 50)
    assert back.lacks_all
    members.check(1000)
    members.check(1101)
    assert members.lost == []
    assert (members.joined, members.left, members.updated) == (3, 3, 1)


MESSAGE = Message(
    "a", "h:1", "l", True, False, {"b": "[::1]:2"}, [Silence((equal("a", "b"),), 1, 2, "me", "c", "id", 3)],
    [Told("{}:{}", "team", "webhook", 0, frozenset((1, 2**64 - 1)), frozenset(), 4, HOUR, 6)],
)  # fmt: skip


def test_message_round_trip() -> None:
    assert decode(MESSAGE.encode()) == MESSAGE


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"version":1', b'"version":2'),
        (b'"version":1,', b""),
        (b'"name":"a"', b'"name":""'),
        (b'"name":"a"', b'"name":null'),
        (b'"address":"h:1"', b'"address":"http://h:1/x"'),
        (b'"address":"h:1"', b'"address":"h"'),
        (b'"label":"l"', b'"label":1'),
        (b'"members":{', b'"members":['),
        (b'"b":"[::1]:2"', b'"b":"x/y:2"'),
        (b'"=","b"', b'"=~","("'),
        (b'[["a","=","b"]]', b"[]"),
        (b'"webhook",0', b'"webhook","0"'),
        (b'"told":[', b'"told":[7,'),
        (b'"told":', b'"silences":{},"told":'),
    ],
)
def test_garbage_is_refused(old: bytes, new: bytes) -> None:
    body = MESSAGE.encode()
    assert old in body
    with pytest.raises(MessageError):
        decode(body.replace(old, new))


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"{}", b"\xff", b"[" * 100_000, b'{"version":1}'])
def test_bodies_that_are_no_messages(body: bytes) -> None:
    with pytest.raises(MessageError):
        decode(body)


def test_addresses() -> None:
    assert host_and_port("[::1]:9094") == ("::1", 9094)
    assert host_and_port(":9094") == ("", 9094)
    for bad in ("", "host", "host:", "host:x", "::1:9094", "a b:1", "h/:1", "h:70000"):
        with pytest.raises(ValueError, match="host:port"):
            host_and_port(bad)
