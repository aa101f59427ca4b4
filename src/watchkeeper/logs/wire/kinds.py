"""How the body of a push is written: what a WAL record names so that its bytes can be decoded again.

Kinds are stored: a number once given keeps its meaning.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from watchkeeper.logs.interface import EntryBatch
from watchkeeper.logs.wire.push_json import JSON, LEGACY_JSON, decode_json
from watchkeeper.logs.wire.push_protobuf import RAW_PROTOBUF, decode_protobuf

__all__ = ["DECODERS", "JSON", "LEGACY_JSON", "RAW_PROTOBUF"]


def _json(body: bytes) -> EntryBatch:
    return decode_json(body, legacy=False)


def _legacy_json(body: bytes) -> EntryBatch:
    return decode_json(body, legacy=True)


DECODERS: Final[Mapping[int, Callable[[bytes], EntryBatch]]] = {
    RAW_PROTOBUF: decode_protobuf,
    JSON: _json,
    LEGACY_JSON: _legacy_json,
}
"""The decoder of each kind. An OTLP body has none: what it means hangs on settings and the clock."""
