"""`template`: a text made of what was extracted."""

from __future__ import annotations

from typing import Final

from watchkeeper.core.config.kinds import Nested, Text
from watchkeeper.core.config.schema import section, setting
from watchkeeper.core.telemetry.log import get_logger
from watchkeeper.core.template.errors import TemplateError
from watchkeeper.logs.agent.entries import Column, Entries, text_of
from watchkeeper.logs.agent.stages.stage import Stage, StageContext
from watchkeeper.logs.agent.stages.template_functions import compiled

log = get_logger("agent")


def check_template(text: str) -> None:
    """Raises ValueError with Go's words for a text that is no template."""
    try:
        compiled(text)
    except TemplateError as error:
        raise ValueError(str(error)) from None


@section
class TemplateConfig:
    """`template`: the source gets the template's text. `.Value` is what it was, `.Entry` the line, and every extracted
    value has its name; an empty text removes the source. What is missing shows as `<no value>`, and where a function
    of texts is given it, the source stays as it is."""

    source: str = setting(Text(filled=True))
    template: str = setting(Text(check_template), default="")


KIND: Final = Nested(TemplateConfig)


class Rendering:
    """A template over entries: executed once for all that look alike to it."""

    def __init__(self, text: str) -> None:
        self._template = compiled(text)
        uses = self._template.fields()
        self._names = None if uses.whole else tuple(sorted(uses.fields - {"Value", "Entry"}))
        self._reads_entry = uses.whole or "Entry" in uses.fields
        self._is_stable = not uses.functions & {"now", "date", "unixEpoch", "uuidv4"}

    def texts(self, entries: Entries, values: list[str | None]) -> list[str | None]:
        """The text for each entry; `values` are its `.Value`. None where the template fails, as is logged."""
        names = self._names
        if names is None:
            names = tuple(dict.fromkeys([*entries.initial, *entries.extracted]))
        columns = [[text_of(value) for value in entries.column(name) or [None] * len(entries)] for name in names]
        lines = entries.source(None) if self._reads_entry else [""] * len(entries)
        known: dict[tuple[str | None, ...], str | None] = {}
        out: list[str | None] = []
        for key in zip(values, lines, *columns, strict=True):
            if key not in known or not self._is_stable:
                known[key] = self._render(names, key)
            out.append(known[key])
        return out

    def _render(self, names: tuple[str, ...], key: tuple[str | None, ...]) -> str | None:
        value, line, *fields = key
        data = {name: text for name, text in zip(names, fields, strict=True) if text is not None}
        if value is not None:
            data["Value"] = value
        data["Entry"] = line or ""
        try:
            return self._template.execute(data)
        except TemplateError as error:
            log.debug("a template could not be executed", error=error)
            return None


class TemplateStage:
    """Renders a template."""

    def __init__(self, config: TemplateConfig) -> None:
        self._source = config.source
        self._rendering = Rendering(config.template)

    def run(self, entries: Entries) -> Entries:
        """The entries with the source's new value."""
        before = entries.source(self._source)
        texts = self._rendering.texts(entries, before)
        column: Column = [old if new is None else new or None for old, new in zip(before, texts, strict=True)]
        entries.extract(self._source, column, keep=False)
        return entries


def make(config: TemplateConfig, context: StageContext) -> Stage:
    """The stage of a configuration."""
    return TemplateStage(config)
