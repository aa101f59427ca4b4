"""Pipelines to values: variables, fields, methods and functions.

Source: Go text/template/exec.go, whose error texts these are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NoReturn, assert_never

from watchkeeper.core.model.labels import quote
from watchkeeper.core.template import nodes
from watchkeeper.core.template.builtins import BUILTINS
from watchkeeper.core.template.errors import TemplateError
from watchkeeper.core.template.values import (
    ANY,
    Function,
    StringMap,
    ValueProblem,
    exposed,
    is_assignable,
    is_true,
    type_name,
)


@dataclass(frozen=True, slots=True)
class Limits:
    """What one execution may use.

    max_steps   nodes executed and functions called, loops included; a function's long texts count too, as so many steps
    max_output  characters written, and of any single text that is made on the way
    max_depth   templates that call templates
    """

    max_steps: int = 200_000
    max_output: int = 4_000_000
    max_depth: int = 40


DEFAULT_LIMITS: Final = Limits()
STEP_CHARACTERS: Final = 256  # Of the texts that a function is given, for one step.
_MAX_INT: Final = (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class Source:
    """A text that templates were parsed from, and its name."""

    name: str
    text: str


class _Nothing:
    """No last argument: what a pipeline's first command gets."""


class _NilElement:
    """The nil that a `map[string]interface {}` or a list holds; it has no fields. Elsewhere nil is None."""


_NOTHING: Final = _Nothing()
NIL: Final = _NilElement()


class Evaluation:
    """The state of one execution, and what its pipelines give.

    bodies       of all templates, by name
    sources      what they were parsed from, by name; for errors
    given        functions of this execution, before all others
    missing_key  of maps: `zero` (the zero of the map's type), `default` (no value) or `error`
    """

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
        self.name = name
        self.bodies = bodies
        self.sources = sources
        self.functions = functions
        self.given = given
        self.missing_key = missing_key
        self.limits = limits
        self.out: list[str] = []
        self.n_out = 0
        self.n_steps = 0
        self.depth = 0
        self.variables: list[tuple[str, Any]] = []
        self.node: nodes.Shown | None = None

    # --- errors and limits ---

    def _fail(self, problem: str) -> NoReturn:
        raise self._error(problem)

    def _error(self, problem: str) -> TemplateError:
        """The error of what is being worked on."""
        node = self.node
        source = self.sources[self.name]
        if node is None:
            return TemplateError(f"template: {source.name}: {problem}", 0, 0, problem)
        before = source.text[: node.at]
        line = before.count("\n") + 1
        start = before.rfind("\n") + 1
        column = len(before[start:].encode(errors="surrogatepass"))
        place = f"{source.name}:{line}:{column}"
        message = f"template: {place}: executing {quote(self.name)} at <{node}>: {problem}"
        return TemplateError(message, line, node.at - start + 1, problem)

    def _step(self) -> None:
        self.n_steps += 1
        if self.n_steps > self.limits.max_steps:
            self._fail(f"exceeded maximum number of steps ({self.limits.max_steps})")

    def _write(self, text: str) -> None:
        self.n_out += len(text)
        self._limit(self.n_out)
        self.out.append(text)

    def _limit(self, size: int) -> None:
        if size > self.limits.max_output:
            self._fail(f"exceeded maximum size of output ({self.limits.max_output})")

    # --- variables ---

    def _assign(self, name: str, value: Any) -> None:
        for i in range(len(self.variables) - 1, -1, -1):
            if self.variables[i][0] == name:
                self.variables[i] = (name, value)
                return
        self._fail(f"undefined variable: {name}")

    def _variable(self, name: str) -> Any:
        for known, value in reversed(self.variables):
            if known == name:
                return value
        raise self._error(f"undefined variable: {name}")

    # --- pipelines ---

    def _pipe(self, dot: Any, pipe: nodes.Pipe) -> Any:
        self.node = pipe
        value: Any = _NOTHING
        for command in pipe.commands:
            value = self._command(dot, command, value)
            if value is NIL:
                value = None
        for variable in pipe.variables:
            if pipe.assigns:
                self._assign(variable.name, value)
            else:
                self.variables.append((variable.name, value))
        return value

    def _command(self, dot: Any, command: nodes.Command, final: Any) -> Any:
        first = command.args[0]
        args = command.args[1:]
        match first:
            case nodes.Field():
                return self._field_chain(dot, dot, first, first.names, args, final)
            case nodes.Chain():
                return self._chain(dot, first, args, final)
            case nodes.Identifier():
                return self._function(dot, first, command, args, final)
            case nodes.Variable():
                return self._variable_chain(dot, first, args, final)
            case nodes.Pipe():
                self._no_arguments(first, args, final)
                return self._pipe(dot, first)
            case _:
                self.node = first
                self._no_arguments(first, args, final)
                return self._constant_command(dot, first)

    def _constant_command(
        self, dot: Any, node: nodes.Dot | nodes.Nil | nodes.Bool | nodes.Number | nodes.String
    ) -> Any:
        match node:
            case nodes.Dot():
                return dot
            case nodes.Nil():
                raise self._error("nil is not a command")
            case nodes.Bool(value=value):
                return value
            case nodes.Number():
                return self._ideal(node)
            case nodes.String(value=text):
                return text
            case _:
                assert_never(node)

    def _no_arguments(self, first: nodes.Operand, args: Sequence[nodes.Operand], final: Any) -> None:
        if args or final is not _NOTHING:
            self._fail(f"can't give argument to non-function {first}")

    def _ideal(self, number: nodes.Number) -> int | float:
        """A number where any type is wanted."""
        self.node = number
        if number.looks_real:
            return number.real
        assert number.integer is not None
        if not -_MAX_INT - 1 <= number.integer <= _MAX_INT:
            self._fail(f"{number.text} overflows int")
        return number.integer

    def _variable_chain(self, dot: Any, node: nodes.Variable, args: Sequence[nodes.Operand], final: Any) -> Any:
        self.node = node
        value = self._variable(node.name)
        if not node.names:
            self._no_arguments(node, args, final)
            return value
        return self._field_chain(dot, value, node, node.names, args, final)

    def _chain(self, dot: Any, node: nodes.Chain, args: Sequence[nodes.Operand], final: Any) -> Any:
        self.node = node
        if isinstance(node.node, nodes.Nil):
            self._fail(f"indirection through explicit nil in {node}")
        return self._field_chain(dot, self._argument(dot, ANY, node.node), node, node.names, args, final)

    def _field_chain(
        self,
        dot: Any,
        receiver: Any,
        node: nodes.Field | nodes.Variable | nodes.Chain,
        names: Sequence[str],
        args: Sequence[nodes.Operand],
        final: Any,
    ) -> Any:
        self.node = node
        of_any = False
        for name in names[:-1]:
            inner = self._field(dot, receiver, node, name, (), _NOTHING, of_any)
            of_any = isinstance(receiver, Mapping) and not isinstance(receiver, StringMap)
            receiver = inner
        return self._field(dot, receiver, node, names[-1], args, final, of_any)

    def _field(
        self,
        dot: Any,
        receiver: Any,
        node: nodes.Field | nodes.Variable | nodes.Chain,
        name: str,
        args: Sequence[nodes.Operand],
        final: Any,
        of_any: bool,
    ) -> Any:
        """A field, a map's value, or what a method gives. `of_any`: the receiver is a value of a map of anything."""
        self.node = node
        if receiver is NIL:
            self._fail(f"nil pointer evaluating {ANY}.{name}")
        if receiver is None:
            if self.missing_key == "error":
                self._fail(f"nil data; no entry for key {quote(name)}")
            return None
        known = exposed(receiver)
        if known is not None:
            method = known.methods.get(name)
            if method is not None:
                bound = Function(lambda *given: method.call(receiver, *given), method.params, method.rest)
                return self._invoke(dot, bound, node, name, args, final)
            get = known.fields.get(name)
            if get is not None:
                if args or final is not _NOTHING:
                    self._fail(f"{name} has arguments but cannot be invoked as function")
                return get(receiver)
        if isinstance(receiver, Mapping):
            if args or final is not _NOTHING:
                self._fail(f"{name} is not a method but has arguments")
            if name in receiver:
                value = receiver[name]
                return NIL if value is None else value
            if self.missing_key == "error":
                self._fail(f"map has no entry for key {quote(name)}")
            if self.missing_key == "default":
                return None
            return "" if isinstance(receiver, StringMap) else NIL
        kind = ANY if of_any else type_name(receiver)
        raise self._error(f"can't evaluate field {name} in type {kind}")

    # --- functions ---

    def _function(
        self,
        dot: Any,
        node: nodes.Identifier,
        whole: nodes.Identifier | nodes.Command,
        args: Sequence[nodes.Operand],
        final: Any,
    ) -> Any:
        self.node = node
        target = self.given.get(node.name) or self.functions.get(node.name)
        if target is None:
            self._fail(f"{quote(node.name)} is not a defined function")
        if node.name in ("and", "or") and target.rest == ANY:
            return self._and_or(dot, node, args, final)
        return self._invoke(dot, target, whole, node.name, args, final)

    def _and_or(self, dot: Any, node: nodes.Identifier, args: Sequence[nodes.Operand], final: Any) -> Any:
        """Arguments are worked out only up to the one that decides."""
        if not args and final is _NOTHING:
            self._fail(f"wrong number of args for {node.name}: want at least 1 got 0")
        value: Any = None
        for argument in args:
            value = self._argument(dot, ANY, argument)
            if is_true(value) == (node.name == "or"):
                return value
        return value if final is _NOTHING else final

    def _invoke(
        self,
        dot: Any,
        target: Function,
        node: nodes.Identifier | nodes.Command | nodes.Field | nodes.Variable | nodes.Chain,
        name: str,
        args: Sequence[nodes.Operand],
        final: Any,
    ) -> Any:
        self._step()
        n_given = len(args) + (final is not _NOTHING)
        n_fixed = len(target.params)
        if target.rest is None and n_given != n_fixed:
            self._fail(f"wrong number of args for {name}: want {n_fixed} got {n_given}")
        if n_given < n_fixed:
            self._fail(f"wrong number of args for {name}: want at least {n_fixed} got {n_given}")
        types = [*target.params, *([target.rest or ANY] * (n_given - n_fixed))]
        values = [self._argument(dot, wanted, argument) for wanted, argument in zip(types, args, strict=False)]
        if final is not _NOTHING:
            values.append(self._checked(final, types[-1]))
        if target is BUILTINS["call"] and args and not isinstance(values[0], Function | None):
            # Only here a value is shown as it is written.
            self.node = node
            self._fail(f"error calling call: non-function {args[0]} of type {type_name(values[0])}")
        return self._safe_call(target.call, node, name, values)

    def _safe_call(self, call: Callable[..., Any], node: nodes.Shown, name: str, values: list[Any]) -> Any:
        # Work on a text of megabytes is no single step.
        self.n_steps += sum([len(value) for value in values if isinstance(value, str)]) // STEP_CHARACTERS
        try:
            result = call(*values)
        except (ValueProblem, ArithmeticError, LookupError, ValueError, TypeError) as problem:
            self.node = node
            self._fail(f"error calling {name}: {problem}")
        if isinstance(result, str):
            self._limit(len(result))
        elif isinstance(result, int) and not -_MAX_INT - 1 <= result <= _MAX_INT:
            # Go's integers wrap around.
            result = (result + _MAX_INT + 1) % (2 * _MAX_INT + 2) - _MAX_INT - 1
        return result

    def _argument(self, dot: Any, wanted: str, node: nodes.Operand) -> Any:
        """An argument, of the type that is wanted."""
        self.node = node
        match node:
            case nodes.Dot():
                return self._checked(dot, wanted)
            case nodes.Nil():
                if wanted != ANY:
                    self._fail(f"cannot assign nil to {wanted}")
                return None
            case nodes.Field():
                return self._checked(self._field_chain(dot, dot, node, node.names, (), _NOTHING), wanted)
            case nodes.Variable():
                return self._checked(self._variable_chain(dot, node, (), _NOTHING), wanted)
            case nodes.Pipe():
                return self._checked(self._pipe(dot, node), wanted)
            case nodes.Identifier():
                return self._checked(self._function(dot, node, node, (), _NOTHING), wanted)
            case nodes.Chain():
                return self._checked(self._chain(dot, node, (), _NOTHING), wanted)
            case nodes.Number():
                return self._constant(node, wanted)
            case nodes.Bool(value=value):
                return self._constant_of(node, wanted, "bool", value)
            case nodes.String(value=text):
                return self._constant_of(node, wanted, "string", text)
            case _:
                assert_never(node)

    def _constant(self, node: nodes.Number, wanted: str) -> int | float:
        match wanted:
            case "float64":
                return node.real
            case "int":
                if node.integer is None or not -_MAX_INT - 1 <= node.integer <= _MAX_INT:
                    self._fail(f"expected integer; found {node}")
                return node.integer
            case "interface {}":
                return self._ideal(node)
        return self._wrong_constant(node, wanted)

    def _constant_of(self, node: nodes.Operand, wanted: str, kind: str, value: Any) -> Any:
        if wanted in (kind, ANY):
            return value
        return self._wrong_constant(node, wanted)

    def _wrong_constant(self, node: nodes.Operand, wanted: str) -> NoReturn:
        names = {"float64": "float", "int": "integer", "string": "string", "bool": "bool"}
        if wanted in names:
            self._fail(f"expected {names[wanted]}; found {node}")
        self._fail(f"can't handle {node} for arg of type {wanted}")

    def _checked(self, value: Any, wanted: str) -> Any:
        if value is None or value is NIL:
            if wanted == ANY:
                return None
            if value is NIL:
                self._fail(f"wrong type for value; expected {wanted}; got {ANY}")
            self._fail(f"invalid value; expected {wanted}")
        if not is_assignable(value, wanted):
            self._fail(f"wrong type for value; expected {wanted}; got {type_name(value)}")
        return value
