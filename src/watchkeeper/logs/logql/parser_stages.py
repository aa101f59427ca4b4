"""The pipeline part of the grammar: selectors, and the stages behind them."""

from __future__ import annotations

from typing import Final

from watchkeeper.core.model.matcher import Matcher
from watchkeeper.core.model.span import Span
from watchkeeper.logs.lines.pattern import LinePattern, Pattern, PatternError
from watchkeeper.logs.logql import ast
from watchkeeper.logs.logql.cursor import MAX_EXTRACTED, MAX_STAGES
from watchkeeper.logs.logql.lexer import Kind
from watchkeeper.logs.logql.parser_label_filters import LabelFilterParser
from watchkeeper.logs.logql.parser_paths import PathError, compile_pattern, parse_group_names, parse_json_path

_LINE_FILTERS: Final = {op.value: op for op in ast.LineFilterOp}
_IP_FILTERS: Final = (ast.LineFilterOp.CONTAINS, ast.LineFilterOp.NOT_CONTAINS)
_FLAGS: Final = ("--strict", "--keep-empty")


class StageParser(LabelFilterParser):
    """Selectors and stages."""

    __slots__ = ()

    def _selector(self) -> tuple[Matcher, ...]:
        """`{a="b", …}`; a comma may stand at the end."""
        self._expect("{")
        matchers: list[Matcher] = []
        while not self._accept("}"):
            if self._peek().kind is not Kind.WORD:
                self._unexpected("IDENTIFIER", *(() if matchers else ("}",)))
            matchers.append(self._matcher())
            if not self._accept(",") and not self._at("}"):
                self._unexpected("}", ",")
        return tuple(matchers)

    def _stages(self) -> tuple[ast.Stage, ...]:
        """As many stages as there are; `| unwrap` is left to the caller."""
        stages: list[ast.Stage] = []
        n_stages = n_extracted = 0
        while True:
            token = self._peek()
            if self._at_line_filter():
                stages.append(self._line_filter())
            elif self._at("|") and self._following().word != "unwrap":
                self._take()
                stage = self._stage(token.lo)
                stages.append(stage)
                n_stages += 1
                n_extracted += _n_extracted(stage)
                if n_stages > MAX_STAGES:
                    self._refuse(f"too many stages, the limit is {MAX_STAGES} of one selector", stage.span)
                if n_extracted > MAX_EXTRACTED:
                    self._refuse(
                        f"too many labels are extracted by name, the limit is {MAX_EXTRACTED} of one selector",
                        stage.span,
                    )
            else:
                return tuple(stages)

    def _at_line_filter(self) -> bool:
        """Whether a line filter comes; `!=` may also be a comparison of metrics."""
        if not self._at(*_LINE_FILTERS):
            return False
        following = self._following()
        return not self._at("!=") or following.kind is Kind.STRING or (following.word == "ip" and following.is_call)

    def _line_filter(self) -> ast.LineFilter:
        token = self._take()
        op = _LINE_FILTERS[token.text]
        alternatives = [self._line_match(op)]
        while self._accept_word("or"):
            alternatives.append(self._line_match(op))
        return ast.LineFilter(op, tuple(alternatives), self._since(token.lo))

    def _line_match(self, op: ast.LineFilterOp) -> ast.LineText | ast.LineIp:
        token = self._peek()
        if token.kind is Kind.STRING:
            text = ast.LineText(self._string(), token.span)
            self._check_line_text(op, text)
            return text
        if not (token.word == "ip" and token.is_call):
            self._unexpected("STRING", "ip")
        pattern = self._ip_call()
        span = self._since(token.lo)
        if op not in _IP_FILTERS:
            self._refuse(f"stage '{op.value} {self._text[span.lo : span.hi]}' : ip: invalid operation", span)
        return ast.LineIp(pattern, span)

    def _check_line_text(self, op: ast.LineFilterOp, text: ast.LineText) -> None:
        stage = f"stage '{op.value} {self._text[text.span.lo : text.span.hi]}'"
        try:
            if op.positive is ast.LineFilterOp.MATCHES:
                self._weigh(compile_pattern(text.text), text.span)
            elif op.positive is ast.LineFilterOp.LIKE:
                LinePattern(text.text)
        except (PathError, PatternError) as error:
            self._refuse(f"{stage} : {error}", text.span)

    def _stage(self, lo: int) -> ast.Stage:
        """The stage after a `|` at `lo`."""
        token = self._peek()
        match token.word:
            case "json":
                self._take()
                return ast.JsonStage(self._json_extractions(), self._since(lo))
            case "logfmt":
                self._take()
                return self._logfmt(lo)
            case "regexp":
                self._take()
                expression, names = self._expression_and_names()
                return ast.RegexpStage(expression, names, self._since(lo))
            case "pattern":
                self._take()
                return self._pattern(lo)
            case "unpack":
                self._take()
                return ast.UnpackStage(self._since(lo))
            case "decolorize":
                self._take()
                return ast.DecolorizeStage(self._since(lo))
            case "line_format":
                self._take()
                return ast.LineFormatStage(self._string(), self._since(lo))
            case "label_format":
                self._take()
                return self._label_format(lo)
            case "drop":
                self._take()
                return ast.DropStage(self._picks(), self._since(lo))
            case "keep":
                self._take()
                return ast.KeepStage(self._picks(), self._since(lo))
        return self._label_filter_stage(lo)

    def _json_extractions(self) -> tuple[ast.JsonExtraction, ...]:
        found: list[ast.JsonExtraction] = []
        for name, expression, span in self._extractions():
            try:
                path = parse_json_path(expression)
            except PathError as error:
                self._refuse(f"cannot parse expression [{expression}]: {error}", span)
            found.append(ast.JsonExtraction(name, expression, path))
        return tuple(found)

    def _logfmt(self, lo: int) -> ast.LogfmtStage:
        flags: set[str] = set()
        while self._peek().kind is Kind.FLAG:
            if self._peek().text not in _FLAGS:
                self._unexpected()
            flags.add(self._take().text)
        extractions: list[ast.LogfmtExtraction] = []
        for name, key, span in self._extractions():
            if not key:
                self._refuse(f"cannot parse expression [{key}]: syntax error: unexpected $end, expecting KEY", span)
            extractions.append(ast.LogfmtExtraction(name, key))
        return ast.LogfmtStage("--strict" in flags, "--keep-empty" in flags, tuple(extractions), self._since(lo))

    def _extractions(self) -> list[tuple[str, str, Span]]:
        """`a, b="expression"`: name, expression, place of each; none where no name comes."""
        found: list[tuple[str, str, Span]] = []
        if self._peek().kind is not Kind.WORD:
            return found
        while True:
            token = self._peek()
            name = self._name()
            if self._accept("="):
                span = self._peek().span
                found.append((name, self._string(), span))
            else:
                found.append((name, name, token.span))
            if not self._accept(","):
                return found

    def _expression_and_names(self) -> tuple[str, tuple[str, ...]]:
        token = self._peek()
        expression = self._string()
        try:
            names = parse_group_names(expression)
        except PathError as error:
            self._refuse(f"invalid regexp parser: {error}", token.span)
        self._weigh(compile_pattern(expression), token.span)
        return expression, names

    def _pattern(self, lo: int) -> ast.PatternStage:
        token = self._peek()
        pattern = self._string()
        try:
            parts = Pattern(pattern)
        except PatternError as error:
            self._refuse(f"invalid pattern parser: {error}", token.span)
        return ast.PatternStage(pattern, parts.literals, parts.names, self._since(lo))

    def _label_format(self, lo: int) -> ast.LabelFormatStage:
        formats: list[ast.LabelRename | ast.LabelTemplate] = []
        while True:
            token = self._peek()
            name = self._name()
            self._expect("=")
            if self._peek().kind is Kind.WORD:
                formats.append(ast.LabelRename(name, self._name()))
            elif self._peek().kind is Kind.STRING:
                formats.append(ast.LabelTemplate(name, self._string()))
            else:
                self._unexpected("IDENTIFIER", "STRING")
            if name == "__error__":
                self._refuse(f"{name} cannot be formatted", token.span)
            if any(name == other.name for other in formats[:-1]):
                self._refuse(f"multiple label name '{name}' not allowed in a single format operation", token.span)
            if not self._accept(","):
                return ast.LabelFormatStage(tuple(formats), self._since(lo))

    def _picks(self) -> tuple[ast.LabelPick, ...]:
        """`a, b="x"` of a drop or keep."""
        picks: list[ast.LabelPick] = []
        while True:
            following = self._following()
            if following.kind is Kind.SIGN and following.text in ("=", "!=", "=~", "!~"):
                matcher = self._matcher()
                picks.append(ast.LabelPick(matcher.name, matcher))
            else:
                picks.append(ast.LabelPick(self._name()))
            if not self._accept(","):
                return tuple(picks)


def _n_extracted(stage: ast.Stage) -> int:
    """How many labels a parser is asked for by name."""
    match stage:
        case ast.JsonStage(extractions=extractions):
            return len(extractions)
        case ast.LogfmtStage(extractions=pairs):
            return len(pairs)
        case ast.RegexpStage(names=names):
            return len(names)
        case ast.PatternStage(names=captures):
            return sum(name is not None for name in captures)
        case _:
            return 0
