"""The engine in the shape that test scripts ask: `testlang.runner.ScriptEngine`."""

from __future__ import annotations

from watchkeeper.core.telemetry.metrics import Registry
from watchkeeper.metrics.interface import Querier
from watchkeeper.metrics.promql.engine import Engine, EngineOptions
from watchkeeper.metrics.promql.parser import ALL_OPTIONS
from watchkeeper.metrics.promql.result import Matrix, Result, Scalar, String, Vector
from watchkeeper.metrics.promql.testlang.comparison import Answer, AnswerSeries, Point


class ScriptQueries:
    """Answers the queries of a script under the conditions that upstream's own run under."""

    def __init__(self) -> None:
        options = EngineOptions(delayed_name_removal=True, parser=ALL_OPTIONS)
        self._engine = Engine(options, Registry())

    def instant(self, querier: Querier, query: str, time_ms: int) -> Answer:
        """The answer at one time. Raises QueryError."""
        return answer_of(self._engine.instant(querier, query, time_ms))

    def range(self, querier: Querier, query: str, start_ms: int, end_ms: int, step_ms: int) -> Answer:
        """The answer at each step. Raises QueryError."""
        return answer_of(self._engine.range(querier, query, start_ms, end_ms, step_ms))


def answer_of(result: Result) -> Answer:
    """A result as single points, for comparison with what a script expects."""
    warnings, infos = tuple(result.warnings), tuple(result.infos)
    match result.value:
        case Scalar(value=number):
            return Answer(scalar=number, warnings=warnings, infos=infos)
        case String(value=text):
            return Answer(string=text, warnings=warnings, infos=infos)
        case Vector(time_ms=time_ms, frame=frame):
            times = [time_ms]
        case Matrix(times=axis, frame=frame):
            times = axis.tolist()
    series: list[AnswerSeries] = []
    for row, labels in enumerate(frame.labels):
        points: dict[int, Point] = {}
        cells = frame.histograms.get(row)
        for k, time_ms in enumerate(times):
            if frame.present[row, k]:
                points[time_ms] = float(frame.values[row, k])
            elif cells is not None and cells[k] is not None:
                points[time_ms] = cells[k]
        series.append(AnswerSeries(labels, points))
    return Answer(tuple(series), warnings=warnings, infos=infos)
