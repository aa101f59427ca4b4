"""Who else there is, by name, and who of them lives. Pure: time comes from outside."""

from __future__ import annotations

from dataclasses import dataclass

from watchkeeper.alerts.cluster.message import MAX_MEMBERS


@dataclass(slots=True)
class Member:
    """Another instance.

    heard_s      when it last gave a sign of life
    lacks_all    whether it may have missed something, so that everything must be exchanged
    tried_s      when it was last spoken to
    """

    name: str
    address: str
    heard_s: float
    is_alive: bool = True
    lacks_all: bool = True
    tried_s: float = float("-inf")
    exchanged_s: float = float("-inf")


class Members:
    """All others that were ever heard of and are not forgotten.

    silent_s     without a sign of life for so long, one counts as lost
    forget_s     after so long it is forgotten
    """

    def __init__(self, name: str, silent_s: float, forget_s: float) -> None:
        self.name = name
        self._silent_s = silent_s
        self._forget_s = forget_s
        self._members: dict[str, Member] = {}
        self.joined = self.left = self.updated = 0

    def has_room_for(self, name: str, address: str) -> bool:
        """Whether one of this name can be noted: it is known, replaces one, or there are not too many yet."""
        return name in self._members or self.at(address) is not None or len(self._members) < MAX_MEMBERS

    def heard(self, name: str, address: str, now_s: float) -> Member:
        """Note a sign of life. Another name at the same address is the same instance after a restart."""
        member = self._members.get(name)
        if member is None:
            for other in [other for other in self._members.values() if other.address == address]:
                self._remove(other)
            member = self._members[name] = Member(name, address, now_s)
            self.joined += 1
        elif member.address != address:
            member.address = address
            self.updated += 1
        if not member.is_alive:
            member.is_alive = member.lacks_all = True
            self.joined += 1
        member.heard_s = now_s
        return member

    def gone(self, name: str) -> None:
        """One has said goodbye."""
        member = self._members.get(name)
        if member is not None:
            self._remove(member)

    def _remove(self, member: Member) -> None:
        del self._members[member.name]
        if member.is_alive:
            self.left += 1

    def check(self, now_s: float) -> list[Member]:
        """Those that count as lost from now on; what has been lost for long is forgotten."""
        lost = []
        for member in list(self._members.values()):
            if member.is_alive and now_s - member.heard_s > self._silent_s:
                member.is_alive = False
                self.left += 1
                lost.append(member)
            elif not member.is_alive and now_s - member.heard_s > self._forget_s:
                del self._members[member.name]
        return lost

    @property
    def alive(self) -> list[Member]:
        """The others that live, by name."""
        return sorted((member for member in self._members.values() if member.is_alive), key=lambda m: m.name)

    @property
    def lost(self) -> list[Member]:
        """The others that do not answer, by name."""
        return sorted((member for member in self._members.values() if not member.is_alive), key=lambda m: m.name)

    def at(self, address: str) -> Member | None:
        """The instance that is reached at an address."""
        return next((member for member in self._members.values() if member.address == address), None)

    @property
    def position(self) -> int:
        """This instance's place among those that live: how many have smaller names."""
        return sum(member.name < self.name for member in self._members.values() if member.is_alive)
