"""What each integration was last told of each group, so that it is not told again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from watchkeeper.alerts.interface import Reason

RESTORED_NS: Final = 3600 * 10**9  # Longer than a restart's grace and the intervals of most groups.


@dataclass(frozen=True, slots=True)
class Told:
    """What one integration was told of one group.

    receiver, integration, index   whose it is: the receiver's name, the kind, the place among those of the kind
    firing, resolved               fingerprints of alerts
    time_ns                        when
    version_ns                     grows with each entry of the group, even where the clock was set back
    """

    group_key: str
    receiver: str
    integration: str
    index: int
    firing: frozenset[int]
    resolved: frozenset[int]
    time_ns: int
    expires_ns: int
    version_ns: int

    @property
    def key(self) -> tuple[str, str, str, int]:
        """What an entry is found by."""
        return (self.group_key, self.receiver, self.integration, self.index)


def reason_to_notify(
    told: Told | None,
    firing: frozenset[int],
    resolved: frozenset[int],
    *,
    send_resolved: bool,
    repeat_ns: int,
    now_ns: int,
) -> Reason | None:
    """Why there is something to tell; None where there is not.

    Source: Alertmanager notify, DedupStage.
    """
    if told is None:
        # Whoever knows of no alert needs not hear that it is over.
        return Reason.FIRST if firing else None
    if not firing <= told.firing:
        return Reason.NEW_ALERTS if told.firing else Reason.FIRST
    if not firing:
        # Also where resolved alerts are not sent: the entry must not go on saying that they fire.
        return Reason.ALL_RESOLVED if told.firing else None
    if send_resolved and not resolved <= told.resolved:
        return Reason.NEW_RESOLVED
    return Reason.REPEAT if told.time_ns < now_ns - repeat_ns else None


OnChange = Callable[[Sequence[Told]], None]


class NotificationLog:
    """Entries by group, receiver and integration. Lives on the event loop's thread.

    on_change   brings entries to disk and to other instances
    """

    def __init__(
        self, clock_ns: Callable[[], int], *, retention_ns: int, on_change: OnChange = lambda entries: None
    ) -> None:
        self._clock_ns = clock_ns
        self._retention_ns = retention_ns
        self._on_change = on_change
        self._entries: dict[tuple[str, str, str, int], Told] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, group_key: str, receiver: str, integration: str, index: int) -> Told | None:
        """What the integration was told; None where nothing is known.

        An entry counts until it is collected, also after its expiry, as it does upstream.
        """
        key = (group_key, receiver, integration, index)
        entry = self._entries.get(key)
        if entry is not None:
            now_ns = self._clock_ns()
            if entry.time_ns > now_ns:
                # Written before the clock was set back, in another life: the repeat interval counts from now.
                entry = self._entries[key] = replace(entry, time_ns=now_ns)
        return entry

    def put(
        self,
        group_key: str,
        receiver: str,
        integration: str,
        index: int,
        firing: frozenset[int],
        resolved: frozenset[int],
        expiry_ns: int,
    ) -> None:
        """Note what the integration was told now; it is forgotten after `expiry_ns`, or the retention if shorter."""
        now_ns = self._clock_ns()
        kept_ns = min(expiry_ns, self._retention_ns) if expiry_ns > 0 else self._retention_ns
        before = self._entries.get((group_key, receiver, integration, index))
        version_ns = max(now_ns, before.version_ns + 1) if before else now_ns
        entry = Told(
            group_key, receiver, integration, index, firing, resolved, now_ns, now_ns + kept_ns, version_ns
        )  # fmt: skip
        self._entries[entry.key] = entry
        self._on_change([entry])

    def merge(self, entries: Iterable[Told]) -> list[Told]:
        """Take over what another instance or the disk knows, where it is newer; what was taken."""
        now_ns = self._clock_ns()
        taken = []
        for entry in entries:
            old = self._entries.get(entry.key)
            if entry.expires_ns > now_ns and (old is None or old.version_ns < entry.version_ns):
                if entry.expires_ns > now_ns + self._retention_ns:
                    entry = replace(entry, expires_ns=now_ns + self._retention_ns)
                self._entries[entry.key] = entry
                taken.append(entry)
        return taken

    def restore(self, entries: Iterable[Told]) -> None:
        """Take over what the disk knows.

        What expired while the process was down is kept for a while: there may be an end to tell of.
        """
        now_ns = self._clock_ns()
        for entry in entries:
            old = self._entries.get(entry.key)
            is_kept = entry.time_ns + self._retention_ns > now_ns
            if is_kept and (old is None or old.version_ns < entry.version_ns):
                self._entries[entry.key] = replace(entry, expires_ns=max(entry.expires_ns, now_ns + RESTORED_NS))

    def collect(self) -> int:
        """Remove what has expired; how many went."""
        now_ns = self._clock_ns()
        gone = [key for key, entry in self._entries.items() if entry.expires_ns <= now_ns]
        for key in gone:
            del self._entries[key]
        return len(gone)

    def all(self) -> list[Told]:
        """Every entry."""
        return list(self._entries.values())

    def move(self, by_ns: int) -> None:
        """Follow the wall clock, which was set by that much: entries stay as old as they are."""
        for key, entry in self._entries.items():
            self._entries[key] = replace(entry, time_ns=entry.time_ns + by_ns, expires_ns=entry.expires_ns + by_ns)
