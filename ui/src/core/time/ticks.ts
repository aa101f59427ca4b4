/** Where a time axis has its ticks, and what stands at them. */

import { add, startOf } from "./datemath.ts";
import { formatPattern } from "./format.ts";
import { wallTime } from "./zone.ts";

type TickUnit = "ms" | "s" | "m" | "h" | "d" | "w" | "M" | "y";

const UNIT_MS: Record<TickUnit, number> = {
  ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000, M: 2_592_000_000, y: 31_536_000_000,
};

const STEPS: readonly (readonly [TickUnit, readonly number[]])[] = [
  ["ms", [1, 2, 5, 10, 20, 50, 100, 200, 500]], ["s", [1, 2, 5, 10, 15, 30]], ["m", [1, 2, 5, 10, 15, 30]], ["h", [1, 2, 3, 4, 6, 8, 12]],
  ["d", [1, 2, 3]], ["w", [1, 2]], ["M", [1, 2, 3, 4, 6]], ["y", [1, 2, 5, 10, 20, 50, 100, 200, 500]],
];

export interface TimeTicks {
  /** Ascending, in ms. */
  values: number[];
  labels: string[];
}

/**
 * At most `most` ticks on round wall times of `zone` between `from` and `to` (ms), with labels as short as the range allows:
 * seconds only where ticks are closer than a minute, dates only where the range is longer than a day.
 */
export function timeTicks(from: number, to: number, most: number, zone: string, weekStart?: string): TimeTicks {
  if (!(to > from) || most < 1) return { values: [], labels: [] };
  const wanted = (to - from) / most;
  let unit: TickUnit = "y";
  let count = 500;
  search: for (const [name, counts] of STEPS) {
    for (const each of counts) {
      if (UNIT_MS[name] * each < wanted) continue;
      unit = name;
      count = each;
      break search;
    }
  }
  const values = place(from, to, unit, count, zone, weekStart);
  const pattern = axisPattern(UNIT_MS[unit] * count, to - from);
  return { values, labels: values.map((at) => formatPattern(at, zone, pattern)) };
}

/** Moment's pattern for labels of ticks `stepMs` apart on an axis of `rangeMs`. */
export function axisPattern(stepMs: number, rangeMs: number): string {
  const day = UNIT_MS.d;
  if (stepMs < 1000) return "HH:mm:ss.SSS";
  if (stepMs < 60_000) return "HH:mm:ss";
  if (stepMs < day) return rangeMs <= day + 3_600_000 ? "HH:mm" : "MM/DD HH:mm";
  if (stepMs < 28 * day) return rangeMs <= 366 * day ? "MM/DD" : "YYYY-MM-DD";
  return stepMs < 365 * day ? "YYYY-MM" : "YYYY";
}

function place(from: number, to: number, unit: TickUnit, count: number, zone: string, weekStart: string | undefined): number[] {
  const values: number[] = [];
  const push = (at: number) => at >= from && at <= to && values.push(at);
  if (unit === "ms" || unit === "s" || unit === "m") {
    const step = UNIT_MS[unit] * count;
    for (let at = Math.ceil(from / step) * step; at <= to; at += step) push(at);
    return values;
  }
  if (unit === "h") {
    // From each midnight anew, so that a change of the clocks moves no tick off its hour.
    for (let day = startOf(from, "d", zone, {}); day <= to; day = add(day, 1, "d", zone)) {
      const next = add(day, 1, "d", zone);
      for (let at = day; at < next; at = atHour(at, count, next, zone)) push(at);
    }
    return values;
  }
  let at = startOf(from, unit === "d" && count > 1 ? "M" : unit, zone, { weekStart });
  if (unit === "M" || unit === "y") {
    const wall = wallTime(at, zone);
    const back = unit === "M" ? (wall.month - 1) % count : wall.year % count;
    at = add(at, -back, unit, zone);
  }
  for (; at <= to; at = stepDays(at, count, unit, zone)) push(at);
  return values;
}

function atHour(at: number, count: number, next: number, zone: string): number {
  const hour = wallTime(at, zone).hour;
  let later = at + count * UNIT_MS.h;
  if (later >= next) return next;
  // Where clocks jumped in between, go to the hour that was meant.
  const off = (wallTime(later, zone).hour - hour - count) % count;
  if (off) later -= off * UNIT_MS.h;
  return later > at ? later : at + count * UNIT_MS.h;
}

function stepDays(at: number, count: number, unit: "d" | "w" | "M" | "y", zone: string): number {
  const next = add(at, count, unit, zone);
  if (unit !== "d" || count === 1) return next;
  // Every second or third day starts again with each month; the last of a month is left out if it would crowd the first.
  const first = add(startOf(at, "M", zone, {}), 1, "M", zone);
  return add(next, 1, "d", zone) >= first ? first : next;
}
