"""Sealed blocks lately used, within a bound of memory."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable

from watchkeeper.core.kernels.line_block import Block

Key = tuple[str, int]


class BlockCache:
    """Blocks by segment and number; those not used for longest go first. Safe for several threads."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._blocks: OrderedDict[Key, Block] = OrderedDict()

    def get(self, key: Key, load: Callable[[], Block]) -> Block:
        """The block of a key, loaded where it is not kept. Raises what `load` raises."""
        with self._lock:
            block = self._blocks.get(key)
            if block is not None:
                self._blocks.move_to_end(key)
                return block
        block = load()
        with self._lock:
            self._blocks[key] = block
            self._shrink()
        return block

    def _shrink(self) -> None:
        # A block grows while it is used, as its columns are unpacked: the sizes are asked for anew.
        sizes = [block.size_bytes for block in self._blocks.values()]
        total = sum(sizes)
        for size in sizes[:-1]:
            if total <= self._max_bytes:
                break
            self._blocks.popitem(last=False)
            total -= size

    def shrink(self) -> None:
        """Bring the memory below its bound, also where blocks have grown since they were loaded."""
        with self._lock:
            self._shrink()

    def drop(self, segment: str) -> None:
        """Forget the blocks of a segment."""
        with self._lock:
            for key in [key for key in self._blocks if key[0] == segment]:
                del self._blocks[key]

    @property
    def size_bytes(self) -> int:
        """Memory of the blocks kept."""
        with self._lock:
            return sum(block.size_bytes for block in self._blocks.values())

    def __len__(self) -> int:
        return len(self._blocks)
