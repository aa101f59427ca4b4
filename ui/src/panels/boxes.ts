/** How several values share a panel's room. Pure. */

export interface Boxes {
  columns: number;
  rows: number;
  width: number;
  height: number;
}

/**
 * Boxes for `count` values: `vertical` stands them beside each other, `horizontal` below each other, `auto` in the grid whose
 * boxes are nearest to twice as wide as high. A box is never smaller than `least`: then the panel scrolls.
 */
export function layBoxes(count: number, room: { width: number; height: number }, orientation: unknown, gap = 6, least = { width: 60, height: 26 }): Boxes {
  const size = (columns: number): Boxes => {
    const rows = Math.ceil(count / columns);
    return { columns, rows, width: (room.width - gap * (columns - 1)) / columns, height: Math.max(least.height, (room.height - gap * (rows - 1)) / rows) };
  };
  if (count <= 1) return size(1);
  if (orientation === "horizontal") return size(1);
  if (orientation === "vertical") return { ...size(count), width: Math.max(least.width, (room.width - gap * (count - 1)) / count) };
  const most = Math.max(1, Math.min(count, Math.floor((room.width + gap) / (least.width + gap))));
  let best = size(1);
  let bestScore = -Infinity;
  for (let columns = 1; columns <= most; columns++) {
    const box = size(columns);
    // What a text in the box can be: limited by its height, or by its width.
    const used = count / (box.columns * box.rows);
    const score = Math.min(box.height, box.width / 2.4) * (0.7 + 0.3 * used);
    if (score > bestScore + 1e-9) {
      best = box;
      bestScore = score;
    }
  }
  return best;
}
