/** What stands in a chart's tooltip. Pure. */

/** One series as a tooltip sees it, at the moment under the pointer. */
export interface TooltipEntry {
  name: string;
  color: string;
  value: number | null;
  text: string;
  /** Nearest to the pointer. */
  active?: boolean;
  links?: readonly { title: string; href: string; blank: boolean }[];
}

export interface TooltipOptions {
  mode?: "single" | "multi" | "none";
  sort?: "none" | "asc" | "desc";
  hideZeros?: boolean;
  /** px. */
  maxHeight?: number;
  maxWidth?: number;
  /** With mode single: px from a series at which it is still told of; all without. */
  hoverProximity?: number;
}

/** A tooltip's rows as text, to be copied or read out. */
export function tooltipText(title: string, rows: readonly Pick<TooltipEntry, "name" | "text">[]): string {
  return [title, ...rows.map((row) => `${row.name}: ${row.text}`)].join("\n");
}

/** Rows at most: more can't be read, and the page must stay quick. */
export const TOOLTIP_ROWS = 60;

/** The rows in the order that they are shown in, and how many more there are. */
export function tooltipRows(entries: readonly TooltipEntry[], options: TooltipOptions): { rows: TooltipEntry[]; left: number } {
  if (options.mode === "none") return { rows: [], left: 0 };
  let rows = entries.filter((entry) => entry.value !== null || entry.text !== "");
  if (options.mode !== "multi") {
    const active = rows.find((entry) => entry.active);
    return { rows: active ? [active] : [], left: 0 };
  }
  if (options.hideZeros) rows = rows.filter((entry) => entry.value !== 0);
  const sign = options.sort === "asc" ? 1 : options.sort === "desc" ? -1 : 0;
  if (sign) {
    // Numbers first, so that NaN stands last in both orders.
    const rank = (value: number | null) => (value === null || Number.isNaN(value) ? null : value);
    rows.sort((a, b) => {
      const left = rank(a.value);
      const right = rank(b.value);
      if (left === null || right === null) return left === right ? 0 : left === null ? 1 : -1;
      return sign * (left - right);
    });
  }
  let kept = rows.slice(0, TOOLTIP_ROWS);
  const active = rows.find((entry) => entry.active);
  if (active && !kept.includes(active)) kept = [...kept.slice(0, -1), active];
  return { rows: kept, left: rows.length - kept.length };
}

/** Where a box of `size` goes that belongs to the point `at`, so that it stays inside `room`: right of and below it if that fits. */
export function placeBox(
  at: { x: number; y: number },
  size: { width: number; height: number },
  room: { width: number; height: number },
  gap = 14,
): { left: number; top: number } {
  const right = at.x + gap;
  const left = right + size.width <= room.width ? right : at.x - gap - size.width >= 0 ? at.x - gap - size.width : Math.max(0, room.width - size.width);
  const below = at.y + gap;
  const top = below + size.height <= room.height ? below : Math.max(0, Math.min(at.y - gap - size.height, room.height - size.height));
  return { left: Math.max(0, left), top };
}

/** The index of the value nearest in time to `at`, by halving; -1 where there are none. */
export function nearestIndex(times: ArrayLike<number>, at: number): number {
  if (times.length === 0) return -1;
  let low = 0;
  let high = times.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (times[middle]! < at) low = middle;
    else high = middle;
  }
  return Math.abs(times[low]! - at) <= Math.abs(times[high]! - at) ? low : high;
}
