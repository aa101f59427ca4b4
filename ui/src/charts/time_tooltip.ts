/** What a time chart's tooltip says about the moment under the pointer. Pure but for the positions, which are given. */

import type { ChartModel, ChartSeries } from "./chart_model.ts";
import type { TooltipEntry } from "./tooltip.ts";

/** How far to the side of the pointer a series that has no value right there may still be told of, in ms. */
export interface Reach {
  index: number;
  ms: number;
}

/** Steps to either side that are looked at: gaps that are longer are gaps. */
const STEPS = 8;

/** The place of the value of a series that is nearest to `reach.index` in time; -1 where it has a gap there. */
export function valueIndex(series: Pick<ChartSeries, "raw">, times: ArrayLike<number>, { index, ms }: Reach): number {
  const { raw } = series;
  if (typeof raw[index] === "number" || typeof raw[index] === "boolean") return index;
  if (raw[index] === null) return -1;
  const at = times[index]!;
  for (let by = 1; by <= STEPS; by++) {
    const before = index - by;
    const after = index + by;
    const left = before >= 0 && typeof raw[before] === "number" && at - times[before]! <= ms;
    const right = after < times.length && typeof raw[after] === "number" && times[after]! - at <= ms;
    if (left && (!right || at - times[before]! <= times[after]! - at)) return before;
    if (right) return after;
  }
  return -1;
}

/**
 * The entries of all series that are shown, in their order, the one nearest to the pointer marked.
 *
 * distance  px between the pointer and the series at that place; Infinity where there is no pointer (a shared tooltip)
 * most      a series that is further away is not marked
 */
export function timeEntries(
  model: ChartModel,
  hidden: ReadonlySet<string>,
  reach: Reach,
  distance: (series: number, index: number) => number,
  most = Infinity,
): { entries: TooltipEntry[]; active: { series: ChartSeries; row: () => number } | null } {
  const entries: TooltipEntry[] = [];
  let nearest = Infinity;
  let active: { entry: TooltipEntry; series: ChartSeries; row: () => number } | null = null;
  model.series.forEach((series, place) => {
    if (hidden.has(series.id) || series.style.hideFrom.viz || series.style.hideFrom.tooltip) return;
    const index = valueIndex(series, model.times, reach);
    if (index < 0) return;
    const value = Number(series.raw[index]);
    const { prefix = "", text, suffix = "" } = series.display(series.raw[index]);
    const entry: TooltipEntry = { name: series.name, color: series.color, value, text: prefix + text + suffix };
    entries.push(entry);
    const away = distance(place, index);
    if (away < nearest && away <= most) {
      nearest = away;
      active = { entry, series, row: () => series.rowAt(index) };
    }
  });
  const found = active as { entry: TooltipEntry; series: ChartSeries; row: () => number } | null;
  if (!found) return { entries, active: null };
  found.entry.active = true;
  return { entries, active: { series: found.series, row: found.row } };
}
