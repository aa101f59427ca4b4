"""info(): labels carried over from info metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    pass

FUNCTIONS: Final[dict[str, Any]] = {}
