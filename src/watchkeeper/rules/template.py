"""Labels and annotations of alerts: Go templates over a sample's labels and value.

Source: Prometheus rules/alerting.go and template/template.go.
"""

from __future__ import annotations

import functools
import time
import urllib.parse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from watchkeeper.core.model.errors import QueryError
from watchkeeper.core.model.go_float import format_shortest
from watchkeeper.core.model.histogram import Histogram
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.template.builtins import BUILTINS
from watchkeeper.core.template.errors import TemplateError
from watchkeeper.core.template.evaluate import DEFAULT_LIMITS, Limits, Source
from watchkeeper.core.template.template import Template
from watchkeeper.core.template.values import GoType, StringMap, ValueProblem, expose
from watchkeeper.core.vector.native_histogram import buckets
from watchkeeper.rules.interface import Samples
from watchkeeper.rules.template_functions import FUNCTIONS, QueryResult, TemplateSample

MAX_QUERIES: Final = 1000  # That one expansion may ask, in loops too.
MAX_SAMPLES: Final = 200_000  # In all answers to them.
MAX_SECONDS: Final = 10.0  # For all texts of one rule in one evaluation.
MAX_KEPT_SAMPLES: Final = 100_000  # Of answers that may be asked for again in one evaluation.
MAX_CALLS: Final = 100  # Of `tmpl` in one expansion.
MAX_DEPTH: Final = 10  # Of `tmpl` inside of `tmpl`.
_KNOWN: Final = {**BUILTINS, **FUNCTIONS}
SPENT: Final = f"exceeded maximum time of a rule's templates ({MAX_SECONDS:g}s)"
TOO_MANY_SAMPLES: Final = f"exceeded maximum number of samples ({MAX_SAMPLES})"
_INNER_LIMITS: Final = Limits(max_steps=20_000)

# As upstream has them: before the text and on its first line, so that columns of errors are the same.
_DEFINITIONS: Final = (
    "{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}{{$externalURL := .ExternalURL}}{{$value := .Value}}"
)

Query: TypeAlias = Callable[[str, int], Samples]
"""An expression and a time in ms; raises QueryError."""


@dataclass(frozen=True, slots=True)
class AlertData:
    """What a template sees as its data."""

    labels: StringMap
    external_labels: StringMap
    external_url: str
    value: object


@dataclass(frozen=True, slots=True)
class HistogramText:
    """A histogram as a value of templates: it can be printed, no more."""

    histogram: Histogram

    def __str__(self) -> str:
        """`{count:3, sum:4, (0.5,1]:3}`."""
        parts = [f"count:{format_shortest(self.histogram.count)}", f"sum:{format_shortest(self.histogram.sum)}"]
        parts += [
            f"{'[' if bucket.lower_inclusive else '('}{format_shortest(bucket.lower)},{format_shortest(bucket.upper)}"
            f"{']' if bucket.upper_inclusive else ')'}:{format_shortest(bucket.count)}"
            for bucket in buckets(self.histogram)
            if bucket.count
        ]
        return f"{{{', '.join(parts)}}}"


_FIELDS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "Labels": lambda data: data.labels,
    "ExternalLabels": lambda data: data.external_labels,
    "ExternalURL": lambda data: data.external_url,
    "Value": lambda data: data.value,
}
expose(
    AlertData,
    GoType(
        "struct { Labels map[string]string; ExternalLabels map[string]string; ExternalURL string; Value interface {} }",
        fields=_FIELDS,
    ),
)
expose(HistogramText, GoType("*histogram.FloatHistogram", text=str))


@dataclass(frozen=True, slots=True)
class Needs:
    """What the text of an expansion depends on beside labels: where none of it changes, neither does the text."""

    value: bool = False
    query: bool = False
    now: bool = False


NOTHING: Final = Needs()


def check_template(text: str, name: str) -> None:
    """Raises TemplateError where a text is no template that a rule can have."""
    if "{{" in text:
        _parsed(text, template_name(name))


def needs(text: str, name: str) -> Needs:
    """What an expansion of this text depends on; too much rather than too little. Raises TemplateError."""
    return NOTHING if "{{" not in text else _parsed(text, template_name(name)).needs


def template_name(name: str) -> str:
    """What errors call the templates of an alert."""
    return f"__alert_{name}"


@dataclass(frozen=True, slots=True)
class _Parsed:
    template: Template
    inner: Template  # The same with the limits of `tmpl`.
    needs: Needs


@functools.lru_cache(maxsize=1 << 16)
def _parsed(text: str, name: str) -> _Parsed:
    """Raises TemplateError."""
    try:
        known = _parsed_anonymously(text)
    except TemplateError:
        known = None
    if known is not None and not known.template.defined:
        # Alerts share many texts, and parsing takes far longer than giving a name.
        whole = known.template.text
        bodies, sources = {name: known.template.body}, {name: Source(name, whole)}
        template = Template(whole, name, bodies, sources, _KNOWN, "zero", DEFAULT_LIMITS)
        return _Parsed(template, template, known.needs)
    return _parse(text, name)


@functools.lru_cache(maxsize=1 << 14)
def _parsed_anonymously(text: str) -> _Parsed:
    return _parse(text, "")


def _parse(text: str, name: str) -> _Parsed:
    whole = _DEFINITIONS + text
    template = Template.parse(whole, FUNCTIONS, name=name)
    uses = template.fields()
    inner = template
    if "tmpl" in uses.functions:
        inner = Template.parse(whole, FUNCTIONS, name=name, limits=_INNER_LIMITS)
    # The definitions name every field, so that the text itself is looked at.
    value = uses.whole or "$value" in text or ".Value" in text
    return _Parsed(template, inner, Needs(value, "query" in uses.functions, "now" in uses.functions))


class Effort:
    """What the texts of all alerts of a rule in one evaluation share: time, and answers to what several ask.

    n_failed   texts that could not be expanded
    failure    the first of them
    """

    def __init__(self, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        self._monotonic_s = monotonic_s
        self._until_s = monotonic_s() + MAX_SECONDS
        self._answers: dict[tuple[str, int], QueryResult] = {}
        self._n_kept = 0
        self.n_failed = 0
        self.failure = ""

    @property
    def is_spent(self) -> bool:
        """Whether no time is left."""
        return self._monotonic_s() >= self._until_s

    def ask(self, query: Query, text: str, time_ms: int) -> QueryResult:
        """The answer of a query, asked once. Raises QueryError; ValueProblem where no time is left."""
        if self.is_spent:
            raise ValueProblem(SPENT)
        known = self._answers.get((text, time_ms))
        if known is not None:
            return known
        samples = query(text, time_ms)
        if len(samples.labels) > MAX_SAMPLES:
            raise ValueProblem(TOO_MANY_SAMPLES)
        answer = QueryResult(
            TemplateSample(StringMap(labels.pairs), 0.0 if row in samples.histograms else value)
            for row, (labels, value) in enumerate(zip(samples.labels, samples.values.tolist(), strict=True))
        )
        if self._n_kept + len(answer) <= MAX_KEPT_SAMPLES:
            self._n_kept += len(answer) + 1
            self._answers[text, time_ms] = answer
        return answer

    def note(self, failure: str) -> str:
        """Count a text that is an error, and give it."""
        self.n_failed += 1
        self.failure = self.failure or failure
        return failure


@dataclass(slots=True)
class Expander:
    """Expands any number of texts for one sample.

    value     a histogram can be printed
    time_ms   of the evaluation: what `now` and queries have
    effort    shared with other samples
    failed    whether any text so far could not be expanded
    """

    labels: Labels
    value: float | Histogram
    time_ms: int
    query: Query
    external_labels: Labels = field(default_factory=Labels)
    external_url: str = ""
    effort: Effort = field(default_factory=Effort)
    failed: bool = False
    _data: AlertData | None = None

    def expand(self, text: str, name: str) -> str:
        """The text; `<error expanding template: …>` where that fails. Never raises.

        name   of the alert
        """
        if "{{" not in text:
            return text
        called = template_name(name)
        if self.effort.is_spent:
            return self._fail(f"error executing template {called}: {SPENT}")
        try:
            parsed = _parsed(text, called)
        except TemplateError as error:
            return self._fail(f"error parsing template {called}: {error}")
        try:
            return parsed.template.execute(self._template_data(), _Execution(self, parsed.inner).functions())
        except TemplateError as error:
            return self._fail(f"error executing template {called}: {error}")

    def _fail(self, why: str) -> str:
        self.failed = True
        return self.effort.note(f"<error expanding template: {why}>")

    def _template_data(self) -> AlertData:
        if self._data is None:
            value = HistogramText(self.value) if isinstance(self.value, Histogram) else self.value
            self._data = AlertData(
                StringMap(self.labels.pairs), StringMap(self.external_labels.pairs), self.external_url, value
            )
        return self._data


class _Execution:
    """What one execution's functions know and may still do."""

    __slots__ = ("calls", "depth", "expander", "inner", "queries", "samples")

    def __init__(self, expander: Expander, inner: Template) -> None:
        self.expander = expander
        self.inner = inner
        self.queries = self.samples = self.calls = self.depth = 0

    def functions(self) -> dict[str, Callable[..., Any]]:
        """Those that are different for each execution."""
        return {
            "query": self.query,
            "tmpl": self.tmpl,
            "now": lambda: self.expander.time_ms / 1000,
            "externalURL": lambda: self.expander.external_url,
            "pathPrefix": lambda: urllib.parse.unquote(urllib.parse.urlsplit(self.expander.external_url).path),
        }

    def query(self, text: str) -> QueryResult:
        """The answer of a query at the time of the evaluation."""
        self.queries += 1
        if self.queries > MAX_QUERIES:
            raise ValueProblem(f"exceeded maximum number of queries ({MAX_QUERIES})")
        try:
            answer = self.expander.effort.ask(self.expander.query, text, self.expander.time_ms)
        except QueryError as error:
            raise ValueProblem(str(error)) from None
        self.samples += len(answer)
        if self.samples > MAX_SAMPLES:
            raise ValueProblem(TOO_MANY_SAMPLES)
        return answer

    def tmpl(self, name: str, data: object) -> str:
        """The text of a template that this one defines."""
        self.calls += 1
        if self.calls > MAX_CALLS:
            raise ValueProblem(f"exceeded maximum number of calls of tmpl ({MAX_CALLS})")
        if self.depth >= MAX_DEPTH:
            raise ValueProblem(f"exceeded maximum depth of tmpl ({MAX_DEPTH})")
        if name not in self.inner.defined:
            raise ValueProblem(f'template: no template "{name}" associated with template "{self.inner.name}"')
        self.depth += 1
        try:
            return self.inner.execute(data, self.functions(), name)
        except TemplateError as error:
            raise ValueProblem(str(error)) from None
        finally:
            self.depth -= 1


def expand(
    text: str,
    name: str,
    labels: Labels,
    value: float | Histogram,
    time_ms: int,
    query: Query,
    external_labels: Labels | None = None,
    external_url: str = "",
) -> str:
    """The text of a label or an annotation for one sample; `<error expanding template: …>` where that fails.

    name      of the alert
    labels    of the sample, the metric's name too
    query     what the function `query` asks
    """
    return Expander(labels, value, time_ms, query, external_labels or Labels(), external_url).expand(text, name)
