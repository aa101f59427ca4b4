"""What is counted of the rule files of log rules, under the names of Loki's ruler."""

from __future__ import annotations

from typing import Final

from watchkeeper.core.telemetry.metrics import Registry

_USER: Final = ("user",)


class RulerMetrics:
    """One child for each tenant, `user`."""

    def __init__(self, registry: Registry) -> None:
        self._managers = registry.gauge("loki_ruler_managers_total", "Total number of managers registered and running.")
        self._successful = registry.gauge(
            "loki_ruler_config_last_reload_successful",
            "Boolean set to 1 whenever the last configuration reload attempt was successful.",
            _USER,
        )
        self._successful_s = registry.gauge(
            "loki_ruler_config_last_reload_successful_seconds",
            "Timestamp of the last successful configuration reload.",
            _USER,
        )
        self._updates = registry.counter(
            "loki_ruler_config_updates_total", "Total number of config updates triggered by a user.", _USER
        )
        self._bad_files = registry.gauge(
            "watchkeeper_ruler_bad_files",
            "Rule files that can't be used as they are now; the rules that they had before go on.",
            _USER,
        )

    def note(self, tenant: str, now_s: float, *, n_bad: int) -> None:
        """A tenant's files were read, and some of them can't be used."""
        self._updates.labels(tenant).inc()
        self._bad_files.labels(tenant).set(n_bad)
        self._successful.labels(tenant).set(float(not n_bad))
        if not n_bad:
            self._successful_s.labels(tenant).set(now_s)

    def count_managers(self, n: int) -> None:
        """So many tenants have rules that are evaluated."""
        self._managers.set(n)
