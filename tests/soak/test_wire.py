"""Expositions under mutation: the parsers and their oracles read the same, or both refuse."""

from __future__ import annotations

import random
from contextlib import suppress

import pytest

from tests.oracle.exposition import Refused, TextOracle
from tests.oracle.protobuf_exposition import Refused as ProtobufRefused
from tests.oracle.protobuf_exposition import samples
from tests.properties import test_exposition as text
from tests.properties import test_protobuf_exposition as protobuf
from tests.properties import test_remote_write as remote
from tests.soak.rounds import rounds
from watchkeeper.core.model.errors import ExpositionError
from watchkeeper.core.wire.exposition import Format
from watchkeeper.core.wire.protobuf_exposition import ProtobufParser
from watchkeeper.core.wire.text import TextParser

SNIPPETS = [
    *[bytes([octet]) for octet in b'\0\t\n\r "#{}\\,=+-.0eE:_\x80\xff'],
    b"\n# EOF\n",
    b"# TYPE ",
    b"# HELP a ",
    b' # {t="',
    b"NaN",
    b"1e999",
    b'le="',
    "é".encode(),
    b"\xed\xa0\x80",
    b"\xf4\x90\x80\x80",
    b"\xc0\xaf",
    b"x" * 200,
]


def mutated(rng: random.Random, body: bytes, snippets: list[bytes]) -> bytes:
    """A few bytes replaced, inserted, taken away, repeated or cut off."""
    out = bytearray(body)
    for _ in range(rng.choice([1, 1, 1, 2, 5])):
        at, length = rng.randrange(len(out) + 1), rng.choice([0, 0, 1, 1, 3, 20])
        match rng.randrange(6):
            case 0:
                del out[at : at + length]
            case 1:
                out[at : at + length] = rng.choice(snippets)
            case 2:
                out[at:at] = out[at : at + length]
            case 3 if at < len(out):
                out[at] ^= 1 << rng.randrange(8)
            case 4 if rng.random() < 0.3:
                del out[at:]
            case _:
                out[at:at] = bytes([rng.randrange(256)])
    return bytes(out)


def text_round(seed: int, strict: bool) -> None:
    rng = random.Random(seed)
    text.run(seed, strict, True)
    parser, oracle = TextParser(Format.OPENMETRICS if strict else Format.TEXT), TextOracle(strict)
    lines = [
        text.comment(rng, strict, False) if rng.random() < 0.15 else text.sample(rng, text.series(rng), strict, False)
        for _ in range(rng.randrange(12))
    ]
    for _ in range(20):
        body = text.body_of(rng, lines, strict, False)
        if rng.random() < 0.8:
            body = mutated(rng, body, SNIPPETS)
        try:
            expected = oracle.parse(body)
        except Refused:
            with pytest.raises(ExpositionError):
                parser.parse(body)
        else:
            try:
                text.same(parser.parse(body), expected, parser)
            except Exception:
                print(body)
                raise
        if rng.random() < 0.3:
            lines = text.changed(rng, lines, strict, False)


@pytest.mark.parametrize("strict", [False, True])
def test_text(strict: bool) -> None:
    rounds("openmetrics" if strict else "text", lambda seed: text_round(seed, strict))


def protobuf_round(seed: int) -> None:
    rng = random.Random(seed)
    protobuf.run(seed)
    native_histograms, always_classic = rng.random() < 0.8, rng.random() < 0.5
    series = [protobuf.new_series(rng) for _ in range(5)]
    good = protobuf.body_of(rng, series)
    for _ in range(20):
        body = mutated(rng, good, [b"\xff" * 10, b"\x80", b"\0", b"\x08", b"\x0a\x03"])
        parser = ProtobufParser(native_histograms=native_histograms, always_classic=always_classic)
        try:
            wanted, _ = samples(body, native_histograms, always_classic)
        except ProtobufRefused:
            with pytest.raises(ExpositionError):
                parser.parse(body)
        except Exception:  # The oracle knows only well-typed messages; the parser must get by.
            with suppress(ExpositionError):
                parser.parse(body)
        else:
            try:
                protobuf.same(parser, body, wanted, {}, {})
            except ExpositionError:
                pass  # The oracle takes more than the parser does, as a known field of another wire type.
            except Exception:
                print(body)
                raise


def test_protobuf() -> None:
    rounds("protobuf", protobuf_round)


def remote_round(seed: int) -> None:
    rng = random.Random(seed)
    for version in (1, 2):
        rows = [
            (
                [(b"__name__", b"up"), *[(bytes([97 + i]), rng.randbytes(rng.randrange(5))) for i in range(3)]],
                [(rng.random(), rng.randrange(1 << 50), rng.randrange(9)) for _ in range(rng.randrange(4))],
            )
            for _ in range(rng.randrange(5))
        ]
        whole = remote.request_v1(rows) if version == 1 else remote.request_v2(rows, seed % 3)
        for _ in range(10):
            body = mutated(rng, whole, [b"\xff" * 10, b"\x80", b"\0", b"\x0a\x03"])
            try:
                remote.agree(body, version)
            except Exception:
                print(version, body)
                raise


def test_remote_write() -> None:
    rounds("remote write", remote_round)
