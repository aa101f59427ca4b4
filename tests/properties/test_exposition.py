"""The text parser against its oracle, over runs of bodies of one target that change from one to the next."""

import math
import os
import random
import re
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracle.exposition import Refused, Scrape, TextOracle
from tests.oracle.exposition import format_float as slow_format_float
from watchkeeper.core.kernels.exposition import format_float, parse_float
from watchkeeper.core.model.errors import ExpositionError
from watchkeeper.core.model.stale import NORMAL_NAN_BITS, bits_of
from watchkeeper.core.wire.exposition import Exposition, Format
from watchkeeper.core.wire.text import TextParser

CORPUS = Path(os.environ.get("WATCHKEEPER_CORPUS", Path(__file__).parents[2].parent / "shared" / "corpus"))
VALUES = [
    "0",
    "1",
    "-1",
    "12",
    "1027",
    "3.5",
    "0.000121126",
    "1e3",
    "1.5e-05",
    "1795476761988",
    "NaN",
    "+Inf",
    "-Inf",
    "5e-324",
    "1.7976931348623157e308",
    "0.1234567890123456789",
    "123456789012345678901234567890",
    "1e-400",
    ".5",
    "5.",
    "9007199254740993",
]
BAD_VALUES = ["1e400", "0x1p3", "1_0", "abc", "1e", "--1", "+nan", ".", "", "1\r", "1\0"]
NAMES = ["up", "up_total", "http_requests_total", "a", "ab", "x:y", '{"my.metric"', "lat_bucket", "é"]
LABELS = [
    "",
    "{}",
    '{code="200"}',
    '{code="404",}',
    '{le="1"}',
    '{le="0.50",quantile="1e3"}',
    '{p="a\\"b\\\\\\n\\q"}',
    '{u="é☃𝄞"}',
]
STRICT_ENDS = ["", " 12.5", ' # {t="1"} 0.5', ' # {t="2",u="x\\n"} 0.5 1.25', " 3 # {} 1", " NaN", " # {"]
TEXT_ENDS = ["", " 1520879607789", "\t7 ", " ", " 99999999999999999999", " x", "\r"]
COMMENTS = [
    "# HELP a Some \\n help.",
    "# TYPE lat histogram",
    "# TYPE lat summary",
    "# HELP é x",
    '# TYPE "my.metric" counter',
]
TEXT_COMMENTS = ["# a comment", "", "  ", "#", "# TYPE x untyped", "# TYPE x bad", "# HELP q"]
STRICT_COMMENTS = ["# UNIT a_seconds seconds", "# TYPE i info", "# UNIT a b", "# EOF", "# HELP q "]


def series(rng: random.Random) -> str:
    name = rng.choice(NAMES[:-1])
    labels = rng.choice(LABELS)
    if name.startswith("{"):
        return name + ("," + labels[1:] if len(labels) > 2 else "}")
    return name + labels


def sample(rng: random.Random, text: str, strict: bool, broken: bool) -> str:
    value = rng.choice(BAD_VALUES if broken and rng.random() < 0.3 else VALUES)
    gap = " " if strict or rng.random() < 0.95 else rng.choice(["", "\t", "  "])
    ends = STRICT_ENDS if strict else TEXT_ENDS
    end = rng.choice(ends if broken else ends[:4]) if rng.random() < 0.2 else ""
    return text + gap + value + end


def comment(rng: random.Random, strict: bool, broken: bool) -> str:
    special = STRICT_COMMENTS if strict else TEXT_COMMENTS
    ordinary = [*COMMENTS[:3], COMMENTS[4], *special[: 2 if strict else 5]]
    return rng.choice(COMMENTS + special if broken else ordinary)


def changed(rng: random.Random, lines: list[str], strict: bool, broken: bool) -> list[str]:
    """The next body: most lines as they are, some values new, some lines added, removed, moved, repeated."""
    out: list[str] = []
    for line in lines:
        dice = rng.random()
        if dice < 0.05:
            continue
        if dice < 0.10:
            out.append(sample(rng, series(rng), strict, broken))
        elif dice < 0.13:
            out.append(comment(rng, strict, broken))
        elif dice < 0.16:
            out.append(line)
        if dice > 0.6 and not line.startswith("#") and " " in line.strip():
            line = re.sub(r" [^ }]*$", " " + rng.choice(VALUES), line)
        out.append(line)
    if rng.random() < 0.2:
        i, j = sorted((rng.randrange(len(out) + 1), rng.randrange(len(out) + 1)))
        out = out[j:] + out[i:j] + out[:i]
    return out


def body_of(rng: random.Random, lines: list[str], strict: bool, broken: bool) -> bytes:
    text = "".join(line + "\n" for line in lines)
    if strict:
        text += "# EOF" + rng.choice(["", "\n"])
    elif rng.random() < 0.2:
        text = text[:-1]
    body = text.encode()
    if broken and body and rng.random() < 0.5:
        at = rng.randrange(len(body))
        body = rng.choice(
            [body[:at], body[:at] + bytes([rng.choice(b'\0\xff"\\\n{}, #\r=')]) + body[at + rng.randrange(2) :]]
        )
    return body


def same(exposition: Exposition, expected: Scrape, parser: TextParser) -> None:
    assert exposition.n_series == expected.n_series == parser.n_series
    index = list(range(parser.n_series)) if exposition.index is None else exposition.index.tolist()
    assert index == expected.index
    assert exposition.repeated == expected.repeated
    assert [bits_of(value) for value in exposition.values.tolist()] == [
        NORMAL_NAN_BITS if math.isnan(value) else bits_of(value) for value in expected.values
    ]
    if exposition.times is None:
        assert not any(time is not None for time in expected.times)
    else:
        assert exposition.timed.tolist() == [time is not None for time in expected.times]
        assert exposition.times.tolist() == [time or 0 for time in expected.times]
    assert exposition.new == expected.new
    assert exposition.gone.tolist() == expected.gone
    assert exposition.duplicates == expected.duplicates
    assert [
        (number, dict(exemplar.labels.pairs), repr(exemplar.value), exemplar.time_ms)
        for number, exemplar in exposition.exemplars
    ] == [
        (number, {name: value for name, value in pairs if value}, repr(value), time_ms)
        for number, pairs, value, time_ms in expected.exemplars
    ]


def run(seed: int, strict: bool, broken: bool) -> int:
    rng = random.Random(seed)
    parser = TextParser(Format.OPENMETRICS if strict else Format.TEXT)
    oracle = TextOracle(strict)
    lines = [
        comment(rng, strict, broken) if rng.random() < 0.15 else sample(rng, series(rng), strict, broken)
        for _ in range(rng.randrange(12))
    ]
    metadata: dict[str, tuple[str, str, str]] = {}
    accepted = 0
    for _ in range(6):
        body = body_of(rng, lines, strict, broken)
        try:
            expected = oracle.parse(body)
        except Refused:
            with pytest.raises(ExpositionError):
                parser.parse(body)
        else:
            exposition = parser.parse(body)
            same(exposition, expected, parser)
            if exposition.metadata is not None:
                metadata = {name: (m.type, m.help, m.unit) for name, m in exposition.metadata.items()}
            assert metadata == expected.metadata, body
            accepted += 1
        lines = changed(rng, lines, strict, broken)
    return accepted


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("broken", [False, True])
@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_same_as_the_oracle(seed: int, strict: bool, broken: bool) -> None:
    run(seed, strict, broken)


@settings(max_examples=100, deadline=None)
@given(st.floats())
def test_floats_are_written_as_go_does(value: float) -> None:
    assert format_float(value) == slow_format_float(value)
    if not math.isnan(value):
        assert parse_float(format_float(value).encode()) == value


@settings(max_examples=100, deadline=None)
@given(st.from_regex(r"\A[+-]?[0-9]{0,25}\.?[0-9]{0,25}(e[+-]?[0-9]{1,4})?\Z"))
def test_floats_are_read_as_python_does(text: str) -> None:
    value = parse_float(text.encode())
    try:
        expected = float(text)
    except ValueError:
        assert value is None
        return
    assert value == (None if math.isinf(expected) else expected)


def scrapes(name: str) -> list[bytes]:
    path = CORPUS / "scrapes" / f"{name}.txt.zst"
    if not path.exists():
        pytest.skip(f"no recorded scrapes at {path}; set WATCHKEEPER_CORPUS")
    with path.open("rb") as file:
        text = zstandard.ZstdDecompressor().stream_reader(file).read()
    return [part.partition(b"\n")[2] for part in re.split(rb"(?m)^#@ ", text)[1:]]


@pytest.mark.parametrize("name", ["node_exporter", "prometheus", "victoria_metrics"])
def test_recorded_scrapes(name: str) -> None:
    parser, oracle = TextParser(), TextOracle()
    for body in scrapes(name)[::30]:
        same(parser.parse(body), oracle.parse(body), parser)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200), st.booleans())
def test_any_bytes_are_parsed_or_refused(body: bytes, strict: bool) -> None:
    parser = TextParser(Format.OPENMETRICS if strict else Format.TEXT)
    for _ in range(2):
        try:
            parser.parse(body)
        except ExpositionError:
            assert parser.n_series == 0
