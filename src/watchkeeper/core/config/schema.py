"""How a configuration is declared: a frozen dataclass whose fields say their key, kind and default.

@section
class Server:
    listen: str = setting(text(), default="127.0.0.1")
    timeout_ms: int = setting(duration(), key="timeout", default=30_000)

    def checked(self, at: SectionPlace) -> Server: ...   # optional: checks and defaults across fields
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar, dataclass_transform

if TYPE_CHECKING:
    from watchkeeper.core.config.decode import Place

T = TypeVar("T")


class Kind(Generic[T]):
    """How the values of a key are read and written. Reading raises `Invalid`, or reports to its place."""

    label: str = "value"
    placeholder: Any = dataclasses.MISSING  # Stands in for a required value that is missing, so that checks go on.

    def read(self, at: Place) -> T:
        """The value at a place that is not null."""
        raise NotImplementedError

    def write(self, value: T) -> Any:
        """Plain data (dict, list, str, number) for YAML."""
        return value


class Invalid(ValueError):
    """A value that is not of its kind; the text says why."""


@dataclass(frozen=True, slots=True)
class Inline:
    """Marks a field whose keys stand among its owner's keys."""

    cls: type


@dataclass(frozen=True, slots=True)
class Setting:
    """One declared key."""

    field: str
    key: str
    kind: Kind[Any] | Inline
    required: bool
    show: bool
    help: str
    factory: Callable[[], Any]


@dataclass(frozen=True, slots=True)
class Table:
    """All declared keys of a section; `keys` includes those of inlined sections."""

    settings: tuple[Setting, ...]
    keys: tuple[str, ...]
    unsupported: Mapping[str, str]


_META = "watchkeeper"


def setting(
    kind: Kind[Any] | Inline,
    *,
    default: Any = dataclasses.MISSING,
    default_factory: Any = dataclasses.MISSING,
    key: str = "",
    show: bool = False,
    help: str = "",
) -> Any:
    """A field of a section.

    kind      how its value is read and written, or `Inline(cls)`
    default   without one (and without a factory) the key is required
    key       its name in YAML; the field's own name if not given
    show      whether a dump shows it even where it is zero or empty
    """
    meta = {_META: (kind, key, show, help)}
    if default is not dataclasses.MISSING:
        return field(default=default, metadata=meta)
    if default_factory is not dataclasses.MISSING:
        return field(default_factory=default_factory, metadata=meta)
    return field(metadata=meta)


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(setting, field))
def section(cls: type[T]) -> type[T]:
    """Class decorator: a frozen, slotted dataclass with keyword-only fields."""
    return dataclass(frozen=True, slots=True, kw_only=True)(cls)


_tables: dict[type, Table] = {}


def table_of(cls: type) -> Table:
    """The declared keys of a section class, in order."""
    found = _tables.get(cls)
    if found is None:
        found = _tables[cls] = _read_table(cls)
    return found


def _read_table(cls: Any) -> Table:
    settings: list[Setting] = []
    keys: list[str] = []
    unsupported: dict[str, str] = dict(getattr(cls, "UNSUPPORTED", {}))
    for item in dataclasses.fields(cls):
        if _META not in item.metadata:
            continue
        kind, key, show, help_ = item.metadata[_META]
        key = key or item.name
        required = item.default is dataclasses.MISSING and item.default_factory is dataclasses.MISSING
        settings.append(Setting(item.name, key, kind, required, show, help_, _factory(item)))
        if isinstance(kind, Inline):
            inner = table_of(kind.cls)
            keys.extend(inner.keys)
            unsupported.update(inner.unsupported)
        else:
            keys.append(key)
    return Table(tuple(settings), tuple(keys), unsupported)


def _factory(item: dataclasses.Field[Any]) -> Callable[[], Any]:
    if item.default_factory is not dataclasses.MISSING:
        return item.default_factory
    default = item.default
    return lambda: default
