"""Flags of upstream without effect here: accepted with a warning, so that its manifests work as they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

# Flags with a value.
WITH_VALUE: Final = frozenset(
    {
        "alertmanager.timeout",
        "auto-gomemlimit.ratio",
        "cluster.tcp-timeout",
        "cluster.tls-config",
        "scrape.discovery-reload-interval",
        "scrape.timestamp-tolerance",
        "storage.agent.path",
        "storage.agent.retention.max-time",
        "storage.agent.retention.min-time",
        "storage.agent.wal-segment-size",
        "storage.agent.wal-truncate-frequency",
        "storage.remote.flush-deadline",
        "storage.tsdb.block-reload-interval",
        "storage.tsdb.delayed-compaction.max-percent",
        "storage.tsdb.head-chunks-write-queue-size",
        "storage.tsdb.max-block-chunk-segment-size",
        "storage.tsdb.max-block-duration",
        "storage.tsdb.min-block-duration",
        "storage.tsdb.samples-per-chunk",
        "storage.tsdb.wal-compression-type",
        "storage.tsdb.wal-segment-size",
        "web.console.libraries",
        "web.console.templates",
        "web.max-notifications-subscribers",
        "web.user-assets",
    }
)
# Flags that are on or off, and may be written with `no-`.
SWITCHES: Final = frozenset(
    {
        "agent.no-lockfile",
        "auto-gomaxprocs",
        "auto-gomemlimit",
        "cluster.allow-insecure-public-advertise-address-discovery",
        "log.silences",
        "scrape.adjust-timestamps",
        "storage.agent.no-lockfile",
        "storage.agent.wal-compression",
        "storage.tsdb.allow-overlapping-blocks",
        "storage.tsdb.allow-overlapping-compaction",
        "storage.tsdb.head-chunks-write-queue",
        "storage.tsdb.no-lockfile",
        "storage.tsdb.wal-compression",
    }
)
# Switches that do have an effect: only their `no-` form is turned into nothing, as off is their default.
KNOWN_SWITCHES: Final = frozenset(
    {
        "config.auto-reload",
        "web.enable-admin-api",
        "web.enable-lifecycle",
        "web.enable-otlp-receiver",
        "web.enable-remote-write-receiver",
    }
)


def without_ignored(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """The arguments without flags that have no effect here, and the names of those flags."""
    kept: list[str] = []
    ignored: list[str] = []
    rest = iter(arguments)
    for argument in rest:
        if argument == "--":
            kept += [argument, *rest]
            break
        name, equals, _ = argument.removeprefix("--").partition("=")
        plain = name.removeprefix("no-")
        if not argument.startswith("--"):
            kept.append(argument)
        elif name in WITH_VALUE:
            ignored.append(name)
            if not equals:
                next(rest, None)
        elif plain in SWITCHES:
            ignored.append(name)
        elif name != plain and plain in KNOWN_SWITCHES:
            continue
        else:
            kept.append(argument)
    return kept, ignored
