"""Text expositions, slowly: regular expressions over one entry after the other, and a dict from text to number."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field

NAME = rb"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = rb"[a-zA-Z_][a-zA-Z0-9_]*"
TEXT_STRING = rb'"(?:\\[^\n]|[^"\\])*"'
LINE_STRING = rb'"(?:\\[^\n]|[^"\\\n])*"'
FLOAT = re.compile(rb"[+-]?(?:inf|infinity)|nan|[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?", re.I)
TEXT_TYPES = {b"counter": "counter", b"gauge": "gauge", b"histogram": "histogram", b"summary": "summary"}
OPEN_TYPES = {
    name.encode(): name for name in ["counter", "gauge", "histogram", "summary", "info", "stateset", "gaugehistogram"]
}


class Refused(Exception):
    pass


@dataclass
class Sample:
    text: bytes
    pairs: list[tuple[str, str]]
    value: float
    time_ms: int | None = None
    exemplar: tuple[bytes, list[tuple[str, str]], float, int | None] | None = None


@dataclass
class Scrape:
    """What one body says, after the bodies before it."""

    n_series: int = 0
    index: list[int] = field(default_factory=list)
    repeated: bool = False
    values: list[float] = field(default_factory=list)
    times: list[int | None] = field(default_factory=list)
    new: list[tuple[int, list[tuple[str, str]]]] = field(default_factory=list)
    gone: list[int] = field(default_factory=list)
    duplicates: int = 0
    exemplars: list[tuple[int, list[tuple[str, str]], float, int | None]] = field(default_factory=list)
    metadata: dict[str, tuple[str, str, str]] = field(default_factory=dict)


def parse_float(token: bytes) -> float:
    if not FLOAT.fullmatch(token):
        raise Refused(f"not a number: {token!r}")
    value = float(token)
    if math.isinf(value) and b"inf" not in token.lower():
        raise Refused("out of range")
    return value


def format_float(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    if value == 0:
        return "0.0"
    mantissa, exponent = f"{value!r}".lower(), 0
    digits = re.sub(r"^-?0*\.?0*", "", mantissa.split("e")[0]).replace(".", "").rstrip("0") or "0"
    exponent = int(f"{abs(value):.{max(len(digits) - 1, 0)}e}".split("e")[1])
    sign = "-" if value < 0 else ""
    if exponent < -4 or exponent >= 6:
        point = f".{digits[1:]}" if len(digits) > 1 else ""
        return f"{sign}{digits[0]}{point}e{exponent:+03d}"
    plain = f"{abs(value):.{max(len(digits) - 1 - exponent, 1)}f}"
    return sign + plain


def unescape(text: bytes, quotes: bool = True) -> str:
    table = {b"\\\\": b"\\", b"\\n": b"\n", b'\\"': b'"'} if quotes else {b"\\\\": b"\\", b"\\n": b"\n"}
    return re.sub(rb'\\[\\n"]', lambda match: table.get(match[0], match[0]), text).decode()


def check_utf8(text: bytes) -> None:
    try:
        text.decode()
    except UnicodeDecodeError as error:
        raise Refused("invalid UTF-8") from error


class Reader:
    """One body, read from the front."""

    def __init__(self, body: bytes, strict: bool) -> None:
        self.body = body
        self.strict = strict
        self.at = 0
        self.type = "unknown"
        self.samples: list[Sample] = []
        self.metas: list[tuple[str, str, str]] = []

    def take(self, pattern: bytes) -> bytes | None:
        match = re.compile(pattern, re.S).match(self.body, self.at)
        if not match:
            return None
        self.at = match.end()
        return match[0]

    def need(self, pattern: bytes, what: str) -> bytes:
        found = self.take(pattern)
        if found is None:
            raise Refused(f"expected {what} at {self.at}")
        return found

    def blanks(self) -> None:
        if not self.strict:
            self.take(rb"[ \t]*")

    def read(self) -> None:
        while self.at < len(self.body):
            self.blanks()
            if self.at == len(self.body):
                break
            if not self.strict and self.take(rb"\n"):
                continue
            if self.strict and self.take(rb"# EOF"):
                self.take(rb"\n")
                if self.at != len(self.body):
                    raise Refused("data after # EOF")
                types = [name for kind, name, _ in self.metas if kind == "TYPE"]
                if len(set(types)) != len(types):
                    raise Refused("second TYPE")
                return
            if self.body[self.at : self.at + 1] == b"#":
                self.comment()
            else:
                self.sample()
        if self.strict:
            raise Refused("no # EOF")

    def comment(self) -> None:
        kinds = rb"(?:HELP|TYPE|UNIT)" if self.strict else rb"(?:HELP|TYPE)"
        start = self.take(rb"# " + kinds + rb" " if self.strict else rb"#[ \t]+" + kinds + rb"[ \t]+")
        if start is None:
            if self.strict:
                raise Refused("unknown comment")
            self.take(rb"[^\n]*\n?")
            return
        kind = start.split()[1].decode()
        name = self.need(TEXT_STRING + rb"|" + NAME, "metric name")
        if name.startswith(b'"'):
            name = name[1:-1]
            check_utf8(name)
        text = self.need(rb" [^\n]*\n", "text")[:-1] if self.strict else self.need(rb"[^\n]*\n?", "text").rstrip(b"\n")
        text = text[1:]
        if kind == "TYPE":
            types = {**OPEN_TYPES, b"unknown": "unknown"} if self.strict else {**TEXT_TYPES, b"untyped": "unknown"}
            if text not in types:
                raise Refused("unknown type")
            self.type = types[text]
            self.metas.append((kind, unescape(name), self.type))
        elif kind == "HELP":
            check_utf8(text)
            self.metas.append((kind, unescape(name), unescape(text, self.strict)))
        else:
            if text and not name.endswith(b"_" + text):
                raise Refused("unit is no suffix")
            self.metas.append((kind, unescape(name), text.decode("utf-8", "replace")))

    def labels(self, metric: bytes | None, is_exemplar: bool) -> tuple[bytes | None, list[tuple[str, str]]]:
        pairs: list[tuple[str, str]] = []
        raw_names: list[bytes] = []
        while True:
            self.blanks()
            if self.take(rb"\}"):
                break
            name = self.need((LINE_STRING if is_exemplar else TEXT_STRING) + rb"|" + LABEL, "label name")
            quoted = name.startswith(b'"')
            name = name[1:-1] if quoted else name
            check_utf8(name)
            if not name:
                raise Refused("empty name")
            self.blanks()
            if quoted and not is_exemplar and self.body[self.at : self.at + 1] in (b",", b"}"):
                if metric is not None:
                    raise Refused("second metric name")
                metric = name
                if self.take(rb","):
                    continue
                self.take(rb"\}")
                break
            self.need(rb"=", "equal sign")
            self.blanks()
            value = self.need(LINE_STRING if self.strict else TEXT_STRING, "label value")[1:-1]
            check_utf8(value)
            raw_names.append(name)
            text = unescape(value)
            own = {"histogram": "le", "summary": "quantile"}.get(self.type)
            if not is_exemplar and name.decode() == own and FLOAT.fullmatch(value):
                number = float(value)
                if not math.isinf(number) or b"inf" in value.lower():
                    text = format_float(number)
            pairs.append((unescape(name), text))
            self.blanks()
            if not self.take(rb",") and self.strict and self.body[self.at : self.at + 1] != b"}":
                raise Refused("expected comma or brace")
        if len(set(raw_names)) != len(raw_names) or (not is_exemplar and b"__name__" in raw_names):
            raise Refused("name twice")
        return metric, pairs

    def sample(self) -> None:
        start = self.at
        metric = self.take(NAME)
        end = self.at
        if metric is None and self.body[self.at : self.at + 1] != b"{":
            raise Refused("bad start")
        pairs: list[tuple[str, str]] = []
        self.blanks()
        if self.take(rb"\{"):
            metric, pairs = self.labels(metric, False)
            end = self.at
            if metric is None:
                raise Refused("no metric name")
        assert metric is not None
        sample = Sample(self.body[start:end], [("__name__", unescape(metric)), *pairs], 0.0)
        self.samples.append(sample)
        if self.strict:
            sample.value = parse_float(self.need(rb" [^ \n]+", "value")[1:])
            seconds = self.take(rb" (?!# \{)[^ \n]+")
            if seconds is not None:
                sample.time_ms = self.milliseconds(seconds[1:])
            if self.take(rb" # "):
                self.exemplar(sample)
            self.need(rb"\n", "line feed")
            return
        self.blanks()
        sample.value = parse_float(self.need(rb"[^{ \t\n]+", "value"))
        self.blanks()
        time = self.take(rb"\d+")
        if time is not None:
            sample.time_ms = int(time)
            if sample.time_ms >= 1 << 63:
                raise Refused("time out of range")
            self.blanks()
        if self.at < len(self.body):
            self.need(rb"\n", "line feed")

    def milliseconds(self, token: bytes) -> int:
        ms = parse_float(token) * 1000
        if not abs(ms) < 9.2e18:
            raise Refused("bad timestamp")
        return int(ms)

    def exemplar(self, sample: Sample) -> None:
        start = self.at
        self.need(rb"\{", "brace")
        _, pairs = self.labels(None, True)
        value = parse_float(self.need(rb" [^ \n]+", "exemplar value")[1:])
        seconds = self.take(rb" [^ \n]+")
        time_ms = self.milliseconds(seconds[1:]) if seconds is not None else None
        sample.exemplar = (self.body[start : self.at], pairs, value, time_ms)


class TextOracle:
    """The parser of one target's text bodies."""

    def __init__(self, strict: bool = False) -> None:
        self.strict = strict
        self.numbers: dict[bytes, int] = {}
        self.last_index: list[int] | None = None
        self.last_exemplar: dict[int, bytes] = {}

    def parse(self, body: bytes) -> Scrape:
        reader = Reader(body, self.strict)
        reader.read()
        scrape = Scrape()
        taken: set[tuple[int, int | None]] = set()
        seen: set[int] = set()
        for sample in reader.samples:
            number = self.numbers.get(sample.text)
            if number is None:
                number = self.numbers[sample.text] = len(self.numbers)
                scrape.new.append((number, sample.pairs))
            if (number in seen and sample.time_ms is None) or (
                sample.time_ms is not None and (number, sample.time_ms) in taken
            ):
                scrape.duplicates += 1
                continue
            seen.add(number)
            taken.add((number, sample.time_ms))
            scrape.index.append(number)
            scrape.values.append(sample.value)
            scrape.times.append(sample.time_ms)
            if sample.exemplar and self.last_exemplar.get(number) != sample.exemplar[0]:
                self.last_exemplar[number] = sample.exemplar[0]
                scrape.exemplars.append((number, *sample.exemplar[1:]))
        scrape.n_series = len(self.numbers)
        scrape.repeated = scrape.index == self.last_index
        scrape.gone = sorted(set(self.last_index or ()) - seen)
        for kind, name, text in reader.metas:
            type_, help_, unit = scrape.metadata.get(name, ("unknown", "", ""))
            scrape.metadata[name] = {
                "TYPE": (text, help_, unit),
                "HELP": (type_, text, unit),
                "UNIT": (type_, help_, text),
            }[kind]
        self.last_index = scrape.index
        return scrape
