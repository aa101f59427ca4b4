"""What recording and alerting rules have in common: a loaded rule, its time of evaluation, its health."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from watchkeeper.core.model.errors import QueryCanceled, WatchkeeperError
from watchkeeper.rules.files.loaded import LoadedRule
from watchkeeper.rules.output import Output
from watchkeeper.rules.settings import GlobalSettings
from watchkeeper.rules.template import Query
from watchkeeper.rules.views import Health, RuleView


@dataclass(frozen=True, slots=True)
class Moment:
    """One evaluation of a group. Times are ms since the epoch.

    time_ms      when: what alerts and templates know
    offset_ms    how far back expressions look; samples carry that time
    interval_ms  of the group
    limit        of samples or alerts of one rule; 0 for none
    query        what templates ask
    is_ending    whether the server stops
    """

    time_ms: int
    offset_ms: int
    interval_ms: int
    limit: int
    settings: GlobalSettings
    query: Query
    is_ending: Callable[[], bool] = lambda: False

    @property
    def sample_ms(self) -> int:
        """The time that expressions are evaluated at and samples carry."""
        return self.time_ms - self.offset_ms

    def go_on(self) -> None:
        """Raises QueryCanceled where the server stops."""
        if self.is_ending():
            raise QueryCanceled("query was canceled in expanding templates")


class RuleError(WatchkeeperError):
    """A rule whose expression was answered, but whose answer can't be used."""


class Rule:
    """One rule of a running group. One thread at a time evaluates it; others may ask for its view."""

    def __init__(self, loaded: LoadedRule) -> None:
        self.loaded = loaded
        self.health: Health = "unknown"
        self.last_error = ""
        self.evaluation_s = 0.0
        self.last_evaluation_s: float | None = None

    @property
    def name(self) -> str:
        """Of the metric, or of the alert."""
        return self.loaded.name

    @property
    def identity(self) -> tuple[str, str, object]:
        """By what a rule is found again after a reload."""
        return self.loaded.kind, self.loaded.name, self.loaded.labels

    def evaluate(self, at: Moment) -> Output:
        """What is to be stored. Raises QueryError and RuleError."""
        raise NotImplementedError

    def settle(self, error: str) -> None:
        """Note how the evaluation went; an empty text says that it went well."""
        self.health, self.last_error = ("err", error) if error else ("ok", "")

    def view(self) -> RuleView:
        """As the API shows it."""
        loaded = self.loaded
        return RuleView(
            loaded.kind,
            loaded.name,
            loaded.expression.text,
            loaded.labels,
            self.health,
            self.last_error,
            self.evaluation_s,
            self.last_evaluation_s,
            line=loaded.line,
        )
