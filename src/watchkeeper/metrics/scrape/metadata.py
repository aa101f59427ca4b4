"""What targets say of their metrics: type, help and unit, shared among targets that say the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from weakref import WeakValueDictionary

from watchkeeper.core.model.metadata import Metadata


class Families(dict[str, Metadata]):
    """The metadata of one exposition by metric family name; never changed once shared."""

    __slots__ = ("__weakref__", "size_bytes")

    def __init__(self, families: Mapping[str, Metadata] | None = None) -> None:
        """A copy of `families`; `size_bytes` counts names and texts as upstream does, without what containers add."""
        super().__init__(families or {})
        self.size_bytes = sum(len(name) + len(m.type) + len(m.help) + len(m.unit) for name, m in self.items())


NONE: Final = Families()


class FamilyPool:
    """Hands out one `Families` for equal expositions: a hundred targets of one job mostly say the same."""

    def __init__(self) -> None:
        self._by_content: WeakValueDictionary[int, Families] = WeakValueDictionary()

    def share(self, families: Mapping[str, Metadata]) -> Families:
        """An equal `Families`, perhaps one that other targets hold already."""
        key = hash(tuple(families.items()))
        known = self._by_content.get(key)
        if known is not None and known == families:
            return known
        fresh = self._by_content[key] = Families(families)
        return fresh
