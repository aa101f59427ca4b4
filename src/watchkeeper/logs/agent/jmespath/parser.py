"""JMESPath text → a function from a value to what the expression finds in it.

A path that leads nowhere gives None. Source of the grammar and of the semantics: the JMESPath specification. Each
construct is compiled to a closure, so that the usual `a.b` costs two look-ups.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from watchkeeper.logs.agent.jmespath.functions import FUNCTIONS, TAKES_EXPRESSION, Evaluate, type_of
from watchkeeper.logs.agent.jmespath.lexer import JmesPathError, Token, tokens

__all__ = ["JmesPathError", "compile_path"]

_BINDING: Final = {
    "|": 1,
    "||": 2,
    "&&": 3,
    "==": 5,
    "!=": 5,
    "<": 5,
    "<=": 5,
    ">": 5,
    ">=": 5,
    "[]": 9,
    "*": 20,
    "[?": 21,
    ".": 40,
    "!": 45,
    "{": 50,
    "[": 55,
    "(": 60,
}
_ENDS_PROJECTION: Final = 10  # What binds less tightly sees a projection's result as a whole.
MAX_DEPTH: Final = 100


def compile_path(text: str) -> Evaluate:
    """The function of an expression. Raises JmesPathError that names the column."""
    parser = _Parser(text)
    found = parser.expression(0)
    parser.expect("end")
    return found


def is_true(value: Any) -> bool:
    """Whether JMESPath takes a value as true: not for null, false, and what is empty."""
    return not (value is None or value is False or value == "" or value == [] or value == {})


class _Parser:
    """A Pratt parser; what it returns is compiled already."""

    def __init__(self, text: str) -> None:
        self._tokens = tokens(text)
        self._at = 0
        self._depth = 0

    @property
    def _now(self) -> Token:
        return self._tokens[self._at]

    def _next(self) -> Token:
        token = self._now
        self._at += 1
        return token

    def _take(self, kind: str) -> bool:
        if self._now.kind == kind:
            self._at += 1
            return True
        return False

    def expect(self, kind: str) -> Token:
        """The next token, which must be of this kind."""
        if self._now.kind != kind:
            self._fail(self._now)
        token = self._now
        if kind != "end":
            self._at += 1
        return token

    def _fail(self, token: Token) -> None:
        shown = "end of the expression" if token.kind == "end" else f'"{token.value or token.kind}"'
        raise JmesPathError(f"unexpected {shown} at column {token.at + 1}")

    def expression(self, binding: int) -> Evaluate:
        """What binds more tightly than this."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise JmesPathError(f"nested deeper than {MAX_DEPTH} levels")
        left = self._start()
        while binding < _BINDING.get(self._now.kind, 0):
            left = self._continue(left)
        self._depth -= 1
        return left

    def _start(self) -> Evaluate:
        token = self._next()
        match token.kind:
            case "name":
                if self._now.kind == "(":
                    return self._call(token)
                return _field(token.value)
            case "literal":
                value = token.value
                return lambda _: value
            case "@":
                return lambda value: value
            case "*":
                return _project(_values, self._right_of_projection(_BINDING["*"]))
            case "[]":
                return _project(_flattened(lambda value: value), self._right_of_projection(_BINDING["[]"]))
            case "[?":
                return self._filter(lambda value: value)
            case "[":
                return self._bracket(None)
            case "{":
                return self._hash()
            case "!":
                inner = self.expression(_BINDING["!"])
                return lambda value: not is_true(inner(value))
            case "(":
                inner = self.expression(0)
                self.expect(")")
                return inner
            case "number":
                self._fail(token)
        self._fail(token)
        raise AssertionError

    def _continue(self, left: Evaluate) -> Evaluate:
        token = self._next()
        kind = token.kind
        match kind:
            case ".":
                if self._take("*"):
                    right = self._right_of_projection(_BINDING["*"])
                    return _project(_chain(left, _values), right)
                return _chain(left, self._right_of_dot(_BINDING["."]))
            case "|":
                return _chain(left, self.expression(_BINDING["|"]), stops=False)
            case "||":
                other = self.expression(_BINDING["||"])
                return lambda value: found if is_true(found := left(value)) else other(value)
            case "&&":
                other = self.expression(_BINDING["&&"])
                return lambda value: other(value) if is_true(found := left(value)) else found
            case "[]":
                return _project(_flattened(left), self._right_of_projection(_BINDING["[]"]))
            case "[?":
                return self._filter(left)
            case "[":
                return self._bracket(left)
            case "==" | "!=" | "<" | "<=" | ">" | ">=":
                return _compare(kind, left, self.expression(_BINDING[kind]))
        self._fail(token)
        raise AssertionError

    def _right_of_dot(self, binding: int) -> Evaluate:
        token = self._now
        if token.kind in ("name", "*"):
            return self.expression(binding)
        self._next()
        if token.kind == "[":
            return self._multi_list()
        if token.kind == "{":
            return self._hash()
        self._fail(token)
        raise AssertionError

    def _right_of_projection(self, binding: int) -> Evaluate | None:
        """What is done with each item; None for nothing."""
        kind = self._now.kind
        if _BINDING.get(kind, 0) < _ENDS_PROJECTION:
            return None
        if kind in ("[", "[?"):
            return self.expression(binding)
        if self._take("."):
            return self._right_of_dot(binding)
        self._fail(self._now)
        raise AssertionError

    def _bracket(self, left: Evaluate | None) -> Evaluate:
        whole: Evaluate = left if left is not None else lambda value: value
        if self._now.kind in ("number", ":"):
            return self._index_or_slice(whole)
        if self._now.kind == "*" and self._tokens[self._at + 1].kind == "]":
            self._at += 2
            return _project(_chain(whole, _items), self._right_of_projection(_BINDING["*"]))
        if left is not None:
            self._fail(self._now)
        return self._multi_list()

    def _index_or_slice(self, left: Evaluate) -> Evaluate:
        parts: list[int | None] = [None]
        while not self._take("]"):
            if self._take(":"):
                parts.append(None)
                if len(parts) > 3:
                    self._fail(self._now)
            else:
                if parts[-1] is not None:
                    self._fail(self._now)
                parts[-1] = self.expect("number").value
        if len(parts) == 1:
            return _chain(left, _index(parts[0] or 0))
        cut = slice(*parts) if len(parts) == 3 else slice(parts[0], parts[1])
        if cut.step == 0:
            raise JmesPathError("a slice's step can't be 0")
        return _project(_chain(left, _sliced(cut)), self._right_of_projection(_BINDING["*"]))

    def _filter(self, left: Evaluate) -> Evaluate:
        condition = self.expression(0)
        self.expect("]")
        right = self._right_of_projection(_BINDING["[?"])

        def kept(value: Any) -> list[Any] | None:
            found = left(value)
            return [item for item in found if is_true(condition(item))] if isinstance(found, list) else None

        return _project(kept, right)

    def _multi_list(self) -> Evaluate:
        parts = [self.expression(0)]
        while self._take(","):
            parts.append(self.expression(0))
        self.expect("]")
        return lambda value: None if value is None else [part(value) for part in parts]

    def _hash(self) -> Evaluate:
        parts: list[tuple[str, Evaluate]] = []
        while True:
            name = self.expect("name").value
            self.expect(":")
            parts.append((name, self.expression(0)))
            if not self._take(","):
                break
        self.expect("}")
        return lambda value: None if value is None else {name: part(value) for name, part in parts}

    def _call(self, token: Token) -> Evaluate:
        name: str = token.value
        if name not in FUNCTIONS:
            raise JmesPathError(f"unknown function {name}() at column {token.at + 1}")
        fewest, most, function = FUNCTIONS[name]
        self.expect("(")
        arguments: list[Evaluate] = []
        while self._now.kind != ")":
            if arguments:
                self.expect(",")
            if self._take("&"):
                if TAKES_EXPRESSION.get(name) != len(arguments):
                    raise JmesPathError(f"{name}() takes no expression as argument {len(arguments) + 1}")
                inner = self.expression(0)
                arguments.append(_constant(inner))
            else:
                arguments.append(self.expression(0))
        self.expect(")")
        if len(arguments) < fewest or (most >= 0 and len(arguments) > most):
            raise JmesPathError(f"{name}() takes {fewest} argument{'' if fewest == 1 else 's'}, got {len(arguments)}")
        return lambda value: function(*[argument(value) for argument in arguments])


def _constant(found: Any) -> Evaluate:
    return lambda _: found


def _field(name: str) -> Evaluate:
    return lambda value: value.get(name) if type(value) is dict else None


def _chain(first: Evaluate, second: Evaluate, *, stops: bool = True) -> Evaluate:
    if stops:
        return lambda value: None if (found := first(value)) is None else second(found)
    return lambda value: second(first(value))


def _index(i: int) -> Evaluate:
    return lambda value: value[i] if isinstance(value, list) and -len(value) <= i < len(value) else None


def _sliced(cut: slice) -> Evaluate:
    return lambda value: value[cut] if isinstance(value, list) else None


def _values(value: Any) -> list[Any] | None:
    return list(value.values()) if isinstance(value, dict) else None


def _items(value: Any) -> list[Any] | None:
    return value if isinstance(value, list) else None


def _flattened(left: Evaluate) -> Evaluate:
    def flat(value: Any) -> list[Any] | None:
        found = left(value)
        if not isinstance(found, list):
            return None
        return [inner for item in found for inner in (item if isinstance(item, list) else [item])]

    return flat


def _project(source: Evaluate, each: Evaluate | None) -> Evaluate:
    def projected(value: Any) -> list[Any] | None:
        found = source(value)
        if not isinstance(found, list):
            return None
        results = found if each is None else [each(item) for item in found]
        return [item for item in results if item is not None]

    return projected


def _compare(operator: str, left: Evaluate, right: Evaluate) -> Evaluate:
    orders: dict[str, Callable[[Any, Any], bool]] = {
        "<": lambda a, b: a < b,
        "<=": lambda a, b: a <= b,
        ">": lambda a, b: a > b,
        ">=": lambda a, b: a >= b,
    }
    if operator in ("==", "!="):
        wanted = operator == "=="
        return lambda value: _equal(left(value), right(value)) is wanted
    order = orders[operator]

    def compared(value: Any) -> bool | None:
        a, b = left(value), right(value)
        # Only numbers have an order; anything else gives null.
        return order(a, b) if type_of(a) == type_of(b) == "number" else None

    return compared


def _equal(a: Any, b: Any) -> bool:
    return type_of(a) == type_of(b) and bool(a == b)
