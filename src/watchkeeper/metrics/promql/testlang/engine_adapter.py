"""The engine as scripts use it: everything experimental on, results as plain values."""

from __future__ import annotations

from watchkeeper.core.telemetry.metrics import Registry
from watchkeeper.core.vector.frame import Frame
from watchkeeper.metrics.interface import Querier
from watchkeeper.metrics.promql.engine import Engine, EngineOptions
from watchkeeper.metrics.promql.parser import ALL_OPTIONS
from watchkeeper.metrics.promql.result import Matrix, Result, Scalar, String, Vector
from watchkeeper.metrics.promql.testlang.comparison import Answer, AnswerSeries, Point


def script_options() -> EngineOptions:
    """The conditions that upstream runs its scripts under."""
    return EngineOptions(parser=ALL_OPTIONS, delayed_name_removal=True, use_start_timestamps=True)


class EngineAdapter:
    """A `ScriptEngine` over the real engine."""

    def __init__(self, options: EngineOptions | None = None) -> None:
        self._engine = Engine(options or script_options(), Registry())

    def instant(self, querier: Querier, query: str, time_ms: int) -> Answer:
        """The answer at one time. Raises QueryError."""
        return answer_of(self._engine.instant(querier, query, time_ms))

    def range(self, querier: Querier, query: str, start_ms: int, end_ms: int, step_ms: int) -> Answer:
        """The answer at each step. Raises QueryError."""
        return answer_of(self._engine.range(querier, query, start_ms, end_ms, step_ms))


def answer_of(result: Result) -> Answer:
    """A result's arrays as one value for each series and time; for the small answers of tests."""
    warnings, infos = tuple(result.warnings), tuple(result.infos)
    match result.value:
        case Scalar(value=value):
            return Answer(scalar=value, warnings=warnings, infos=infos)
        case String(value=text):
            return Answer(string=text, warnings=warnings, infos=infos)
        case Vector(time_ms=time_ms, frame=frame):
            return Answer(_series(frame, [time_ms]), warnings=warnings, infos=infos)
        case Matrix(times=times, frame=frame):
            return Answer(_series(frame, times.tolist()), warnings=warnings, infos=infos)


def _series(frame: Frame, times: list[int]) -> tuple[AnswerSeries, ...]:
    series: list[AnswerSeries] = []
    for row, labels in enumerate(frame.labels):
        points: dict[int, Point] = {
            time_ms: value
            for time_ms, value, is_present in zip(
                times, frame.values[row].tolist(), frame.present[row].tolist(), strict=True
            )
            if is_present
        }
        if row in frame.histograms:
            points.update(
                (time_ms, histogram)
                for time_ms, histogram in zip(times, frame.histograms[row].tolist(), strict=True)
                if histogram is not None
            )
        series.append(AnswerSeries(labels, points))
    return tuple(series)
