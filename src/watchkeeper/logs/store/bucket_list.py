"""Which segments of a bucket count, and whose they are: one object, replaced as a whole."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from watchkeeper.core.model.errors import CorruptionError
from watchkeeper.logs.store.manifest import decode_checked, encode_checked, read_checked, write_checked
from watchkeeper.logs.store.segment import SegmentInfo

LIST: Final = "manifest.json"
WRITER_FILE: Final = "bucket.json"
_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class BucketList:
    """The segments of one store. `writer` is drawn when a store first uses a bucket, and kept in its folder."""

    writer: str
    segments: Sequence[SegmentInfo]


def encode_list(found: BucketList) -> bytes:
    """The object's bytes."""
    segments = [info.as_json() for info in found.segments]
    return encode_checked({"version": _VERSION, "writer": found.writer, "segments": segments})


def decode_list(data: bytes) -> BucketList:
    """What `encode_list` was given. Raises CorruptionError."""
    fields = decode_checked(data, LIST)
    try:
        if fields["version"] != _VERSION:
            raise ValueError(f"version {fields['version']}; this program knows version {_VERSION}")
        return BucketList(str(fields["writer"]), tuple(SegmentInfo.from_json(info) for info in fields["segments"]))
    except (ValueError, TypeError, KeyError) as error:
        raise CorruptionError(LIST, 0, str(error)) from None


def writer_of(home: Path) -> str:
    """Who the store in this folder is to its bucket; drawn where it is not known. Raises OSError."""
    try:
        fields = read_checked(home / WRITER_FILE)
        if fields is not None:
            return str(fields["writer"])
    except (CorruptionError, KeyError, TypeError):
        pass  # It is as a new one; segments of the old one are taken over.
    writer = secrets.token_hex(8)
    write_checked(home / WRITER_FILE, {"writer": writer})
    return writer
