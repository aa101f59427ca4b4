"""What a block's meta.json says: the fields of upstream's file, and a checksum."""

from __future__ import annotations

import dataclasses
import json
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from watchkeeper.core.model.errors import CorruptionError
from watchkeeper.metrics.tsdb.layout import FORMAT_VERSION, META_FILE, is_block_name

_CHECKSUM: Final = "checksum"


@dataclass(frozen=True, slots=True)
class BlockStats:
    """Counts; `num_chunks` counts columns, one for each series that has float samples."""

    num_samples: int = 0
    num_series: int = 0
    num_chunks: int = 0
    num_tombstones: int = 0


@dataclass(frozen=True, slots=True)
class BlockParent:
    """A block that was merged into this one."""

    ulid: str
    min_time_ms: int
    max_time_ms: int


@dataclass(frozen=True, slots=True)
class BlockMeta:
    """One block: samples at `min_time_ms` and later, before `max_time_ms`.

    level     1 for what came from the head, one more for each compaction
    sources   the level-1 blocks whose samples are here
    parents   the blocks it was made of directly
    """

    ulid: str
    min_time_ms: int
    max_time_ms: int
    stats: BlockStats = field(default_factory=BlockStats)
    level: int = 1
    sources: tuple[str, ...] = ()
    parents: tuple[BlockParent, ...] = ()

    def as_parent(self) -> BlockParent:
        """How a block made of this one names it."""
        return BlockParent(self.ulid, self.min_time_ms, self.max_time_ms)

    def with_tombstones(self, num_tombstones: int) -> BlockMeta:
        """A copy with another count of tombstones."""
        return dataclasses.replace(self, stats=dataclasses.replace(self.stats, num_tombstones=num_tombstones))

    def as_json(self) -> dict[str, Any]:
        """The fields as upstream writes them, which is also what `status/tsdb/blocks` answers."""
        compaction: dict[str, Any] = {"level": self.level, "sources": list(self.sources)}
        if self.parents:
            compaction["parents"] = [
                {"ulid": parent.ulid, "minTime": parent.min_time_ms, "maxTime": parent.max_time_ms}
                for parent in self.parents
            ]
        return {
            "ulid": self.ulid,
            "minTime": self.min_time_ms,
            "maxTime": self.max_time_ms,
            "stats": {
                "numSamples": self.stats.num_samples,
                "numSeries": self.stats.num_series,
                "numChunks": self.stats.num_chunks,
                "numTombstones": self.stats.num_tombstones,
            },
            "compaction": compaction,
            "version": FORMAT_VERSION,
        }

    def encoded(self) -> bytes:
        """The bytes of meta.json."""
        fields = self.as_json()
        return json.dumps({**fields, _CHECKSUM: _checksum(fields)}, indent="\t").encode() + b"\n"


def read_meta(directory: Path) -> BlockMeta:
    """The meta of a block. Raises CorruptionError where it is missing, damaged or of another version."""
    path = directory / META_FILE
    try:
        fields = json.loads(path.read_bytes())
        if not isinstance(fields, dict):
            raise TypeError("not an object")
        if fields.pop(_CHECKSUM, None) != _checksum(fields):
            raise CorruptionError(str(path), 0, "checksum mismatch")
        if fields["version"] != FORMAT_VERSION:
            raise CorruptionError(str(path), 0, f"format version {fields['version']} is not known")
        stats, compaction = fields["stats"], fields["compaction"]
        meta = BlockMeta(
            fields["ulid"],
            int(fields["minTime"]),
            int(fields["maxTime"]),
            BlockStats(stats["numSamples"], stats["numSeries"], stats["numChunks"], stats["numTombstones"]),
            compaction["level"],
            tuple(compaction["sources"]),
            tuple(BlockParent(p["ulid"], p["minTime"], p["maxTime"]) for p in compaction.get("parents", ())),
        )
    except FileNotFoundError:
        raise CorruptionError(str(path), 0, "the file is missing") from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise CorruptionError(str(path), 0, f"not a block's meta: {error}") from None
    if not is_block_name(meta.ulid):
        raise CorruptionError(str(path), 0, "the ulid is not one")
    return meta


def _checksum(fields: dict[str, Any]) -> str:
    canonical = json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()
    return f"{zlib.crc32(canonical):08x}"
