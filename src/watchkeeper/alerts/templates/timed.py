"""An execution that takes no longer than it may, whatever its steps are."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Final

from watchkeeper.core.template import nodes
from watchkeeper.core.template.evaluate import Limits, Source
from watchkeeper.core.template.execute import Execution
from watchkeeper.core.template.values import Function

MAX_TIME_S: Final = 10.0  # Ten times what the default mail takes for 10,000 alerts.
_STEPS_BETWEEN: Final = 16  # The time is looked at after so many.


class TimedExecution(Execution):
    """Steps are limited already; their time is, because one may work on megabytes of text."""

    def __init__(
        self,
        name: str,
        bodies: Mapping[str, nodes.List],
        sources: Mapping[str, Source],
        functions: Mapping[str, Function],
        given: Mapping[str, Function],
        missing_key: str,
        limits: Limits,
    ) -> None:
        super().__init__(name, bodies, sources, functions, given, missing_key, limits)
        self._end_s = time.monotonic() + MAX_TIME_S

    def _step(self) -> None:
        super()._step()
        if self.n_steps % _STEPS_BETWEEN == 0 and time.monotonic() > self._end_s:
            self._fail(f"exceeded maximum time of execution ({MAX_TIME_S:g} s)")
