"""What all service discoveries share: target groups, and the task that publishes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class TargetGroup:
    """Targets that came from one place, with labels that all of them get.

    source    names the place, unique within its discoverer; a group replaces the earlier one of its source
    targets   the labels of each target, `__address__` among them; none means that the place has gone
    labels    of every target, unless the target has its own value
    """

    source: str
    targets: tuple[Mapping[str, str], ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)


Publish = Callable[[Sequence[TargetGroup]], None]
"""Called by a discoverer in its event loop with the groups that are new, changed or gone (then without targets)."""


class Discoverer(Protocol):
    """One service discovery of one job."""

    async def run(self, publish: Publish) -> None:
        """Publish groups until cancelled. Failures are logged and counted inside; what was published stays."""
        ...
