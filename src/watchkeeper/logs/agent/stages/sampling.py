"""`sampling`: a share of the lines."""

from __future__ import annotations

import random
from typing import Final

from watchkeeper.core.config.kinds import Nested, Number, Text
from watchkeeper.core.config.schema import section, setting
from watchkeeper.logs.agent.entries import Entries
from watchkeeper.logs.agent.stages.stage import Stage, StageContext


@section
class SamplingConfig:
    """`sampling`: keeps a share of the lines, chosen at random."""

    rate: float = setting(Number(0, 1))
    drop_counter_reason: str = setting(Text(), default="sampling_stage")


KIND: Final = Nested(SamplingConfig)


class SamplingStage:
    """Keeps each line with the same probability."""

    def __init__(self, config: SamplingConfig, context: StageContext) -> None:
        self._config = config
        self._context = context
        self._random = random.Random()

    def run(self, entries: Entries) -> Entries:
        """The entries that were chosen."""
        draw, rate = self._random.random, self._config.rate
        keep = [row for row in range(len(entries)) if draw() < rate]
        self._context.drop(self._config.drop_counter_reason, len(entries) - len(keep))
        return entries.take(keep)


def make(config: SamplingConfig, context: StageContext) -> Stage:
    """The stage of a configuration."""
    return SamplingStage(config, context)
