"""From discovered targets to the addresses of Alertmanagers.

Source of the order of steps: Prometheus notifier/alertmanager.go.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from watchkeeper.core.relabel import Relabeler
from watchkeeper.discovery.interface import TargetGroup
from watchkeeper.rules.send.config import AlertmanagerConfig

ADDRESS: Final = "__address__"
SCHEME: Final = "__scheme__"
ALERTS_PATH: Final = "__alerts_path__"
_PATH_SAFE: Final = "/$&+,:;=@!'()*-._~"


@dataclass(frozen=True, slots=True)
class Addresses:
    """The Alertmanagers of one block.

    active     URLs that alerts are posted to, each once, in order of discovery
    dropped    URLs of those that relabelling dropped
    problems   why other targets are no Alertmanagers
    """

    active: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


def addresses_of(groups: Iterable[TargetGroup], config: AlertmanagerConfig, relabeler: Relabeler) -> Addresses:
    """The addresses that these groups give; `relabeler` is that of `relabel_configs`."""
    active: dict[str, None] = {}
    dropped: list[str] = []
    problems: list[str] = []
    given = {SCHEME: config.scheme, ALERTS_PATH: alerts_path(config.path_prefix)}
    for group in groups:
        for target in group.targets:
            # As upstream: a group's labels come over scheme and path of the block, a target's own do not.
            labels = {**target, **given, **{name: text for name, text in group.labels.items() if name not in target}}
            discovered = dict(labels)
            if not relabeler.apply(labels):
                dropped.append(_url(discovered))
            elif problem := _problem(labels):
                problems.append(problem)
            else:
                active[_url(labels)] = None
    return Addresses(tuple(active), tuple(dropped), tuple(problems))


def alerts_path(prefix: str) -> str:
    """The path of the API below a prefix, without doubled slashes: `/am/api/v2/alerts`."""
    parts: list[str] = []
    for part in f"{prefix}/api/v2/alerts".split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    return "/" + "/".join(parts)


def _url(labels: Mapping[str, str]) -> str:
    path = quote(labels.get(ALERTS_PATH, ""), safe=_PATH_SAFE)
    if path and not path.startswith("/"):
        path = "/" + path
    return f"{labels.get(SCHEME, '')}://{labels.get(ADDRESS, '')}{path}"


def _problem(labels: Mapping[str, str]) -> str:
    address, scheme = labels.get(ADDRESS, ""), labels.get(SCHEME, "")
    if not address:
        return "no address"
    if any(char <= " " or char in "\x7f/@?#\\" for char in address):
        return f'"{address}" is not a valid hostname'
    if scheme not in ("http", "https"):
        return f'unsupported protocol scheme "{scheme}"'
    return ""
