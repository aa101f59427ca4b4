"""Two or more instances that know the same silences and notifications, so that one of them tells of a group.

Every instance speaks to every other: changes within a fraction of a second, signs of life every second, everything
every minute and whenever one may have missed something. An instance leaves a notification to those whose names come
before its own, for a while each; what they told arrives here long before that while is over.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Coroutine, Iterable, Sequence
from typing import Any, Final, Protocol

from watchkeeper.alerts.cluster.members import Member, Members
from watchkeeper.alerts.cluster.message import MAX_MEMBERS, Message, MessageError
from watchkeeper.alerts.cluster.options import ClusterOptions, host_and_port
from watchkeeper.alerts.cluster.telemetry import ClusterMetrics
from watchkeeper.alerts.interface import Silence
from watchkeeper.alerts.nflog import Told
from watchkeeper.alerts.status import ClusterView, PeerView
from watchkeeper.core.telemetry.log import get_logger

log = get_logger("cluster")

SILENT_PROBES: Final = 5  # So many unanswered signs of life, and an instance counts as lost.
SETTLE_POLLS: Final = 3  # The number of members must not change for so many looks.
MAX_WAITING: Final = 10_000  # Changes that wait to be sent; beyond, everything is exchanged instead.
EXCHANGE_TIMEOUT_S: Final = 30.0  # For an exchange of everything, which may take many megabytes.


class Transport(Protocol):
    """How messages get to others and from them."""

    async def start(self, answer: Callable[[Message], Message]) -> str:
        """Take messages from now on, answering each by `answer`; host:port where others find this instance."""
        ...

    async def send(self, address: str, message: Message, timeout_s: float) -> Message:
        """The answer to a message. Raises OSError, TimeoutError and MessageError."""
        ...

    async def addresses(self, peer: str) -> list[str]:
        """All addresses that a configured peer stands for: a name may have several. Raises OSError."""
        ...

    async def stop(self) -> None:
        """Take no more messages."""
        ...


class State(Protocol):
    """What all instances are to know."""

    def all_silences(self) -> Sequence[Silence]: ...

    def all_told(self) -> Sequence[Told]: ...

    def merge(self, silences: Iterable[Silence], told: Iterable[Told]) -> tuple[int, int]:
        """Take over what is newer; how many silences and entries that were."""
        ...


class Cluster:
    """This instance among the others. Lives on the event loop's thread."""

    def __init__(self, options: ClusterOptions, transport: Transport, state: State, metrics: ClusterMetrics) -> None:
        self._options = options
        self._transport = transport
        self._state = state
        self._metrics = metrics
        self.name = options.name or uuid.uuid4().hex
        self.address = ""
        self._members = Members(
            self.name, SILENT_PROBES * options.probe_interval_s, options.reconnect_timeout_s
        )  # fmt: skip
        self._own: set[str] = set()  # Addresses at which we answered ourselves.
        self._seeds: dict[str, float] = {}  # Addresses to try, and when each was tried last.
        self._given: dict[str, list[str]] = {}  # What the configured peers' names stand for.
        self._resolved_s: dict[str, float] = {}
        self._began_s = 0.0
        self._silences: dict[str, Silence] = {}
        self._told: dict[tuple[str, str, str, int], Told] = {}
        self._changed = asyncio.Event()
        self._settled = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._busy: set[str] = set()  # Addresses that are being spoken to.
        self._is_stopping = False
        metrics.follow(self._members)
        metrics.queued.set_function(lambda: len(self._silences) + len(self._told))
        metrics.info.labels(self.name).set(1)

    # Life.

    async def start(self) -> None:
        """Listen, and look for the others. Raises OSError where the address is taken."""
        self._began_s = asyncio.get_running_loop().time()
        self.address = await self._transport.start(self._answer)
        self._own.add(self.address)
        self._metrics.enabled.set(1)
        log.info("listening for other instances", address=self.address, name=self.name)
        self._spawn(self._keep_in_touch())
        self._spawn(self._push_changes())
        self._spawn(self._settle())

    async def stop(self) -> None:
        """Say goodbye and go."""
        self._is_stopping = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self.address:
            message = self._message(is_leaving=True, with_changes=True)
            await asyncio.gather(
                *(self._transport.send(m.address, message, self._options.probe_timeout_s) for m in self._members.alive),
                return_exceptions=True,
            )
            await self._transport.stop()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task: asyncio.Task[None] = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # For the pipeline and the API.

    def wait_s(self) -> float:
        """How long to leave a notification to those before us."""
        return self._members.position * self._options.peer_timeout_s

    async def settled(self) -> None:
        """Returns when it is known who the others are."""
        await self._settled.wait()

    def view(self) -> ClusterView:
        """The cluster as it is seen from here, this instance among its peers."""
        peers = [PeerView(self.name, self.address), *(PeerView(m.name, m.address) for m in self._members.alive)]
        status = "ready" if self._settled.is_set() else "settling"
        return ClusterView(status, self.name, tuple(sorted(peers, key=lambda peer: peer.name)))

    def silences_changed(self, silences: Iterable[Silence]) -> None:
        """Tell the others of silences as they are now."""
        self._silences.update((silence.id, silence) for silence in silences)
        self._note_change()

    def told_changed(self, entries: Iterable[Told]) -> None:
        """Tell the others what receivers were told."""
        self._told.update((entry.key, entry) for entry in entries)
        self._note_change()

    def _note_change(self) -> None:
        if len(self._silences) + len(self._told) > MAX_WAITING:
            self._metrics.pruned.inc(len(self._silences) + len(self._told))
            self._silences.clear()
            self._told.clear()
            for member in self._members.alive:
                member.lacks_all = True
        self._changed.set()

    # Talking.

    def _message(
        self, *, wants_all: bool = False, with_all: bool = False, with_changes: bool = False, is_leaving: bool = False
    ) -> Message:
        silences: Sequence[Silence] = ()
        told: Sequence[Told] = ()
        if with_all:
            silences, told = self._state.all_silences(), self._state.all_told()
        elif with_changes:
            silences, told = tuple(self._silences.values()), tuple(self._told.values())
        members = {member.name: member.address for member in self._members.alive}
        return Message(
            self.name, self.address, self._options.label, wants_all, is_leaving, members, silences, told
        )  # fmt: skip

    def _answer(self, message: Message) -> Message:
        """The answer to a message of another instance. Raises MessageError."""
        if message.label != self._options.label:
            raise MessageError("cluster message has another label")
        self._take(message)
        return self._message(with_all=message.wants_all)

    def _take(self, message: Message) -> Member | None:
        """Learn what a message says; whose it is, None where it is our own."""
        if message.name == self.name:
            return None
        now_s = asyncio.get_running_loop().time()
        member = None
        if message.is_leaving:
            self._members.gone(message.name)
            log.info("an instance has left", peer=message.name)
        else:
            if not self._members.has_room_for(message.name, message.address):
                raise MessageError(f"a cluster has at most {MAX_MEMBERS} instances")
            member = self._members.heard(message.name, message.address, now_s)
            self._metrics.alive.labels(message.name).inc()
            for name, address in (message.members or {}).items():
                if len(self._seeds) >= 4 * MAX_MEMBERS:
                    break
                if name != self.name and self._members.at(address) is None and address not in self._own:
                    self._seeds.setdefault(address, float("-inf"))
        if message.is_update:
            self._metrics.received.labels("update").inc()
            silences, told = self._state.merge(message.silences, message.told)
            self._metrics.merged(silences, told)
        return member

    async def _speak(self, address: str, message: Message, timeout_s: float) -> Member | None:
        """Send a message and take the answer; None where there was none, or it came from ourselves."""
        if address in self._busy and not message.is_update:
            return None
        self._busy.add(address)
        try:
            answer = await self._transport.send(address, message, timeout_s)
            self._metrics.sent.labels("full_state" if message.wants_all else "update").inc()
            if answer.label != self._options.label:
                raise MessageError("answer has another label")
            member = self._take(answer)
            if member is None:
                self._own.add(address)
                self._seeds.pop(address, None)
            return member
        except (OSError, TimeoutError, MessageError) as error:
            log.debug("an instance does not answer", address=address, err=error)
            return None
        finally:
            self._busy.discard(address)

    async def _exchange(self, address: str) -> bool:
        """Give and get everything; whether that went well."""
        now_s = asyncio.get_running_loop().time()
        known = self._members.at(address)
        if known is not None:
            known.lacks_all = False  # Before: what can't be sent meanwhile sets it again.
        member = await self._speak(address, self._message(wants_all=True, with_all=True), EXCHANGE_TIMEOUT_S)
        if member is None:
            if known is not None:
                known.lacks_all = True
            return False
        if member is not known:
            member.lacks_all = False
        member.exchanged_s = now_s
        return True

    async def _push_changes(self) -> None:
        while True:
            await self._changed.wait()
            await asyncio.sleep(self._options.gossip_interval_s)
            self._changed.clear()
            members = self._members.alive
            message = self._message(with_changes=True)
            self._silences.clear()
            self._told.clear()
            if message.is_update and members:
                await asyncio.gather(*(self._push(member, message) for member in members))

    async def _push(self, member: Member, message: Message) -> None:
        if await self._speak(member.address, message, self._options.probe_timeout_s) is None:
            member.lacks_all = True  # It gets everything as soon as it answers again.

    async def _keep_in_touch(self) -> None:
        while True:
            try:
                await self._look_around()
            except Exception:  # A fault here must not end what keeps the cluster together.
                log.exception("looking for other instances failed")
            await asyncio.sleep(self._options.probe_interval_s)

    async def _look_around(self) -> None:
        options, now_s = self._options, asyncio.get_running_loop().time()
        for member in self._members.check(now_s):
            log.warn("an instance is lost", peer=member.name, address=member.address)
        for member in self._members.alive:
            if member.lacks_all or now_s - member.exchanged_s >= options.push_pull_interval_s:
                self._spawn(self._exchange_quietly(member.address))
            else:
                self._spawn(self._probe(member.address))
        for member in self._members.lost:
            if now_s - member.tried_s >= options.reconnect_interval_s:
                member.tried_s = now_s
                self._spawn(self._reconnect(member))
        # Those that start together find each other at once; who is not there for long is tried less often.
        is_young = now_s - self._began_s < options.settle_timeout_s
        again_s = options.probe_interval_s if is_young else options.reconnect_interval_s
        for address in await self._addresses():
            if self._members.at(address) is None and now_s - self._seeds[address] >= again_s:
                self._seeds[address] = now_s
                self._spawn(self._join(address))
        self._metrics.position.set(self._members.position)

    async def _addresses(self) -> list[str]:
        """Addresses of instances that may be there: those given, and those that others know."""
        now_s = asyncio.get_running_loop().time()
        for peer in self._options.peers:
            if now_s - self._resolved_s.get(peer, float("-inf")) < self._options.reconnect_interval_s:
                continue
            try:
                found = await self._transport.addresses(peer)
            except (OSError, ValueError) as error:
                log.debug("a peer's name has no address", peer=peer, err=error)
                continue
            self._resolved_s[peer] = now_s
            self._given[peer] = found
        for found in self._given.values():
            for address in found:
                if address not in self._own:
                    self._seeds.setdefault(address, float("-inf"))
        return list(self._seeds)

    def _is_given(self, address: str) -> bool:
        return any(address in found for found in self._given.values())

    async def _probe(self, address: str) -> None:
        await self._speak(address, self._message(), self._options.probe_timeout_s)

    async def _exchange_quietly(self, address: str) -> None:
        await self._exchange(address)

    async def _join(self, address: str) -> None:
        good = await self._exchange(address)
        if address not in self._own:
            (self._metrics.joins if good else self._metrics.joins_failed).inc()
        if not good and not self._is_given(address):
            self._seeds.pop(address, None)  # Whoever knows it to live will say so again.

    async def _reconnect(self, member: Member) -> None:
        good = await self._exchange(member.address)
        (self._metrics.reconnections if good else self._metrics.reconnections_failed).inc()

    async def _settle(self) -> None:
        """Ready when all peers have answered, or when nothing has changed for a while."""
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        interval_s = min(10 * self._options.gossip_interval_s, max(self._options.settle_timeout_s, 0.01))
        known, polls = -1, 0
        step_s = interval_s / 20
        while loop.time() - began_s < self._options.settle_timeout_s:
            for _ in range(20):
                await asyncio.sleep(step_s)
                if self._has_all():
                    polls = SETTLE_POLLS
                    break
            n_alive = len(self._members.alive)
            polls = polls + 1 if n_alive == known else polls if polls >= SETTLE_POLLS else 0
            known = n_alive
            if polls >= SETTLE_POLLS:
                break
        self._settled.set()
        log.info("the cluster has settled", peers=len(self._members.alive), seconds=round(loop.time() - began_s, 1))

    def _has_all(self) -> bool:
        """Whether everything was exchanged with every configured peer."""
        found = 0
        for member in self._members.alive:
            if member.exchanged_s == float("-inf"):
                return False
            found += 1
        others = [peer for peer in self._options.peers if peer not in self._own]
        return found >= len(others) > 0


def checked_options(options: ClusterOptions) -> None:
    """Raises ValueError where an address of the options is none."""
    for address in (options.listens_at, options.advertise_address, *options.peers):
        if address:
            host_and_port(address)
