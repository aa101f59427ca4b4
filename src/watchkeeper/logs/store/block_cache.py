"""Sealed blocks lately used, within a bound of memory."""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Final

from watchkeeper.core.kernels.line_block import Block

Key = tuple[str, int]

IN_USE: Final = 8  # Blocks asked for lately, which may still grow as their columns are unpacked.


class BlockCache:
    """Blocks by segment and number; those not used for longest go first. Safe for several threads.

    A block grows while it is used, so the sizes of those asked for lately are taken anew each time; of all of them that
    would cost more than the work on a block.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._blocks: OrderedDict[Key, Block] = OrderedDict()
        self._sizes: dict[Key, int] = {}
        self._total = 0
        self._lately: deque[Key] = deque(maxlen=IN_USE)

    def get(self, key: Key, load: Callable[[], Block]) -> Block:
        """The block of a key, loaded where it is not kept. Raises what `load` raises."""
        with self._lock:
            block = self._blocks.get(key)
            if block is not None:
                self._blocks.move_to_end(key)
                self._lately.append(key)
                return block
        block = load()
        with self._lock:
            self._blocks[key] = block
            for known in self._lately:
                self._measure(known)
            self._measure(key)
            self._lately.append(key)
            self._shrink()
        return block

    def _measure(self, key: Key) -> None:
        block = self._blocks.get(key)
        if block is not None:
            size = block.size_bytes
            self._total += size - self._sizes.get(key, 0)
            self._sizes[key] = size

    def _shrink(self) -> None:
        while self._total > self._max_bytes and len(self._blocks) > 1:
            key, _ = self._blocks.popitem(last=False)
            self._total -= self._sizes.pop(key, 0)

    def shrink(self) -> None:
        """Bring the memory below its bound, also where blocks have grown since they were loaded."""
        with self._lock:
            for key in self._blocks:
                self._measure(key)
            self._shrink()

    def drop(self, segment: str) -> None:
        """Forget the blocks of a segment."""
        with self._lock:
            for key in [key for key in self._blocks if key[0] == segment]:
                del self._blocks[key]
                self._total -= self._sizes.pop(key, 0)

    @property
    def size_bytes(self) -> int:
        """Memory of the blocks kept."""
        with self._lock:
            return sum(block.size_bytes for block in self._blocks.values())

    def __len__(self) -> int:
        return len(self._blocks)
