"""The protobuf parser against its oracle, over runs of bodies of one target that change from one to the next."""

import math
import random
import struct
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracle.protobuf_exposition import Refused, Sample, samples
from watchkeeper.core.model.errors import ExpositionError
from watchkeeper.core.wire.protobuf_exposition import ProtobufParser


def varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def zigzag(value: int) -> int:
    return value << 1 ^ value >> 63


def encode(number: int, value: Any) -> bytes:
    if isinstance(value, float):
        return varint(number << 3 | 1) + struct.pack("<d", value)
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def message(**fields: Any) -> bytes:
    """`f3=[a, b]` is field 3 twice; None is left out."""
    out = b""
    for key, value in fields.items():
        for one in value if isinstance(value, list) else [value]:
            if one is not None:
                out += encode(int(key[1:]), one)
    return out


def labels(rng: random.Random) -> list[bytes]:
    names = rng.sample(["code", "path", "é", "a.b"], rng.randrange(3))
    return [message(f1=name, f2=rng.choice(["200", "500", "", "ü\n"])) for name in names]


def stamp(rng: random.Random) -> bytes | None:
    return message(f1=rng.randrange(1 << 31), f2=rng.randrange(10**9)) if rng.random() < 0.3 else None


def exemplar(rng: random.Random) -> bytes | None:
    if rng.random() < 0.7:
        return None
    return message(f1=[message(f1="trace_id", f2=rng.choice("abc"))], f2=rng.choice([0.5, 1.5]), f3=stamp(rng))


def value(rng: random.Random) -> float:
    return rng.choice([0.0, 1.0, -2.5, 1e300, math.inf, math.nan, float(rng.randrange(100))])


def native(rng: random.Random, spans: int, deltas: int, counts: int, is_float: bool) -> dict[str, Any]:
    shape = [(rng.randrange(-3, 5) if i == 0 else rng.randrange(4), rng.randrange(4)) for i in range(rng.randrange(3))]
    n = sum(length for _, length in shape) + (rng.random() < 0.03)
    fields: dict[str, Any] = {f"f{spans}": [message(f1=zigzag(offset), f2=length) for offset, length in shape]}
    if is_float:
        fields[f"f{counts}"] = [float(rng.randrange(9)) for _ in range(n)]
        return fields
    last, numbers = 0, []
    for _ in range(n):
        count = rng.randrange(9)
        numbers.append(zigzag(count - last))
        last = count
    fields[f"f{deltas}"] = b"".join(map(varint, numbers)) if rng.random() < 0.5 and n else numbers
    return fields


def histogram(rng: random.Random) -> bytes:
    fields: dict[str, Any] = {"f2": value(rng), "f15": stamp(rng)}
    is_float = rng.random() < 0.3
    fields["f4" if is_float else "f1"] = 7.0 if is_float else 7
    bounds = [0.5, 1.0, 1e6, math.inf]
    fields["f3"] = [
        message(f1=rng.randrange(9), f2=bound, f3=exemplar(rng)) for bound in bounds[: rng.choice([0, 0, 2, 3, 4])]
    ]
    if rng.random() < 0.5:
        fields |= {"f5": zigzag(rng.choice([0, 3, 8, -4] * 5 + [9])), "f6": rng.choice([0.0, 1e-128])}
        fields |= native(rng, 9, 10, 11, is_float) | native(rng, 12, 13, 14, is_float)
        fields["f16"] = [exemplar(rng), exemplar(rng)]
    return message(**fields)


def content(rng: random.Random, kind: int) -> tuple[str, bytes]:
    if kind == 0:
        return "f3", message(f1=value(rng), f2=exemplar(rng), f3=stamp(rng))
    if kind in (1, 3):
        return ("f2" if kind == 1 else "f5"), message(f1=value(rng))
    if kind == 2:
        quantiles = [message(f1=q, f2=value(rng)) for q in (0.5, 0.99, 1.0)[: rng.randrange(4)]]
        return "f4", message(f1=rng.randrange(1 << 40), f2=value(rng), f3=quantiles, f4=stamp(rng))
    return "f7", histogram(rng)


Series = tuple[str, int, list[bytes]]


def body_of(rng: random.Random, series: list[Series]) -> bytes:
    out = b""
    for name, kind, pairs in series:
        holder, inner = content(rng, kind)
        metric = message(f1=pairs, f6=rng.choice([1000, 2000]) if rng.random() < 0.1 else None) + message(
            **{holder: inner}
        )
        unknown = message(f99="x") if rng.random() < 0.1 else b""
        family = message(f1=name, f2=rng.choice(["help", "help", "hélp"]), f3=kind) + encode(4, metric) + unknown
        out += varint(len(family)) + family
    return out


def new_series(rng: random.Random) -> Series:
    name, kind = rng.choice([("c_total", 0), ("g", 1), ("s", 2), ("u", 3), ("h", 4), ("gh", 5), ("my.metric", 1)])
    return name, kind, labels(rng)


def same(
    parser: ProtobufParser, body: bytes, wanted: list[Sample], numbers: dict[Any, int], last: dict[str, Any]
) -> None:
    exposition = parser.parse(body)
    index, values, times, created, new, histograms, seen, duplicates = [], [], [], [], [], [], set(), 0
    taken = set()
    exemplars: dict[int, list[Any]] = {}
    for sample in wanted:
        key = (sample.pairs, sample.is_native)
        if key not in numbers:
            numbers[key] = len(numbers)
            new.append((numbers[key], list(sample.pairs)))
        number = numbers[key]
        again = (number, sample.time_ms) in taken if sample.time_ms is not None else number in seen
        seen.add(number)
        taken.add((number, sample.time_ms))
        if again:
            duplicates += 1
            continue
        if sample.exemplars:
            exemplars.setdefault(number, []).append(sample.exemplars)
        if sample.is_native:
            histograms.append((number, sample.time_ms, sample.value))
            continue
        index.append(number)
        values.append(sample.value)
        times.append(sample.time_ms)
        created.append(sample.created)
    assert exposition.n_series == len(numbers)
    assert (list(range(len(numbers))) if exposition.index is None else exposition.index.tolist()) == index
    assert exposition.repeated == (last.get("index") == index)
    assert list(map(repr, exposition.values.tolist())) == list(map(repr, values))
    got_times = [None] * len(index) if exposition.times is None else exposition.times.tolist()
    assert [time or None for time in got_times] == times
    assert (exposition.created.tolist() if exposition.created is not None else [0] * len(index)) == created
    assert exposition.new == new
    assert exposition.gone.tolist() == sorted(last.get("seen", set()) - seen)
    assert exposition.duplicates == duplicates
    assert repr(
        [
            (
                number,
                time_ms,
                (
                    h.schema,
                    h.count,
                    h.sum,
                    h.zero_threshold,
                    h.zero_count,
                    h.positive_spans,
                    h.positive,
                    h.negative_spans,
                    h.negative,
                    h.reset_hint == 3,
                    h.is_float,
                ),
            )
            for number, time_ms, h in exposition.histograms
        ]
    ) == repr(histograms)
    if not duplicates and all(len(found) == 1 for found in exemplars.values()):
        got: dict[int, list[Any]] = {}
        for number, e in exposition.exemplars:
            got.setdefault(number, []).append((dict(e.labels.pairs), e.value, e.time_ms))
        natives = {number for (_, is_native), number in numbers.items() if is_native}
        for number, [found] in exemplars.items():
            expected = [
                ({k: v for k, v in pairs if v}, value, time)
                for pairs, value, time in found
                if time is not None or number not in natives
            ]
            assert repr(got.get(number, expected)) == repr(expected)
            assert number in got or not expected or "index" in last
    last.update(index=index, seen=seen)


def run(seed: int) -> int:
    rng = random.Random(seed)
    native_histograms, always_classic = rng.random() < 0.8, rng.random() < 0.5
    parser = ProtobufParser(native_histograms=native_histograms, always_classic=always_classic)
    series = [new_series(rng) for _ in range(rng.randrange(8))]
    numbers: dict[Any, int] = {}
    last: dict[str, Any] = {}
    metadata: dict[str, Any] = {}
    accepted = 0
    for _ in range(6):
        body = body_of(rng, series)
        try:
            wanted, wanted_metadata = samples(body, native_histograms, always_classic)
        except Refused:
            with pytest.raises(ExpositionError):
                parser.parse(body)
        else:
            same(parser, body, wanted, numbers, last)
            accepted += 1
            exposition = ProtobufParser(native_histograms=native_histograms).parse(body)
            metadata = {name: (m.type, m.help, m.unit) for name, m in (exposition.metadata or {}).items()}
            assert metadata == wanted_metadata
        if rng.random() < 0.5:
            series = [one for one in series if rng.random() < 0.8]
            series.insert(rng.randrange(len(series) + 1), new_series(rng))
    return accepted


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_same_as_the_oracle(seed: int) -> None:
    run(seed)


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_damaged_bodies_are_parsed_or_refused(seed: int) -> None:
    rng = random.Random(seed)
    series = [new_series(rng) for _ in range(5)]
    parser = ProtobufParser(always_classic=True)
    for _ in range(6):
        body = bytearray(body_of(rng, series))
        for _ in range(rng.randrange(1, 3)):
            body[rng.randrange(len(body))] = rng.randrange(256)
        if rng.random() < 0.3:
            del body[rng.randrange(len(body)) :]
        before = parser.n_series
        try:
            parser.parse(bytes(body))
        except ExpositionError:
            assert parser.n_series == before
