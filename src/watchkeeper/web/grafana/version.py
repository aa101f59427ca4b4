"""Which Grafana's API this one follows."""

from __future__ import annotations

from typing import Final

# Tools choose their calls by this number.
COMPATIBLE_VERSION: Final = "11.6.0"
