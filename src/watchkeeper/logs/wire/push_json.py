"""Pushes as JSON, in the form of `/loki/api/v1/push` and in the older one of `/api/prom/push`.

    {"streams": [{"stream": {"app": "shop"}, "values": [["<ns>", "<line>", {"trace_id": "…"}]]}]}
    {"streams": [{"labels": "{app=\\"shop\\"}", "entries": [{"ts": "<RFC 3339>", "line": "<line>"}]}]}

Times, lines and metadata must be strings. A line is a place in the body unless it has escapes.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from watchkeeper.core.kernels import log_push
from watchkeeper.core.kernels.line_block import Metadata
from watchkeeper.core.model.labels import quote
from watchkeeper.logs.interface import EntryBatch, PushError

JSON: Final = 2  # Kinds of bodies.
LEGACY_JSON: Final = 3

_WHERE: Final = {
    False: "loghttp.PushRequest.Streams: []loghttp.LogProtoStream: unmarshalerDecoder: ",
    True: "logproto.PushRequest.Streams: []logproto.Stream: unmarshalerDecoder: ",
}


def decode_json(body: bytes, legacy: bool) -> EntryBatch:
    """The entries of a JSON push. Raises PushError (400) where the body is none."""
    try:
        found, entry_lo, times_ns, line_at, line_end, pairs, extra = log_push.decode_json(body, legacy)
    except ValueError as error:
        raise PushError(400, f"{_WHERE[legacy]}{error}") from None
    return EntryBatch(
        streams=[_text(one) if isinstance(one, bytes) else label_text(_texts(one)) for one in found],
        entry_lo=entry_lo,
        times_ns=times_ns,
        data=body + extra if extra else body,
        line_at=line_at,
        line_end=line_end,
        metadata=None if pairs is None else Metadata(*pairs),
        body=(LEGACY_JSON if legacy else JSON, body),
    )


def label_text(pairs: Iterable[tuple[str, str]]) -> str:
    """Labels as the text of a stream, sorted; of a name that stands twice the last value counts.

    Names are written as they are, so that bad ones are found when the text is read.
    """
    return "{" + ", ".join(f"{name}={quote(value)}" for name, value in sorted(dict(pairs).items())) + "}"


def _texts(pairs: Iterable[tuple[bytes, bytes]]) -> list[tuple[str, str]]:
    return [(_text(name), _text(value)) for name, value in pairs]


def _text(text: bytes) -> str:
    return text.decode("utf-8", "surrogateescape")
