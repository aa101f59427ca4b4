"""`| decolorize`: lines without the colours of terminals."""

from __future__ import annotations

from watchkeeper.logs.lines.decolorize import decolorize
from watchkeeper.logs.logql.rows import BlockRows


class Decolorize:
    """Takes escape sequences out of lines."""

    def run(self, rows: BlockRows) -> None:
        """Changes lines."""
        lines = rows.lines
        if b"\x1b" in lines.data:
            rows.lines = decolorize(lines)
