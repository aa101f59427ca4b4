/** Which items of a long legend are in the page: all of one height, so that places can be reckoned. Pure. */

/** Shorter legends are in the page as a whole. */
export const LONG_LEGEND = 100;
/** Height of a row of a long legend, px. */
export const LEGEND_ROW = 22;
/** Width of an item of a long list below the chart, px. */
export const LEGEND_COLUMN = 170;
/** Rows beyond either edge that are there already. */
const BEYOND = 10;

export interface LegendWindow {
  /** Items from (inclusive) and to (exclusive). */
  start: number;
  end: number;
  /** Room of what is left out above and below, px. */
  above: number;
  below: number;
}

/** The items in view of a list of `count` in `columns`, scrolled by `top` px in a box of `height` px. */
export function legendWindow(count: number, columns: number, top: number, height: number): LegendWindow {
  const rows = Math.ceil(count / columns);
  const first = Math.min(Math.max(0, Math.floor(top / LEGEND_ROW) - BEYOND), Math.max(0, rows - 1));
  const last = Math.min(rows, Math.ceil((top + height) / LEGEND_ROW) + BEYOND);
  return { start: first * columns, end: Math.min(count, last * columns), above: first * LEGEND_ROW, below: (rows - last) * LEGEND_ROW };
}
