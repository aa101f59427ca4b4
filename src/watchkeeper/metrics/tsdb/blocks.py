"""The blocks of a data directory: opened, set aside where they are damaged, compacted, dropped by retention."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from watchkeeper.core.model.errors import CorruptionError
from watchkeeper.core.telemetry.log import get_logger
from watchkeeper.metrics.tsdb.block import Block
from watchkeeper.metrics.tsdb.block_meta import BlockMeta
from watchkeeper.metrics.tsdb.compact import compact, plan, ranges_for
from watchkeeper.metrics.tsdb.layout import CORRUPT_SUFFIX, TEMPORARY_SUFFIX, is_block_name
from watchkeeper.metrics.tsdb.options import TSDBOptions
from watchkeeper.metrics.tsdb.retention import beyond_size, beyond_time
from watchkeeper.metrics.tsdb.telemetry import StoreMetrics

log = get_logger("tsdb")


class Blocks:
    """The list of blocks that serve. One thread at a time changes it; readers take `current`, which never changes."""

    def __init__(self, directory: Path, options: TSDBOptions, metrics: StoreMetrics, *, read_only: bool) -> None:
        self._directory = directory
        self._options = options
        self._metrics = metrics
        self._read_only = read_only
        self._lock = threading.Lock()
        self._failed: set[str] = set()
        longest = options.max_block_ms * 10 or options.retention_time_ms
        self._ranges_ms = ranges_for(longest, options.block_ms)
        self.current: tuple[Block, ...] = ()

    # --- the list ---------------------------------------------------------------------------------------------------

    def open_all(self) -> None:
        """Open what is there; leftovers of a crash go, damaged blocks are set aside. Raises OSError."""
        self._metrics.reloads.inc()
        found: list[Block] = []
        for entry in sorted(self._directory.iterdir()):
            if entry.name.endswith(TEMPORARY_SUFFIX) and not self._read_only:
                shutil.rmtree(entry, ignore_errors=True)
            elif is_block_name(entry.name) and entry.is_dir():
                try:
                    found.append(Block(entry))
                except CorruptionError as error:
                    self._metrics.reloads_failed.inc()
                    self._rename(entry, error)
        # A crash came between writing a block and removing those that it was made of.
        replaced = {parent.ulid for block in found for parent in block.meta.parents}
        for block in found:
            if block.meta.ulid in replaced and not self._read_only:
                shutil.rmtree(block.directory, ignore_errors=True)
        self._publish([block for block in found if block.meta.ulid not in replaced])

    def add(self, ulid: str) -> None:
        """Serve a block that was just written. Raises CorruptionError or OSError."""
        with self._lock:
            self._publish([*self.current, Block(self._directory / ulid)])

    def set_aside(self, block: Block, error: CorruptionError) -> None:
        """Serve without a block that turned out to be damaged."""
        with self._lock:
            if block not in self.current:
                return
            self._publish([other for other in self.current if other is not block])
        self._rename(block.directory, error)

    def _rename(self, directory: Path, error: CorruptionError) -> None:
        self._metrics.corrupt_blocks.inc()
        log.error("block set aside, other blocks serve", block=directory.name, err=str(error))
        if not self._read_only:
            try:
                directory.rename(directory.with_name(directory.name + CORRUPT_SUFFIX))
            except OSError as failed:
                log.error("a damaged block could not be renamed", block=directory.name, err=str(failed))

    def _publish(self, blocks: Sequence[Block]) -> None:
        self.current = tuple(sorted(blocks, key=lambda block: (block.meta.min_time_ms, block.meta.ulid)))

    def _remove(self, blocks: Sequence[Block]) -> None:
        with self._lock:
            self._publish([block for block in self.current if block not in blocks])
        for block in blocks:
            # Renamed first: a crash in the middle must not leave half a block that looks whole.
            gone = block.directory.with_name(block.directory.name + TEMPORARY_SUFFIX)
            try:
                block.directory.rename(gone)
                shutil.rmtree(gone)
            except OSError as error:
                log.error("an old block could not be removed", block=block.directory.name, err=str(error))

    def metas(self) -> list[BlockMeta]:
        """The metas of the blocks that serve, oldest first."""
        return [block.meta for block in self.current]

    def size_bytes(self) -> int:
        """What all blocks take."""
        return sum(self._size_of(block) for block in self.current)

    @staticmethod
    def _size_of(block: Block) -> int:
        try:
            return block.size_bytes
        except FileNotFoundError:  # Removed meanwhile.
            return 0

    # --- upkeep -----------------------------------------------------------------------------------------------------

    def compact(self, now_ms: int, should_stop: Callable[[], bool]) -> int:
        """Do all compactions that are due; how many were done. Failures are logged and counted."""
        self._metrics.compactions_triggered.inc()
        done = 0
        while not should_stop():
            chosen = plan(self.metas(), self._ranges_ms, frozenset(self._failed))
            if not chosen or not self._compact(chosen, now_ms):
                break
            done += 1
        return done

    def _compact(self, chosen: Sequence[BlockMeta], now_ms: int) -> bool:
        by_ulid = {block.meta.ulid: block for block in self.current}
        blocks = [by_ulid[meta.ulid] for meta in chosen]
        began = time.perf_counter()
        try:
            meta = compact(blocks, self._directory, now_ms=now_ms)
            if meta is not None:
                self.add(meta.ulid)
        except (OSError, CorruptionError, ValueError) as error:
            self._metrics.compactions_failed.inc()
            log.error("compaction failed", blocks=",".join(by_ulid), err=str(error))
            if isinstance(error, CorruptionError):
                self._set_aside_damaged(blocks)
                self._failed |= {block.meta.ulid for block in blocks}
            return False
        self._metrics.compactions.inc()
        self._metrics.compaction_seconds.observe(time.perf_counter() - began)
        self._remove(blocks)
        return True

    def _set_aside_damaged(self, blocks: Sequence[Block]) -> None:
        for block in blocks:
            try:
                block.verify()
            except CorruptionError as error:
                self.set_aside(block, error)

    def clean_tombstones(self, now_ms: int) -> None:
        """Rewrite every block that something was deleted of."""
        began = time.perf_counter()
        for block in self.current:
            if block.meta.stats.num_tombstones:
                self._compact([block.meta], now_ms)
        self._metrics.clean_seconds.observe(time.perf_counter() - began)

    def retain(self, head_bytes: int) -> int:
        """Remove what is too old or too much; how many blocks went."""
        options = self._options
        old = beyond_time(self.metas(), options.retention_time_ms)
        if old:
            self._metrics.time_retentions.inc()
            self._remove_metas(old)
        sizes = {block.meta.ulid: self._size_of(block) for block in self.current}
        large = beyond_size(self.metas(), sizes, options.retention_size_bytes, head_bytes)
        if large:
            self._metrics.size_retentions.inc()
            self._remove_metas(large)
        return len(old) + len(large)

    def _remove_metas(self, metas: Sequence[BlockMeta]) -> None:
        ulids = {meta.ulid for meta in metas}
        log.info("removing blocks beyond retention", blocks=",".join(sorted(ulids)))
        self._remove([block for block in self.current if block.meta.ulid in ulids])

    def link_into(self, directory: Path) -> None:
        """Hard links of all blocks below a directory. Raises OSError."""
        for block in self.current:
            target = directory / block.directory.name
            target.mkdir()
            for file in block.directory.iterdir():
                os.link(file, target / file.name)
