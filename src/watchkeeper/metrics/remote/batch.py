"""What one request carries: slices of pieces, in order, and the bytes of both protocols."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from watchkeeper.core.kernels import remote_write
from watchkeeper.core.model.metadata import Metadata
from watchkeeper.core.wire import protobuf as pb
from watchkeeper.core.wire.remote import METADATA_TYPES, decode_exemplar
from watchkeeper.metrics.remote.spool_read import Piece, Table

_SUFFIXES: Final = ("_total", "_bucket", "_count", "_sum", "_created", "_info")


@dataclass(slots=True)
class Batch:
    """Pieces of one shard, oldest first."""

    pieces: list[Piece]

    def __len__(self) -> int:
        return sum(len(piece) for piece in self.pieces)

    def count(self, kind: str) -> int:
        """How many of one kind."""
        return sum(len(piece) for piece in self.pieces if piece.kind == kind)

    def newest_ms(self) -> int:
        """The latest time of a sample or histogram; the lowest int64 where there is none."""
        return max(
            (int(piece.times.max()) for piece in self.pieces if piece.kind != "exemplars" and len(piece)),
            default=-(1 << 63),
        )

    def without_older(self, time_ms: int) -> Batch:
        """Only what is not before a time."""
        return Batch([kept for piece in self.pieces if len(kept := piece.take(piece.times >= time_ms))])

    def halves(self) -> tuple[Batch, Batch] | None:
        """The earlier and the later half; None where all is of one moment."""
        if len(self.pieces) > 1:
            middle = len(self.pieces) // 2
            return Batch(self.pieces[:middle]), Batch(self.pieces[middle:])
        piece = self.pieces[0]
        if len(piece) < 2 or bool((piece.times == piece.times[0]).all()):
            return None
        middle = len(piece) // 2
        return Batch([piece.take(slice(0, middle))]), Batch([piece.take(slice(middle, len(piece)))])

    def encode_v1(self) -> bytes:
        """A prometheus.WriteRequest."""
        parts = [_encode_samples(self.pieces)]
        for piece in self.pieces:
            if piece.kind != "samples" and piece.messages:
                number = 4 if piece.kind == "histograms" else 3
                labels = b"".join(
                    pb.put_bytes(1, _text(1, name) + _text(2, value))
                    for name, value in _pairs(piece.table.keys[int(piece.columns[0])])
                )
                parts.append(pb.put_bytes(1, labels + pb.put_bytes(number, piece.messages[0])))
        return b"".join(parts)

    def encode_v2(self, metadata: Mapping[str, Metadata]) -> bytes:
        """An io.prometheus.write.v2.Request; a series' metadata is that of its family."""
        symbols = {b"": 0}
        series: dict[tuple[int, int], list[bytes]] = {}
        tables: dict[int, Table] = {}
        # A loop over samples: this protocol is asked for by name, and has no kernel yet.
        for piece in self.pieces:
            tables[id(piece.table)] = piece.table
            if piece.messages:
                message = piece.messages[0]
                if piece.kind == "exemplars":
                    message = _exemplar_v2(message, symbols)
                field = pb.put_bytes(3 if piece.kind == "histograms" else 4, message)
                series.setdefault((id(piece.table), int(piece.columns[0])), []).append(field)
                continue
            for column, time_ms, value in zip(
                piece.columns.tolist(), piece.times.tolist(), piece.values.view(np.uint64).tolist(), strict=True
            ):
                # The bits are kept: a float that is read as a number may lose the marker that its NaN is.
                sample = (b"\x09" + value.to_bytes(8, "little") if value else b"") + pb.put_int(2, time_ms)
                series.setdefault((id(piece.table), column), []).append(pb.put_bytes(2, sample))
        out = []
        for (table, column), fields in series.items():
            pairs = _pairs(tables[table].keys[column])
            refs = [symbols.setdefault(text, len(symbols)) for pair in pairs for text in pair]
            told = _metadata_of(dict(pairs).get(b"__name__", b"").decode(), metadata)
            body = pb.put_varints(1, refs) + b"".join(fields) + (_metadata_v2(told, symbols) if told else b"")
            out.append(pb.put_bytes(5, body))
        return b"".join(pb.put_bytes(4, symbol) for symbol in symbols) + b"".join(out)


def _encode_samples(pieces: list[Piece]) -> bytes:
    by_table: dict[int, list[Piece]] = {}
    for piece in pieces:
        if piece.kind == "samples":
            by_table.setdefault(id(piece.table), []).append(piece)
    keys: list[bytes] = []
    counts: list[npt.NDArray[np.int64]] = []
    times: list[npt.NDArray[np.int64]] = []
    values: list[npt.NDArray[np.float64]] = []
    for group in by_table.values():
        columns = np.concatenate([piece.columns for piece in group])
        order = np.argsort(columns, kind="stable")
        unique, n_each = np.unique(columns, return_counts=True)
        known = group[0].table.keys
        keys += [known[column] for column in unique.tolist()]
        counts.append(n_each.astype(np.int64))
        times.append(np.concatenate([piece.times for piece in group])[order])
        values.append(np.concatenate([piece.values for piece in group])[order])
    if not keys:
        return b""
    offsets = np.zeros(len(keys) + 1, np.int64)
    np.cumsum(np.fromiter(map(len, keys), np.int64, len(keys)), out=offsets[1:])
    sample_lo = np.zeros(len(keys) + 1, np.int64)
    np.cumsum(np.concatenate(counts), out=sample_lo[1:])
    return remote_write.encode(b"".join(keys), offsets, sample_lo, np.concatenate(times), np.concatenate(values))


def _pairs(key: bytes) -> list[tuple[bytes, bytes]]:
    texts = key.split(b"\xff")
    return list(zip(texts[:-1:2], texts[1::2], strict=True))


def _text(number: int, text: bytes) -> bytes:
    return pb.put_bytes(number, text) if text else b""


def _exemplar_v2(message: bytes, symbols: dict[bytes, int]) -> bytes:
    exemplar = decode_exemplar(message)
    refs = [symbols.setdefault(text.encode(), len(symbols)) for pair in exemplar.labels for text in pair]
    return pb.put_varints(1, refs) + pb.put_double(2, exemplar.value) + pb.put_int(3, exemplar.time_ms or 0)


def _metadata_of(name: str, metadata: Mapping[str, Metadata]) -> Metadata | None:
    if name in metadata:
        return metadata[name]
    return next(
        (
            metadata[family]
            for suffix in _SUFFIXES
            if (family := name.removesuffix(suffix)) != name and family in metadata
        ),
        None,
    )


def _metadata_v2(told: Metadata, symbols: dict[bytes, int]) -> bytes:
    kind = METADATA_TYPES.index(told.type) if told.type in METADATA_TYPES else 0
    help_ref, unit_ref = (symbols.setdefault(text.encode(), len(symbols)) for text in (told.help, told.unit))
    return pb.put_bytes(5, pb.put_int(1, kind) + pb.put_int(3, help_ref) + pb.put_int(4, unit_ref))
