/** How many series one chart can draw without stopping the page. Pure. */

import type { Frame } from "../core/frame/frame.ts";
import { SERIES_DRAWN } from "./chart_model.ts";

/** Series that a chart draws at most when all are asked for: they take about a second. */
export const SERIES_MOST = 10_000;

/** Values that it draws at most then. */
const VALUES_MOST = 4_000_000;

/** How many series of the frames can be drawn: fewer where each has many values, but never fewer than are drawn anyway. */
export function drawableSeries(frames: readonly Frame[]): number {
  let count = 0;
  let values = 0;
  for (const { fields, length } of frames) {
    const columns = fields.reduce((sum, { type }) => sum + (type === "number" || type === "boolean" ? 1 : 0), 0);
    count += columns;
    values += columns * length;
  }
  return Math.max(SERIES_DRAWN, Math.min(SERIES_MOST, Math.floor(VALUES_MOST / Math.max(1, values / Math.max(1, count)))));
}
