/**
 * Grafana's date expressions: `now-6h`, `now-1d/d`, `now/fQ`, `2025-03-30T01:00:00Z||-1d`.
 *
 * After `now` or an instant and `||`, steps follow from left to right: `+`, `-` and a number (1 if there is none) of a
 * unit, or `/` and a unit, which rounds: down, or to the last millisecond of the unit for the end of a range.
 * Days, weeks, months and years are those of the calendar in the zone; hours and less are fixed lengths.
 */

import { parseInstant } from "./instant.ts";
import { firstWeekday, instantOf, wallTime, weekdayOf } from "./zone.ts";

/** What an expression depends on beside its text. `fiscalYearStartMonth` is 0 for January. */
export interface DateContext {
  now: number;
  zone: string;
  fiscalYearStartMonth?: number | undefined;
  weekStart?: string | undefined;
}

type Unit = "s" | "m" | "h" | "d" | "w" | "M" | "Q" | "y";

const FIXED_MS: Partial<Record<Unit, number>> = { s: 1000, m: 60_000, h: 3_600_000 };
const STEP = /([-+/])(\d{0,5})(f?)([smhdwMQy])/y;

/** Whether the text is relative to now. */
export function isRelative(text: string): boolean {
  return text.trim().startsWith("now");
}

/** The instant, in ms, that `text` means; null where it is no expression and no date. */
export function parseDate(text: string, context: DateContext, roundUp = false): number | null {
  const bare = text.trim();
  if (bare.startsWith("now")) return run(context.now, bare.slice(3), context, context.zone, roundUp);
  const anchor = bare.indexOf("||");
  const at = parseInstant(anchor < 0 ? bare : bare.slice(0, anchor), context.zone);
  if (at === null || anchor < 0) return at;
  // An anchor that names its own offset is reckoned with in UTC, as Grafana does.
  const zone = /(?:Z|[-+]\d\d:?\d\d)$/.test(bare.slice(0, anchor)) ? "UTC" : context.zone;
  return run(at, bare.slice(anchor + 2), context, zone, roundUp);
}

function run(from: number, steps: string, context: DateContext, zone: string, roundUp: boolean): number | null {
  const text = steps.replace(/\s+/g, "");
  let at = from;
  STEP.lastIndex = 0;
  while (STEP.lastIndex < text.length) {
    const step = STEP.exec(text);
    if (!step) return null;
    const count = step[2] ? Number(step[2]) : 1;
    const unit = step[4] as Unit;
    const fiscal = step[3] === "f" ? (context.fiscalYearStartMonth ?? 0) : 0;
    if (step[3] && unit !== "Q" && unit !== "y") return null;
    if (step[1] !== "/") at = add(at, step[1] === "-" ? -count : count, unit, zone);
    else if (count !== 1) return null;
    else at = roundUp ? endOf(at, unit, zone, context, fiscal) : startOf(at, unit, zone, context, fiscal);
  }
  return Number.isFinite(at) ? at : null;
}

/** `count` units after `at`. The day of the month is cut to the last one there is: a month before 31 March is 28 February. */
export function add(at: number, count: number, unit: Unit, zone: string): number {
  const fixed = FIXED_MS[unit];
  if (fixed !== undefined) return at + count * fixed;
  const wall = wallTime(at, zone);
  if (unit === "d" || unit === "w") return instantOf({ ...wall, day: wall.day + count * (unit === "w" ? 7 : 1) }, zone);
  const months = count * (unit === "M" ? 1 : unit === "Q" ? 3 : 12);
  const month = wall.month + months;
  const lastDay = new Date(Date.UTC(2000, 0, 1)).setUTCFullYear(wall.year, month, 0);
  return instantOf({ ...wall, month, day: Math.min(wall.day, new Date(lastDay).getUTCDate()) }, zone);
}

/** The first millisecond of the unit that `at` is in. */
export function startOf(at: number, unit: Unit, zone: string, context: Pick<DateContext, "weekStart">, fiscal = 0): number {
  const wall = wallTime(at, zone);
  const start = { ...wall, ms: 0 };
  if (unit === "s") return at - wall.ms;
  // Not through the wall clock: an hour that comes twice must stay the one that it is.
  if (unit === "m") return at - wall.ms - wall.second * 1000;
  if (unit === "h") return at - wall.ms - wall.second * 1000 - wall.minute * 60_000;
  Object.assign(start, { hour: 0, minute: 0, second: 0 });
  if (unit === "w") start.day -= (weekdayOf(wall) - firstWeekday(context.weekStart) + 7) % 7;
  else if (unit !== "d") start.day = 1;
  if (unit === "Q") start.month -= (wall.month - 1 - fiscal + 12) % 3;
  if (unit === "y") start.month -= (wall.month - 1 - fiscal + 12) % 12;
  return instantOf(start, zone);
}

function endOf(at: number, unit: Unit, zone: string, context: DateContext, fiscal: number): number {
  const start = startOf(at, unit, zone, context, fiscal);
  return add(start, 1, unit, zone) - 1;
}
