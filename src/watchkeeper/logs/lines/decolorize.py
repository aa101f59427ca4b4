"""Lines without the colours of terminals."""

from __future__ import annotations

from watchkeeper.core.kernels import line_fields
from watchkeeper.core.kernels.texts import Texts


def decolorize(lines: Texts) -> Texts:
    """The lines without escape sequences; the very same texts where there are none."""
    return line_fields.decolorize(lines)
