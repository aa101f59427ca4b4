"""How high a tree is: what walks it in recursion must not run out of stack."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

Node = TypeVar("Node")


def node_at_height(root: Node, children: Callable[[Node], Iterable[Node]], height: int) -> Node | None:
    """The first node that stands `height` levels below the root; None where the tree is lower."""
    level = [root]
    for _ in range(height):
        level = [child for node in level for child in children(node)]
        if not level:
            return None
    return level[0]
