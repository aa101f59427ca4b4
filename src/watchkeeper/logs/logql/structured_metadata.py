"""Structured metadata of rows as labels."""

from __future__ import annotations

from collections.abc import Callable

from watchkeeper.logs.lines.names import extracted_name
from watchkeeper.logs.logql.columns import Column, joined
from watchkeeper.logs.logql.rows import BlockRows, Lazy, partition


def with_metadata(rows: BlockRows, wanted: frozenset[str] | None) -> None:
    """Give rows the labels of their structured metadata; those that are `wanted`, or all."""
    if wanted is not None and not wanted:
        return
    block = rows.block
    shapes = block.shapes()
    own = rows.of.labels
    names = {extracted_name(name, own) for shape in shapes for name in shape}
    if not names or (wanted is not None and wanted.isdisjoint(names)):
        return
    parts = partition(block.shape_of(rows.rows))
    places: dict[str, dict[int, int]] = {}
    for shape, _ in parts:
        for position, name in enumerate(shapes[shape]):
            name = extracted_name(name, own)  # As upstream: the stream's label keeps its name.
            if wanted is None or name in wanted:
                places.setdefault(name, {})[shape] = position  # Of a name that stands twice the last one counts.
    for name, positions in places.items():
        rows.structured[name] = Lazy(_metadata_decoder(positions))


def _metadata_decoder(positions: dict[int, int]) -> Callable[[BlockRows], Column]:
    def decode(rows: BlockRows) -> Column:
        block = rows.block
        parts = []
        for shape, places in partition(block.shape_of(rows.rows)):
            if shape in positions:
                chosen = rows.rows if places is None else rows.rows[places]
                parts.append((places, block.metadata_values(shape, positions[shape], chosen)))
        return joined(parts, len(rows))

    return decode
