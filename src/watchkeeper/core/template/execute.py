"""Nodes and data to text.

Source: Go text/template/exec.go, whose error texts these are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, assert_never

from watchkeeper.core.model.labels import quote
from watchkeeper.core.template import nodes
from watchkeeper.core.template.errors import TemplateError
from watchkeeper.core.template.evaluate import NIL, Evaluation
from watchkeeper.core.template.formatting import show
from watchkeeper.core.template.values import (
    NO_VALUE,
    Function,
    ValueProblem,
    is_true,
    kind_of,
    sorted_items,
    type_name,
)


class _Break(Exception):
    """A jump, not an error."""


class _Continue(Exception):
    """A jump, not an error."""


class Execution(Evaluation):
    """One execution of a template."""

    def run(self, data: Any) -> str:
        """The text. Raises TemplateError."""
        body = self.bodies.get(self.name)
        if body is None:
            raise TemplateError(
                f"template: {self.name}: {quote(self.name)} is an incomplete or empty template", 0, 0, ""
            )
        self.variables = [("$", data)]
        try:
            self._list(data, body)
        except RecursionError:
            self._fail(f"exceeded maximum template depth ({self.limits.max_depth})")
        return "".join(self.out)

    # --- lists ---

    def _list(self, dot: Any, body: nodes.List) -> None:
        for node in body.nodes:
            self._step()
            match node:
                case nodes.Text(text=text):
                    self._write(text)
                case nodes.Action(pipe=pipe):
                    self.node = node
                    value = self._pipe(dot, pipe)
                    if not pipe.variables:
                        self._print(value)
                case nodes.Branch(keyword="range"):
                    self._range(dot, node)
                case nodes.Branch():
                    self._if_or_with(dot, node)
                case nodes.Call():
                    self._template(dot, node)
                case nodes.Break():
                    raise _Break
                case nodes.Continue():
                    raise _Continue
                case _:
                    assert_never(node)

    def _print(self, value: Any) -> None:
        if value is None:
            self._write(NO_VALUE)
        elif isinstance(value, str):
            self._write(value)
        elif isinstance(value, Function):
            self._fail(f"can't print {show(value)} of type {type_name(value)}")
        else:
            try:
                self._write(show(value))
            except ValueProblem as problem:
                self._fail(str(problem))

    def _if_or_with(self, dot: Any, node: nodes.Branch) -> None:
        mark = len(self.variables)
        self.node = node
        value = self._pipe(dot, node.pipe)
        if is_true(value):
            self._list(value if node.keyword == "with" else dot, node.body)
        elif node.otherwise is not None:
            self._list(dot, node.otherwise)
        del self.variables[mark:]

    def _range(self, dot: Any, node: nodes.Branch) -> None:
        mark = len(self.variables)
        self.node = node
        value = self._pipe(dot, node.pipe)
        items = self._items(value, node)
        inner = len(self.variables)
        ran = False
        for key, each in items:
            ran = True
            self._step()
            item = NIL if each is None else each
            self._set_range_variables(node.pipe, key, item)
            try:
                self._list(item, node.body)
            except _Continue:
                pass
            except _Break:
                break
            finally:
                del self.variables[inner:]
        del self.variables[mark:]
        if not ran and node.otherwise is not None:
            self._list(dot, node.otherwise)

    def _items(self, value: Any, node: nodes.Branch) -> Sequence[tuple[Any, Any]] | enumerate[int]:
        match kind_of(value):
            case "slice":
                return list(enumerate(value))
            case "map":
                return sorted_items(value)
            case "nil":
                return ()
            case "int":
                if len(node.pipe.variables) > 1:
                    self._fail(f"can't use {show(value)} to iterate over more than one variable")
                return enumerate(range(value))
        raise self._error(f"range can't iterate over {show(value)}")

    def _set_range_variables(self, pipe: nodes.Pipe, key: Any, item: Any) -> None:
        names = pipe.variables
        if not names:
            return
        values = (item,) if len(names) == 1 else (key, item)
        if pipe.assigns:
            for variable, value in zip(names, values, strict=True):
                self._assign(variable.name, value)
        else:
            at = len(self.variables) - len(names)
            for i, (variable, value) in enumerate(zip(names, values, strict=True)):
                self.variables[at + i] = (variable.name, value)

    def _template(self, dot: Any, node: nodes.Call) -> None:
        self.node = node
        body = self.bodies.get(node.name)
        if body is None:
            self._fail(f"template {quote(node.name)} not defined")
        if self.depth >= self.limits.max_depth:
            self._fail(f"exceeded maximum template depth ({self.limits.max_depth})")
        argument = None if node.pipe is None else self._pipe(dot, node.pipe)
        kept_name, kept_variables = self.name, self.variables
        self.name, self.variables = node.name, [("$", argument)]
        self.depth += 1
        self._list(argument, body)
        self.depth -= 1
        self.name, self.variables = kept_name, kept_variables
