"""The log store's configuration as the process has it: from the flags or their file, and as others are shown it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Final

import yaml

from watchkeeper.app.options import Options
from watchkeeper.core.config.dump import dump, plain
from watchkeeper.core.config.schema import Kind, table_of
from watchkeeper.core.telemetry.metrics import Registry
from watchkeeper.logs.store.config import LokiConfig, embedded_config, load_loki_config
from watchkeeper.logs.store.limits import Limits

MS: Final = 1_000_000


def load(options: Options) -> LokiConfig:
    """The configuration that the flags name. Raises ConfigError."""
    if options.loki_config_file is None:
        return embedded_config(options.logs_retention_time_ms * MS, options.logs_retention_size_bytes)
    from watchkeeper.app.ruler_remote import RulerRemoteWrite

    return load_loki_config(
        options.loki_config_file, expand_env=options.config_expand_env, remote_write=RulerRemoteWrite
    )


def config_text(config: LokiConfig, mode: str) -> str:
    """The configuration as YAML: whole, what differs from the defaults (`diffs`), or the `defaults`."""
    if mode == "defaults":
        return dump(LokiConfig())
    if mode in ("diff", "diffs"):
        text: str = yaml.safe_dump(_differences(plain(config), plain(LokiConfig())), sort_keys=False)
        return text
    return dump(config)


def published_limits(config: LokiConfig, limits: Limits) -> dict[str, Any]:
    """Those limits that tenants may see, by upstream's names."""
    allowed = set(config.tenant_limits_allow_publish)
    return {
        item.key: item.kind.write(getattr(limits, item.field))
        for item in table_of(Limits).settings
        if item.key in allowed and isinstance(item.kind, Kind)
    }


def path_prefix(path: str) -> str:
    """What stands before every path: no slash at its end, empty for none."""
    path = "/" + path.strip("/")
    return "" if path == "/" else path


class Reloads:
    """Whether the configuration in force is the one in the file."""

    def __init__(self, registry: Registry) -> None:
        self._successful = registry.gauge(
            "watchkeeper_logs_config_last_reload_successful", "Whether the last reload of loki.yaml was successful."
        )
        self._successful_s = registry.gauge(
            "watchkeeper_logs_config_last_reload_success_timestamp_seconds",
            "Timestamp of the last successful reload of loki.yaml.",
        )
        self.note(True)

    def note(self, successful: bool) -> None:
        """A reload has ended."""
        self._successful.set(float(successful))
        if successful:
            self._successful_s.set(time.time())


def _differences(found: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """What differs from the defaults, section by section."""
    out: dict[str, Any] = {}
    for key, value in found.items():
        other = defaults.get(key)
        if isinstance(value, Mapping) and isinstance(other, Mapping):
            if inner := _differences(value, other):
                out[key] = inner
        elif value != other:
            out[key] = value
    return out
