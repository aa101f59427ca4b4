/** The days of a month as a calendar shows them. */

import { firstWeekday, instantOf, wallTime, weekdayOf } from "../../core/time/zone.ts";

/** `at` is the first instant of the day, `end` its last millisecond. */
export interface Day {
  at: number;
  end: number;
  day: number;
  inMonth: boolean;
}

const wall = (year: number, month: number, day: number) => ({ year, month, day, hour: 0, minute: 0, second: 0, ms: 0 });

/** Six weeks that hold the month (1 to 12), from the first day of a week. */
export function monthDays(year: number, month: number, zone: string, weekStart?: string): Day[] {
  const before = (weekdayOf(wall(year, month, 1)) - firstWeekday(weekStart) + 7) % 7;
  return Array.from({ length: 42 }, (_, at) => {
    const start = instantOf(wall(year, month, 1 - before + at), zone);
    const read = wallTime(start + 43_200_000, zone);
    return { at: start, end: instantOf(wall(year, month, 2 - before + at), zone) - 1, day: read.day, inMonth: read.month === month };
  });
}

/** Short names of the days of the week, from the first. */
export function weekdayNames(weekStart?: string): string[] {
  const names = ["Su", "Mo", "Tu", "We", "Th", "Fr", "Sa"];
  const first = firstWeekday(weekStart);
  return [...names.slice(first), ...names.slice(0, first)];
}

/** "November 2026". */
export function monthName(year: number, month: number): string {
  return new Date(Date.UTC(year, month - 1, 1)).toLocaleDateString("en", { month: "long", year: "numeric", timeZone: "UTC" });
}
