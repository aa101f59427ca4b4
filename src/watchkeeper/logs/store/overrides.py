"""Limits of each tenant: what the runtime configuration's `overrides` says, over `limits_config`.

The file is looked at every period; where it changed and is right its limits apply from the next push or query on, and
where it is wrong the old ones stay.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any, Final

from watchkeeper.core.config.decode import BROKEN, Entry, Load, Place, decode_partly, read_section
from watchkeeper.core.config.document import read_text
from watchkeeper.core.config.go_kinds import AcceptedBlock
from watchkeeper.core.config.kinds import MapOf, Nested
from watchkeeper.core.config.schema import Inline, Kind, section, setting, table_of
from watchkeeper.core.model.errors import ConfigError, ConfigProblem
from watchkeeper.core.telemetry.log import get_logger
from watchkeeper.core.telemetry.metrics import Registry
from watchkeeper.logs.store.limits import DEFAULTS, Limits

log = get_logger("runtime config")

SECOND_NS: Final = 1_000_000_000


class TenantLimits(Kind[Limits]):
    """Limits of which only some keys are given; the rest is what the load shares as everybody's."""

    label = "limits"

    def read(self, at: Place) -> Limits:
        made = read_section(Limits, at)
        if made is BROKEN:
            return made  # type: ignore[return-value]
        found: Limits = _overlay(at.load.shared(Limits), made, at.entries())
        return found

    def write(self, value: Limits) -> Any:
        return Nested(Limits).write(value)


@section
class RuntimeConfigFile:
    """What `runtime_config.file` names: limits by tenant."""

    overrides: dict[str, Limits] = setting(MapOf(TenantLimits()), default_factory=dict)
    configs: Any = setting(AcceptedBlock(), default=None)


class Overrides:
    """Limits by tenant.

    base      those of tenants that have none of their own
    files     runtime configuration files; of a tenant that stands in several the last counts
    period_ns how often `tick` looks at them
    """

    def __init__(
        self,
        base: Limits = DEFAULTS,
        files: tuple[Path, ...] = (),
        period_ns: int = 10 * SECOND_NS,
        registry: Registry | None = None,
    ) -> None:
        self._base = base
        self._files = files
        self._period_ns = period_ns
        self._by_tenant: dict[str, Limits] = {}
        self._seen: tuple[object, ...] = ()
        self._next_ns = 0
        self._lock = threading.Lock()
        self.warnings: tuple[ConfigProblem, ...] = ()
        self.version = 0
        registry = registry if registry is not None else Registry()
        self._is_good = registry.gauge(
            "loki_runtime_config_last_reload_successful", "Whether the last reload of the runtime configuration worked."
        )
        self._is_good.set(1)

    def of(self, tenant: str) -> Limits:
        """The limits that apply to a tenant now."""
        return self._by_tenant.get(tenant, self._base)

    @property
    def base(self) -> Limits:
        """The limits of tenants without their own."""
        return self._base

    @property
    def tenants(self) -> tuple[str, ...]:
        """Tenants that have limits of their own, sorted."""
        return tuple(sorted(self._by_tenant))

    def replace_base(self, base: Limits, files: tuple[Path, ...], period_ns: int) -> None:
        """Apply a reloaded configuration. Raises ConfigError, and keeps all that applied, where its files are wrong."""
        by_tenant, warnings = read_overrides(files, base)
        with self._lock:
            self._base, self._files, self._period_ns = base, files, period_ns
            self._apply(by_tenant, warnings, _state(files))

    def load(self) -> None:
        """Read the files now. Raises ConfigError; the old limits stay."""
        with self._lock:
            state = _state(self._files)
            try:
                by_tenant, warnings = read_overrides(self._files, self._base)
            except ConfigError:
                self._seen = state
                self._is_good.set(0)
                raise
            self._apply(by_tenant, warnings, state)

    def tick(self, now_ns: int) -> bool:
        """Look at the files where it is time to. Whether other limits apply now; a wrong file is logged, once."""
        if not self._files or now_ns < self._next_ns:
            return False
        self._next_ns = now_ns + self._period_ns
        if _state(self._files) == self._seen:
            return False
        before = self.version
        try:
            self.load()
        except ConfigError as error:
            for problem in error.problems:
                log.error("the runtime configuration can't be used; the limits in force stay", err=problem)
        return self.version != before

    def _apply(self, by_tenant: dict[str, Limits], warnings: list[ConfigProblem], state: tuple[object, ...]) -> None:
        self._seen = state
        self._is_good.set(1)
        for warning in warnings:
            if warning not in self.warnings:
                log.warn("runtime configuration", warning=warning)
        self.warnings = tuple(warnings)
        # The version also moves for a new base: who keeps what it made of limits compares versions.
        self._by_tenant = by_tenant
        self.version += 1


def read_overrides(files: tuple[Path, ...], base: Limits) -> tuple[dict[str, Limits], list[ConfigProblem]]:
    """Limits by tenant from runtime configuration files, and their warnings. Raises ConfigError."""
    load: Load | None = None
    found: dict[str, Limits] = {}
    for path in files:
        load = Load(str(path), lenient=True) if load is None else load.included(str(path))
        load.share(base)
        try:
            made = decode_partly(RuntimeConfigFile, read_text(path), load)
        except ConfigError as error:
            load.problems.extend(error.problems)
            continue
        if isinstance(made, RuntimeConfigFile):
            found.update(made.overrides)
    if load is None:
        return found, []
    load.finish()
    return found, load.warnings


def _state(files: tuple[Path, ...]) -> tuple[object, ...]:
    """What changes when a file does; a mounted ConfigMap changes the file behind its link."""
    out: list[object] = []
    for path in files:
        try:
            stat = path.stat()
        except OSError:
            out.append(None)
        else:
            out.append((stat.st_ino, stat.st_size, stat.st_mtime_ns))
    return tuple(out)


def _overlay(base: Any, made: Any, entries: dict[str, Entry]) -> Any:
    """`base` with what the file gives, down into sections."""
    values = {}
    for item in table_of(type(made)).settings:
        assert not isinstance(item.kind, Inline)
        value = getattr(made, item.field)
        entry = entries.get(item.key)
        if entry is None:
            value = getattr(base, item.field)
        elif isinstance(item.kind, Nested) and type(value) is item.kind.cls:
            value = _overlay(getattr(base, item.field), value, entry.value.entries())
        values[item.field] = value
    return type(made)(**values)
