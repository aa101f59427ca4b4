"""`name: source` maps, as `labels`, `json` and others have them."""

from __future__ import annotations

from watchkeeper.core.config.kinds import MapOf, Text
from watchkeeper.core.model.labels import is_legacy_name


def check_label(name: str) -> None:
    """Raises ValueError for what is no name of a label."""
    if not is_legacy_name(name):
        raise ValueError(f"invalid label name: {name}; letters, digits and underscores, no digit first")


SOURCES = MapOf(Text(), empty="")
LABEL_SOURCES = MapOf(Text(), check_label, "")
"""A source that is empty or null is the name itself."""
