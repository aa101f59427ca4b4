"""Target groups → targets: labels assembled and relabelled, with the reason why one is none."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from watchkeeper.core.relabel import Relabeler
from watchkeeper.discovery.interface import TargetGroup
from watchkeeper.logs.agent.entries import LabelSet
from watchkeeper.logs.agent.sources.job import shown_labels

PATH: Final = "__path__"
EXCLUDE: Final = "__path_exclude__"
HOST: Final = "__host__"


@dataclass(slots=True)
class Assembled:
    """One target.

    discovered   before relabelling
    labels       after it, hidden ones too
    reason       why it is not followed; empty where it is
    """

    discovered: LabelSet
    labels: LabelSet
    reason: str = ""

    @property
    def shown(self) -> LabelSet:
        """The labels of its entries."""
        return shown_labels(self.labels)


def assemble(groups: Iterable[TargetGroup], relabeler: Relabeler) -> list[Assembled]:
    """All targets of a job's groups, in order."""
    out: list[Assembled] = []
    for group in groups:
        for target in group.targets:
            discovered = {**group.labels, **target}
            labels = dict(discovered)
            kept = relabeler.apply(labels)
            one = Assembled(discovered, labels if kept else {})
            if not kept or not any(not name.startswith("__") for name in labels):
                one.reason = "empty_labels"
            out.append(one)
    return out


def file_reason(labels: Mapping[str, str], hostname: str) -> str:
    """Why no files are followed for a target: its host is another, or it has no path."""
    host = labels.get(HOST, "")
    if host and host != hostname:
        return "wrong_host"
    return "" if labels.get(PATH) else "no_path"


def hostname(environ: Mapping[str, str]) -> str:
    """The name that `__host__` is compared with."""
    return environ.get("HOSTNAME") or socket.gethostname()
