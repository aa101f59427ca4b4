"""`decolorize`: lines without the escape sequences of terminals."""

from __future__ import annotations

import re
from typing import Final

from watchkeeper.core.config.kinds import Nested
from watchkeeper.core.config.schema import section
from watchkeeper.logs.agent.entries import Entries
from watchkeeper.logs.agent.stages.stage import Stage, StageContext


@section
class DecolorizeConfig:
    """`decolorize`: strips colours. It has no settings."""


KIND: Final = Nested(DecolorizeConfig)

_SEQUENCE: Final = re.compile(
    rb"(?:\x1b|\xc2\x9b)[\[\]()#;?]*"
    rb"(?:(?:(?:[a-zA-Z\d]*(?:;[a-zA-Z\d]*)*)?\x07)|(?:(?:\d{1,4}(?:;\d{0,4})*)?[\dA-PRZcf-ntqry=><~]))"
)


class DecolorizeStage:
    """Strips escape sequences."""

    def run(self, entries: Entries) -> Entries:
        """The entries in black and white."""
        strip = _SEQUENCE.sub
        entries.lines = [strip(b"", line) if b"\x1b" in line or b"\xc2\x9b" in line else line for line in entries.lines]
        return entries


def make(config: DecolorizeConfig, context: StageContext) -> Stage:
    """The stage of a configuration."""
    return DecolorizeStage()
