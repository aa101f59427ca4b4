"""The templates that a configuration has: the default set, the files it names, and the texts of its keys."""

from __future__ import annotations

import dataclasses
import functools
import importlib.resources
import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import Final

from watchkeeper.alerts.interface import Notice, NotifyError
from watchkeeper.alerts.templates.data import KV, Data, data_of
from watchkeeper.alerts.templates.functions import FUNCTIONS, functions_of
from watchkeeper.alerts.templates.html import HtmlExecution
from watchkeeper.alerts.templates.timed import TimedExecution
from watchkeeper.core.model.errors import ConfigError, ConfigProblem
from watchkeeper.core.template.errors import TemplateError
from watchkeeper.core.template.evaluate import Limits
from watchkeeper.core.template.template import Template

# A notice of 10,000 alerts, each a screen of labels, is still written; a loop that never ends is not.
LIMITS: Final = Limits(max_steps=2_000_000, max_output=8_000_000, max_depth=40)
MAX_KEPT: Final = 1000  # Parsed texts of keys; no configuration has so many.


class _Last(threading.local):
    """A thread's last notice: the dozen templates of a message follow each other in one thread."""

    notice: Notice | None = None
    data: Data | None = None


class Templates:
    """What turns the texts of a configuration's keys into messages. Safe to use from several threads at once.

    A definition in a file replaces the one of the same name that was there before it: the default set comes first,
    then the files in order.
    """

    def __init__(self, files: Iterable[tuple[str, str]] = (), external_url: str = "") -> None:
        """Raises ConfigError with the first problem of each file and its place.

        files         (name, text) each
        external_url  where people reach this server; `.ExternalURL`
        """
        self.external_url = external_url
        problems: list[ConfigProblem] = []
        template = default_templates()
        for name, text in files:
            try:
                template = template.with_definitions(text, name)
            except TemplateError as error:
                problems.append(ConfigProblem(name, error.line, error.column, "", error.problem))
        if problems:
            raise ConfigError(problems)
        self._template = template
        self._parsed: OrderedDict[str, Template] = OrderedDict()
        self._lock = threading.Lock()
        self._last = _Last()

    def text(self, template: str, notice: Notice, field: str = "") -> str:
        """A template's plain text for a notice. Raises NotifyError, which is not worth another try.

        template   the text of a key, `{{ template "slack.default.title" . }}`
        field      how an error calls it
        """
        return self._execute(template, notice, field, TimedExecution)

    def html(self, template: str, notice: Notice, field: str = "") -> str:
        """The same as HTML: values are escaped for the place where they stand."""
        return self._execute(template, notice, field, HtmlExecution)

    def data(self, notice: Notice) -> Data:
        """What templates see of a notice; the same object for the same notice, one after the other in a thread."""
        last = self._last
        if last.data is None or last.notice is not notice:
            last.notice, last.data = notice, self._with_route_labels(data_of(notice, self.external_url))
        return last.data

    def _with_route_labels(self, data: Data) -> Data:
        """With the labels of the route expanded, if they are templates. One that fails says so; the notice goes out."""
        if not any("{{" in value for value in data.route_labels.values()):
            return data
        made = KV()
        for name, value in data.route_labels.items():
            try:
                made[name] = (
                    self._parse(value).execute(data, functions_of(data), execution=TimedExecution)
                    if "{{" in value
                    else value
                )
            except TemplateError as error:
                made[name] = f"<error expanding template: {error}>"
        return dataclasses.replace(data, route_labels=made)

    @property
    def defined(self) -> frozenset[str]:
        """The names of all definitions."""
        return self._template.defined

    def _execute(self, template: str, notice: Notice, field: str, execution: type[TimedExecution]) -> str:
        if "{{" not in template:
            return template
        try:
            parsed = self._parse(template)
            data = self.data(notice)
            return parsed.execute(data, functions_of(data), execution=execution)
        except TemplateError as error:
            raise NotifyError(f"{field}: {error}" if field else str(error), is_retryable=False) from None

    def _parse(self, text: str) -> Template:
        with self._lock:
            found = self._parsed.get(text)
            if found is None:
                # The empty name is Go's as well, and no definition can have it.
                found = self._parsed[text] = self._template.with_definitions(text, "")
                if len(self._parsed) > MAX_KEPT:
                    self._parsed.popitem(last=False)
            return found


@functools.cache
def default_templates() -> Template:
    """The default set, with the functions and limits of notifications."""
    template = Template.parse("", FUNCTIONS, limits=LIMITS)
    for name, text in _default_files():
        template = template.with_definitions(text, name)
    return template


def _default_files() -> Sequence[tuple[str, str]]:
    folder = importlib.resources.files("watchkeeper.alerts.templates") / "default"
    found = [item for item in folder.iterdir() if item.name.endswith(".tmpl")]
    return [(item.name, item.read_text("utf-8")) for item in sorted(found, key=lambda item: item.name)]


def check_template(text: str) -> None:
    """Raises TemplateError for a text that is no template, or that calls a function there is not."""
    default_templates().with_definitions(text, "")
