"""Which segments count: one file, replaced as a whole, so that several segments come and go at one moment.

`manifest.json` is a line of JSON, and its CRC-32 in hexadecimal digits in the next.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from zlib import crc32

from watchkeeper.core.disk.atomic import write_atomically
from watchkeeper.core.model.errors import CorruptionError
from watchkeeper.logs.store.segment import SegmentInfo

FILE: Final = "manifest.json"
_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Manifest:
    """log_id is drawn when the log is made: places of another log mean nothing in this one."""

    log_id: int
    segments: Sequence[SegmentInfo] = field(default=())


def write_manifest(directory: Path, manifest: Manifest) -> None:
    """Replaces the file. Raises OSError; then the old one counts."""
    write_atomically(directory / FILE, encode_manifest(manifest))


def read_manifest(directory: Path) -> Manifest | None:
    """The manifest; None where there is none yet. Raises CorruptionError."""
    try:
        data = (directory / FILE).read_bytes()
    except FileNotFoundError:
        return None
    return decode_manifest(data, str(directory / FILE))


def encode_manifest(manifest: Manifest) -> bytes:
    """The file's bytes."""
    segments = [info.as_json() for info in manifest.segments]
    return encode_checked({"version": _VERSION, "log_id": manifest.log_id, "segments": segments})


def decode_manifest(data: bytes, file: str) -> Manifest:
    """What `encode_manifest` was given. Raises CorruptionError, which names `file`."""
    fields = decode_checked(data, file)
    try:
        if fields["version"] != _VERSION:
            raise ValueError(f"version {fields['version']}; this program knows version {_VERSION}")
        return Manifest(int(fields["log_id"]), tuple(SegmentInfo.from_json(info) for info in fields["segments"]))
    except (ValueError, TypeError, KeyError) as error:
        raise CorruptionError(file, 0, str(error)) from None


def write_checked(path: Path, value: Any) -> None:
    """A JSON file with its checksum, replaced as a whole. Raises OSError."""
    write_atomically(path, encode_checked(value))


def read_checked(path: Path) -> Any:
    """What `write_checked` wrote; None where there is no file. Raises CorruptionError."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    return decode_checked(data, str(path))


def encode_checked(value: Any) -> bytes:
    """JSON with its checksum in the next line."""
    text = json.dumps(value, separators=(",", ":")).encode()
    return b"%b\n%08x\n" % (text, crc32(text))


def decode_checked(data: bytes, file: str) -> Any:
    """What `encode_checked` was given. Raises CorruptionError, which names `file`."""
    text, _, checksum = data.rstrip(b"\n").rpartition(b"\n")
    if checksum != b"%08x" % crc32(text):
        raise CorruptionError(file, 0, "checksum mismatch")
    try:
        return json.loads(text)
    except ValueError as error:
        raise CorruptionError(file, 0, str(error)) from None
