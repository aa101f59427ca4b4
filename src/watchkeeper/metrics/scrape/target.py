"""A scrape target: its labels, its URL, its place in the interval, and how its last scrape went.

Source of the assembly order: Prometheus scrape/target.go, PopulateLabels and TargetsFromGroup.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote, urlencode

from watchkeeper.core.model.duration import DurationError, format_duration_ms, parse_duration_ms
from watchkeeper.core.model.errors import WatchkeeperError
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.relabel import Relabeler
from watchkeeper.discovery.interface import TargetGroup
from watchkeeper.metrics.scrape.config import ScrapeConfig
from watchkeeper.metrics.scrape.metadata import NONE, Families

ADDRESS: Final = "__address__"
SCHEME: Final = "__scheme__"
METRICS_PATH: Final = "__metrics_path__"
PARAM: Final = "__param_"
SCRAPE_INTERVAL: Final = "__scrape_interval__"
SCRAPE_TIMEOUT: Final = "__scrape_timeout__"
NATIVE_HISTOGRAMS: Final = "__scrape_native_histograms__"
CLASSIC_HISTOGRAMS: Final = "__always_scrape_classic_histograms__"
UNIX_SOCKET: Final = "__unix_socket__"
_META: Final = "__meta_"
_PATH_SAFE: Final = "/$&+,:;=@!'()*-._~"


class AssemblyError(WatchkeeperError):
    """Labels that do not make a target."""


@dataclass(slots=True, eq=False)
class Target:
    """One endpoint to scrape.

    labels          final labels, without any `__*`
    hidden          all labels after relabelling but the `__meta_*` ones
    discovered      labels before relabelling, for the targets page
    health          unknown, up or down
    last_scrape_s   seconds since 1970 when the last scrape began, 0 before the first
    """

    pool: str
    labels: Labels
    hidden: Labels
    discovered: Labels
    interval_ms: int
    timeout_ms: int
    params: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    health: str = "unknown"
    last_error: str = ""
    last_scrape_s: float = 0.0
    last_duration_s: float = 0.0
    families: Families = field(default_factory=lambda: NONE)

    @property
    def address(self) -> str:
        """`host:port`, or `host`."""
        return self.hidden.get(ADDRESS)

    @property
    def scheme(self) -> str:
        """http or https."""
        return self.hidden.get(SCHEME)

    @property
    def path(self) -> str:
        """Path and query of the URL."""
        path = quote(self.hidden.get(METRICS_PATH), safe=_PATH_SAFE)
        if path and not path.startswith("/"):
            path = "/" + path
        params = {name: list(values) for name, values in self.params.items()}
        for name, value in self.hidden:
            if name.startswith(PARAM):
                params[name[len(PARAM) :]] = [value, *params.get(name[len(PARAM) :], [])[1:]]
        return f"{path}?{urlencode(sorted(params.items()), doseq=True)}" if params else path

    @property
    def url(self) -> str:
        """Where it is scraped."""
        return f"{self.scheme}://{self.address}{self.path}"

    @property
    def identity(self) -> bytes:
        """16 bytes: equal for two targets that are scraped in the same way for the same series."""
        text = "\xff".join(part for pair in self.hidden for part in pair) + "\xff" + self.url
        return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()

    def offset_ms(self, now_ms: int, seed: int) -> int:
        """Milliseconds from now to the target's place in the interval: the same after every start."""
        place = (int.from_bytes(self.identity[:8], "big") ^ seed) % self.interval_ms
        return (place - now_ms) % self.interval_ms

    @property
    def global_url(self) -> str:
        """The URL as others may reach it."""
        return self.url

    @property
    def scrape_interval(self) -> str:
        """As Prometheus writes it."""
        return format_duration_ms(self.interval_ms)

    @property
    def scrape_timeout(self) -> str:
        """As Prometheus writes it."""
        return format_duration_ms(self.timeout_ms)


@dataclass(frozen=True, slots=True)
class DroppedTarget:
    """What relabelling dropped."""

    pool: str
    discovered: Labels


def discovered_labels(group: TargetGroup, config: ScrapeConfig) -> Iterator[Labels]:
    """The labels of each target of a group as discovery and the scrape config give them."""
    job = {
        "job": config.job_name,
        SCRAPE_INTERVAL: format_duration_ms(config.scrape_interval_ms),
        SCRAPE_TIMEOUT: format_duration_ms(config.scrape_timeout_ms),
        METRICS_PATH: config.metrics_path,
        SCHEME: config.scheme,
    }
    for name, values in config.params.items():
        if values:
            job[PARAM + name] = values[0]
    for target in group.targets:
        found = {**group.labels, **target}
        # Only what discovery left open; a label that it set to the empty string counts as open.
        found.update({name: value for name, value in job.items() if not found.get(name)})
        yield Labels(found.items())


def assemble(discovered: Labels, relabeler: Relabeler, config: ScrapeConfig) -> Target | None:
    """The target of one set of discovered labels, or None where relabelling drops it.

    Raises AssemblyError where the labels do not make a target.
    """
    labels = discovered.as_dict()
    if not relabeler.apply(labels):
        return None
    address = labels.get(ADDRESS, "")
    if not address:
        raise AssemblyError("no address")
    if "/" in address:
        raise AssemblyError(f'"{address}" is not a valid hostname')
    if any(char <= " " or char in "\x7f@?#\\" for char in address):
        raise AssemblyError(f'"{address}" is not a valid hostname')
    if labels.get(SCHEME) not in ("http", "https"):
        raise AssemblyError(f'unsupported protocol scheme "{labels.get(SCHEME, "")}"')
    interval_ms = _duration(labels, SCRAPE_INTERVAL, "scrape interval")
    timeout_ms = _duration(labels, SCRAPE_TIMEOUT, "scrape timeout")
    if timeout_ms > interval_ms:
        raise AssemblyError(
            f"scrape timeout cannot be greater than scrape interval ("
            f'"{labels[SCRAPE_TIMEOUT]}" > "{labels[SCRAPE_INTERVAL]}")'
        )
    labels = {name: value for name, value in labels.items() if not name.startswith(_META)}
    if not labels.get("instance"):
        labels["instance"] = address
    final = Labels((name, value) for name, value in labels.items() if not name.startswith("__"))
    for name, value in final:
        if any("\ud800" <= char <= "\udfff" for char in value):
            raise AssemblyError(f'invalid label value for "{name}": {value!r}')
    return Target(config.job_name, final, Labels(labels.items()), discovered, interval_ms, timeout_ms, config.params)


def _duration(labels: Mapping[str, str], name: str, what: str) -> int:
    text = labels.get(name, "")
    try:
        value_ms = parse_duration_ms(text)
    except DurationError as error:
        raise AssemblyError(f"error parsing {what}: {error}") from None
    if value_ms == 0:
        raise AssemblyError(f"{what} cannot be 0")
    return value_ms


def host_and_port(target: Target) -> tuple[str, int]:
    """Where to connect; the scheme's port where the address has none. Raises AssemblyError."""
    host, colon, port = target.address.rpartition(":")
    if not colon or port.endswith("]") or (":" in host and not host.startswith("[")):
        host, port = target.address, ""
    if not port:
        return host.strip("[]"), 443 if target.scheme == "https" else 80
    if not (port.isascii() and port.isdigit() and int(port) < 65536):
        raise AssemblyError(f'"{target.address}" is not a valid hostname: invalid port')
    return host.strip("[]"), int(port)


def flag(target: Target, name: str, default: bool) -> bool:
    """A switch that relabelling may set for one target: `__scrape_native_histograms__` and its like."""
    value = target.hidden.get(name)
    return default if not value else value == "true"


def metadata_of(targets: Iterable[Target]) -> tuple[int, int]:
    """Entries and bytes of the metadata that these targets hold, as upstream counts them: each target's own."""
    n_entries = size_bytes = 0
    for target in targets:
        n_entries += len(target.families)
        size_bytes += target.families.size_bytes
    return n_entries, size_bytes
