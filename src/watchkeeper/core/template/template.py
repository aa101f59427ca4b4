"""A parsed template: `Template.parse(text, functions)`, then `execute(data)` as often as wanted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

from watchkeeper.core.template import nodes
from watchkeeper.core.template.builtins import BUILTINS
from watchkeeper.core.template.evaluate import DEFAULT_LIMITS, Limits, Source
from watchkeeper.core.template.execute import Execution
from watchkeeper.core.template.parser import parse
from watchkeeper.core.template.uses import Uses, uses_of
from watchkeeper.core.template.values import Function, StringMap, function

MissingKey = Literal["zero", "default", "error"]
Functions = Mapping[str, Function | Callable[..., Any]]


class Template:
    """Parsed, immutable, and safe to execute from several threads at once."""

    __slots__ = ("_bodies", "_functions", "_limits", "_missing_key", "_sources", "name", "text")

    def __init__(
        self,
        text: str,
        name: str,
        bodies: Mapping[str, nodes.List],
        sources: Mapping[str, Source],
        functions: Mapping[str, Function],
        missing_key: MissingKey,
        limits: Limits,
    ) -> None:
        self.text = text
        self.name = name
        self._bodies = bodies
        self._sources = sources
        self._functions = functions
        self._missing_key = missing_key
        self._limits = limits

    @classmethod
    def parse(
        cls,
        text: str,
        functions: Functions | None = None,
        *,
        name: str = "",
        missing_key: MissingKey = "zero",
        limits: Limits = DEFAULT_LIMITS,
    ) -> Template:
        """The template of a text. Raises TemplateError.

        functions    beside those that every template has; of plain callables the types come from their annotations
        name         how errors call it
        missing_key  what a map gives for a key that it has not: the zero of its type, no value, or an error
        """
        known = {**BUILTINS, **_as_functions(functions or {})}
        bodies = parse(text, known, name)
        return cls(text, name, bodies, dict.fromkeys(bodies, Source(name, text)), known, missing_key, limits)

    def with_definitions(self, text: str, name: str) -> Template:
        """A template that knows what another text defines too, and that text itself under its name.

        A definition replaces one of the same name, unless it is empty. Raises TemplateError.
        """
        bodies, sources = dict(self._bodies), dict(self._sources)
        for defined, body in parse(text, self._functions, name).items():
            if defined not in bodies or not nodes.is_empty(body):
                bodies[defined] = body
                sources[defined] = Source(name, text)
        return Template(self.text, self.name, bodies, sources, self._functions, self._missing_key, self._limits)

    def execute(
        self,
        data: Any,
        functions: Functions | None = None,
        template: str | None = None,
        execution: type[Execution] = Execution,
    ) -> str:
        """The text for this data. Raises TemplateError.

        data       a plain dict of nothing but texts counts as a StringMap
        functions  take the place of those of the same name, with their parameters, for this execution only
        template   the name of one that the text defines, to be executed in place of the whole
        execution  how it is done; one that escapes what is written, for one
        """
        given = {name: self._replaced(name, item) for name, item in functions.items()} if functions else {}
        name = self.name if template is None else template
        if type(data) is dict and all(isinstance(value, str) for value in data.values()):
            data = StringMap(data)
        run = execution(name, self._bodies, self._sources, self._functions, given, self._missing_key, self._limits)
        return run.run(data)

    def _replaced(self, name: str, item: Function | Callable[..., Any]) -> Function:
        known = self._functions.get(name)
        if isinstance(item, Function) or known is None:
            return item if isinstance(item, Function) else function(item)
        return Function(item, known.params, known.rest)

    @property
    def body(self) -> nodes.List:
        """What stands outside of definitions."""
        return self._bodies[self.name]

    @property
    def defined(self) -> frozenset[str]:
        """Names of the templates that the text, and those added to it, define."""
        return frozenset(self._bodies) - {self.name}

    def fields(self) -> Uses:
        """Which fields of the data the result depends on, and on which functions."""
        return uses_of(self._bodies)


def _as_functions(functions: Functions) -> dict[str, Function]:
    return {name: item if isinstance(item, Function) else function(item) for name, item in functions.items()}
