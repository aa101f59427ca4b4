"""Tokens to nodes.

Source: Go text/template/parse/parse.go, whose error texts these are.
"""

from __future__ import annotations

import re
from collections.abc import Container
from typing import Final, NoReturn

from watchkeeper.core.model.labels import quote
from watchkeeper.core.model.quoted import QuotedError, read_quoted
from watchkeeper.core.template import nodes
from watchkeeper.core.template.errors import TemplateError
from watchkeeper.core.template.lexer import Kind, Token, tokenize

MAX_NESTING: Final = 60  # Levels of blocks and parentheses; every level is a few calls deep in parsing and execution.
MAX_BYTES: Final = 1 << 20  # Of a template's text.

_WORDS: Final = (Kind.BOOL, Kind.DOT, Kind.FIELD, Kind.IDENTIFIER, Kind.NIL, Kind.VARIABLE)
_CONSTANTS: Final = (Kind.CHAR_CONSTANT, Kind.NUMBER, Kind.STRING, Kind.RAW_STRING)
_OPERANDS: Final = frozenset((*_WORDS, *_CONSTANTS, Kind.LEFT_PAREN))
_NOT_EXECUTABLE: Final = (nodes.Bool, nodes.Dot, nodes.Nil, nodes.Number, nodes.String)
_INTEGER: Final = re.compile(r"[+-]?(?:0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]*|[1-9][0-9]*)")
_MAX_INT: Final = (1 << 63) - 1


def parse(text: str, functions: Container[str], name: str = "") -> dict[str, nodes.List]:
    """The bodies of the template (under its own name) and of all that it defines. Raises TemplateError."""
    if len(text.encode(errors="surrogatepass")) > MAX_BYTES:
        raise TemplateError(f"template: {name}:1: template is longer than {MAX_BYTES} bytes", 1, 0, "too long")
    return _Parser(text, functions, name).run()


class _Parser:
    """One template being parsed."""

    def __init__(self, text: str, functions: Container[str], name: str) -> None:
        self.text = text
        self.functions = functions
        self.name = name
        self.tokens = tokenize(text)
        self.index = 0
        self.depth = 0
        self.range_depth = 0
        self.action_at = -1  # Where the action began that an error may be in.
        self.variables: list[str] = ["$"]
        self.bodies: dict[str, nodes.List] = {}

    def run(self) -> dict[str, nodes.List]:
        body: list[nodes.Node] = []
        while self._peek().kind is not Kind.END:
            if self._peek().kind is Kind.LEFT_DELIM and self._is_define():
                self._definition()
                continue
            node = self._text_or_action()
            if isinstance(node, _Mark):
                self._fail(f"unexpected {node}")
            body.append(node)
        self._add(self.name, nodes.List(0, tuple(body)))
        return self.bodies

    # --- tokens ---

    def _peek(self) -> Token:
        return self.tokens[self.index]

    def _next(self) -> Token:
        token = self.tokens[self.index]
        self.index = min(self.index + 1, len(self.tokens) - 1)
        return token

    def _peek_non_space(self) -> Token:
        if self.tokens[self.index].kind is Kind.SPACE:
            self._next()
        return self.tokens[self.index]

    def _next_non_space(self) -> Token:
        self._peek_non_space()
        return self._next()

    def _back(self, token: Token) -> None:
        """Before a token that was just taken; the last one is never left."""
        if self.tokens[self.index] is not token:
            self.index -= 1

    def _expect(self, kind: Kind, context: str) -> Token:
        token = self._next_non_space()
        if token.kind is not kind:
            self._unexpected(token, context)
        return token

    def _fail(self, problem: str, at: int | None = None) -> NoReturn:
        raise self._error(problem, at)

    def _error(self, problem: str, at: int | None = None) -> TemplateError:
        """The error at a place; at the token taken last for None."""
        if at is None:
            at = self.tokens[max(self.index - 1, 0)].lo
        before = self.text[:at]
        line = before.count("\n") + 1
        column = len(before) - before.rfind("\n")
        return TemplateError(f"template: {self.name}:{line}: {problem}", line, column, problem)

    def _unexpected(self, token: Token, context: str) -> NoReturn:
        raise self._surprise(token, context)

    def _surprise(self, token: Token, context: str) -> TemplateError:
        """The error that a token can't stand where it does."""
        if token.kind is Kind.ERROR:
            problem = token.text
            begun = self.text.count("\n", 0, self.action_at) + 1
            if self.action_at >= 0 and begun != self.text.count("\n", 0, token.lo) + 1:
                problem += f" in action started at {self.name}:{begun}"
                problem = problem.replace("unclosed action in action", "unclosed action")
            return self._error(problem, token.lo)
        return self._error(f"unexpected {token} in {context}", token.lo)

    def _deeper(self) -> None:
        self.depth += 1
        if self.depth > MAX_NESTING:
            self._fail(f"template is nested too deeply, the limit is {MAX_NESTING} levels", self._peek().lo)

    # --- lists and actions ---

    def _is_define(self) -> bool:
        token = self.tokens[self.index + 1]
        if token.kind is Kind.SPACE:
            token = self.tokens[self.index + 2]
        return token.kind is Kind.KEYWORD and token.text == "define"

    def _definition(self) -> None:
        context = "define clause"
        self._next()
        self._next_non_space()
        name = self._template_name(self._next_non_space(), context)
        self._expect(Kind.RIGHT_DELIM, context)
        self._add(name, self._separate_body(context))

    def _separate_body(self, context: str) -> nodes.List:
        """A body with variables of its own, up to its end."""
        kept, self.variables = self.variables, ["$"]
        kept_range, self.range_depth = self.range_depth, 0
        body, mark = self._item_list()
        self.variables, self.range_depth = kept, kept_range
        if mark.name != "end":
            self._fail(f"unexpected {mark} in {context}")
        return body

    def _add(self, name: str, body: nodes.List) -> None:
        known = self.bodies.get(name)
        if known is None or nodes.is_empty(known):
            self.bodies[name] = body
        elif not nodes.is_empty(body):
            self._fail(f"template: multiple definition of template {quote(name)}")

    def _item_list(self) -> tuple[nodes.List, _Mark]:
        at = self._peek_non_space().lo
        found: list[nodes.Node] = []
        self._deeper()
        while self._peek_non_space().kind is not Kind.END:
            node = self._text_or_action()
            if isinstance(node, _Mark):
                self.depth -= 1
                return nodes.List(at, tuple(found)), node
            found.append(node)
        raise self._error("unexpected EOF", self._peek().lo)

    def _text_or_action(self) -> nodes.Node | _Mark:
        token = self._next_non_space()
        if token.kind is Kind.TEXT:
            return nodes.Text(token.lo, token.text)
        if token.kind is Kind.LEFT_DELIM:
            self.action_at = token.lo
            node = self._action()
            self.action_at = -1
            return node
        raise self._surprise(token, "input")

    def _action(self) -> nodes.Node | _Mark:
        token = self._next_non_space()
        if token.kind is Kind.KEYWORD:
            match token.text:
                case "if" | "with" | "range":
                    return self._branch(token)
                case "else":
                    following = self._peek_non_space()
                    if not (following.kind is Kind.KEYWORD and following.text in ("if", "with")):
                        self._expect(Kind.RIGHT_DELIM, "else")
                    return _Mark("else")
                case "end":
                    self._expect(Kind.RIGHT_DELIM, "end")
                    return _Mark("end")
                case "break" | "continue":
                    return self._jump(token)
                case "template":
                    return self._call()
                case "block":
                    return self._block()
        self._back(token)
        return nodes.Action(token.lo, self._pipeline("command", Kind.RIGHT_DELIM))

    def _jump(self, token: Token) -> nodes.Node:
        following = self._next_non_space()
        if following.kind is not Kind.RIGHT_DELIM:
            self._unexpected(following, "{{" + token.text + "}}")
        if self.range_depth == 0:
            self._fail("{{" + token.text + "}} outside {{range}}", token.lo)
        return nodes.Break(token.lo) if token.text == "break" else nodes.Continue(token.lo)

    def _branch(self, token: Token) -> nodes.Branch:
        keyword = token.text
        n_variables = len(self.variables)
        pipe = self._pipeline(keyword, Kind.RIGHT_DELIM)
        self.range_depth += keyword == "range"
        body, mark = self._item_list()
        self.range_depth -= keyword == "range"
        otherwise: nodes.List | None = None
        if mark.name == "else":
            following = self._peek_non_space()
            if following.kind is Kind.KEYWORD and following.text in ("if", "with"):
                # `{{else if}}` is `{{else}}{{if}}` with one end for both.
                if following.text != keyword:
                    self._unexpected(following, "input")
                self._next()
                self._deeper()
                otherwise = nodes.List(following.lo, (self._branch(following),))
                self.depth -= 1
            else:
                otherwise, mark = self._item_list()
                if mark.name != "end":
                    self._fail(f"expected end; found {mark}")
        del self.variables[n_variables:]
        return nodes.Branch(token.lo, keyword, pipe, body, otherwise)

    def _call(self) -> nodes.Call:
        context = "template clause"
        name_token = self._next_non_space()
        name = self._template_name(name_token, context)
        pipe: nodes.Pipe | None = None
        if self._peek_non_space().kind is Kind.RIGHT_DELIM:
            self._next()
        else:
            pipe = self._pipeline(context, Kind.RIGHT_DELIM)
        return nodes.Call(name_token.lo, name, pipe)

    def _block(self) -> nodes.Call:
        """`{{block "name" pipeline}}` defines a template and calls it."""
        context = "block clause"
        name_token = self._next_non_space()
        name = self._template_name(name_token, context)
        pipe = self._pipeline(context, Kind.RIGHT_DELIM)
        self._add(name, self._separate_body(context))
        return nodes.Call(name_token.lo, name, pipe)

    def _template_name(self, token: Token, context: str) -> str:
        if token.kind not in (Kind.STRING, Kind.RAW_STRING):
            self._unexpected(token, context)
        return self._unquote(token)

    def _unquote(self, token: Token) -> str:
        try:
            return read_quoted(token.text, 0)[1].decode(errors="surrogateescape")
        except QuotedError:
            self._fail("invalid syntax", token.lo)

    # --- pipelines ---

    def _pipeline(self, context: str, end: Kind) -> nodes.Pipe:
        at = self._peek_non_space().lo
        self._deeper()
        variables, assigns = self._declarations(context)
        commands: list[nodes.Command] = []
        while True:
            token = self._next_non_space()
            if token.kind is end:
                break
            if token.kind not in _OPERANDS:
                self._unexpected(token, context)
            self._back(token)
            commands.append(self._command())
        if not commands:
            self._fail(f"missing value for {context}")
        for i, command in enumerate(commands[1:], 2):
            if isinstance(command.args[0], _NOT_EXECUTABLE):
                self._fail(f"non executable command in pipeline stage {i}")
        self.depth -= 1
        return nodes.Pipe(at, tuple(commands), tuple(variables), assigns)

    def _declarations(self, context: str) -> tuple[list[nodes.Variable], bool]:
        """`$x :=`, `$x =`, or of a range `$i, $x :=`; none where a variable is only an operand."""
        variables: list[nodes.Variable] = []
        while self._peek_non_space().kind is Kind.VARIABLE:
            start = self.index
            token = self._next()
            following = self._peek_non_space()
            if following.kind in (Kind.ASSIGN, Kind.DECLARE):
                self._next()
                variables.append(nodes.Variable(token.lo, token.text))
                assigns = following.kind is Kind.ASSIGN
                if assigns:
                    for variable in variables:
                        self._use(variable)
                self.variables.extend(variable.name for variable in variables if not assigns)
                return variables, assigns
            if following.kind is Kind.CHAR and following.text == ",":
                self._next()
                variables.append(nodes.Variable(token.lo, token.text))
                if context != "range" or len(variables) > 1:
                    self._fail(f"too many declarations in {context}")
                if self._peek_non_space().kind is not Kind.VARIABLE:
                    self._fail("range can only initialize variables")
                continue
            self.index = start
            break
        if variables:
            self._fail("range can only initialize variables")
        return [], False

    def _use(self, variable: nodes.Variable) -> None:
        if variable.name not in self.variables:
            self._fail(f"undefined variable {quote(variable.name)}", variable.at)

    def _command(self) -> nodes.Command:
        at = self._peek_non_space().lo
        args: list[nodes.Operand] = []
        while True:
            self._peek_non_space()
            operand = self._operand()
            if operand is not None:
                args.append(operand)
            token = self._next()
            if token.kind is Kind.SPACE:
                continue
            if token.kind in (Kind.RIGHT_DELIM, Kind.RIGHT_PAREN):
                self._back(token)
            elif token.kind is not Kind.PIPE:
                self._unexpected(token, "operand")
            break
        if not args:
            self._fail("empty command")
        return nodes.Command(at, tuple(args))

    def _operand(self) -> nodes.Operand | None:
        node = self._term()
        if node is None or self._peek().kind is not Kind.FIELD:
            return node
        at = self._peek().lo
        names: list[str] = []
        while self._peek().kind is Kind.FIELD:
            names.append(self._next().text[1:])
        match node:
            case nodes.Field():
                return nodes.Field(at, (*node.names, *names))
            case nodes.Variable():
                return nodes.Variable(at, node.name, tuple(names))
            case nodes.Identifier() | nodes.Pipe() | nodes.Chain():
                return nodes.Chain(at, node, tuple(names))
            case _:
                raise self._error(f"unexpected . after term {quote(str(node))}")

    def _term(self) -> nodes.Operand | None:
        token = self._next_non_space()
        match token.kind:
            case Kind.IDENTIFIER:
                if token.text not in self.functions:
                    self._fail(f"function {quote(token.text)} not defined", token.lo)
                return nodes.Identifier(token.lo, token.text)
            case Kind.DOT:
                return nodes.Dot(token.lo)
            case Kind.NIL:
                return nodes.Nil(token.lo)
            case Kind.VARIABLE:
                variable = nodes.Variable(token.lo, token.text)
                self._use(variable)
                return variable
            case Kind.FIELD:
                return nodes.Field(token.lo, (token.text[1:],))
            case Kind.BOOL:
                return nodes.Bool(token.lo, token.text == "true")
            case Kind.CHAR_CONSTANT | Kind.NUMBER:
                return self._number(token)
            case Kind.LEFT_PAREN:
                return self._pipeline("parenthesized pipeline", Kind.RIGHT_PAREN)
            case Kind.STRING | Kind.RAW_STRING:
                return nodes.String(token.lo, token.text, self._unquote(token))
            case _:
                self._back(token)
                return None

    def _number(self, token: Token) -> nodes.Number:
        text = token.text
        if token.kind is Kind.CHAR_CONSTANT:
            value = self._unquote(token)
            if len(value) != 1:
                self._fail(f"malformed character constant: {text}", token.lo)
            return nodes.Number(token.lo, text, ord(value), float(ord(value)), False)
        plain = text.replace("_", "")
        if _INTEGER.fullmatch(plain):
            digits = plain.lstrip("+-")
            octal = len(digits) > 1 and digits[0] == "0" and digits.isdecimal()
            integer = int(plain, 8) if octal else int(plain, 0)
            if abs(integer) > 2 * _MAX_INT + 1:
                self._fail(f"integer overflow: {quote(text)}", token.lo)
            return nodes.Number(token.lo, text, integer, float(integer), False)
        try:
            real = float.fromhex(plain) if "x" in plain.lower() else float(plain)
        except (ValueError, OverflowError):
            self._fail(f"illegal number syntax: {quote(text)}", token.lo)
        if real in (float("inf"), float("-inf")):
            self._fail(f"illegal number syntax: {quote(text)}", token.lo)
        is_integer = real.is_integer() and abs(real) <= _MAX_INT
        return nodes.Number(token.lo, text, int(real) if is_integer else None, real, True)


class _Mark:
    """`{{end}}` or `{{else}}`: the end of a list."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __str__(self) -> str:
        return "{{" + self.name + "}}"
