/** Names of time ranges: the quick ranges of the time picker, and what the picker's button says. */

import { formatTime } from "./format.ts";
import { parseInstant } from "./instant.ts";

/** A range as it stands in the URL and the dashboard: expressions or instants (ISO 8601). */
export interface RawRange {
  from: string;
  to: string;
}

export interface QuickRange extends RawRange {
  name: string;
}

const UNITS: Record<string, string> = {
  s: "second", m: "minute", h: "hour", d: "day", w: "week", M: "month", Q: "quarter", y: "year",
};

function counted(count: number, unit: string): string {
  return `${count} ${UNITS[unit]}${count === 1 ? "" : "s"}`;
}

const last = (count: number, unit: string): QuickRange => ({ from: `now-${count}${unit}`, to: "now", name: `Last ${counted(count, unit)}` });
const whole = (name: string, expression: string): QuickRange => ({ from: expression, to: expression, name });
const soFar = (name: string, expression: string): QuickRange => ({ from: expression, to: "now", name: `${name} so far` });

/** What the time picker offers, in its order. */
export const QUICK_RANGES: readonly QuickRange[] = [
  last(5, "m"), last(15, "m"), last(30, "m"), last(1, "h"), last(3, "h"), last(6, "h"), last(12, "h"), last(24, "h"),
  last(2, "d"), last(7, "d"), last(30, "d"), last(90, "d"), last(6, "M"), last(1, "y"), last(2, "y"), last(5, "y"),
  whole("Yesterday", "now-1d/d"), whole("Day before yesterday", "now-2d/d"), whole("This day last week", "now-7d/d"),
  whole("Previous week", "now-1w/w"), whole("Previous month", "now-1M/M"), whole("Previous quarter", "now-1Q/Q"), whole("Previous year", "now-1y/y"),
  whole("Today", "now/d"), soFar("Today", "now/d"), whole("This week", "now/w"), soFar("This week", "now/w"),
  whole("This month", "now/M"), soFar("This month", "now/M"), whole("This quarter", "now/Q"), soFar("This quarter", "now/Q"),
  whole("This year", "now/y"), soFar("This year", "now/y"),
];

/** Offered besides where the dashboard's fiscal year does not start in January. */
export const FISCAL_RANGES: readonly QuickRange[] = [
  whole("Previous fiscal quarter", "now-1Q/fQ"), whole("Previous fiscal year", "now-1y/fy"),
  whole("This fiscal quarter", "now/fQ"), soFar("This fiscal quarter", "now/fQ"),
  whole("This fiscal year", "now/fy"), soFar("This fiscal year", "now/fy"),
];

/** Choices of automatic refresh; "" is off. */
export const REFRESH_INTERVALS: readonly string[] = ["", "auto", "5s", "10s", "30s", "1m", "5m", "15m", "30m", "1h", "2h", "1d"];

const NAMES = new Map([...QUICK_RANGES, ...FISCAL_RANGES].map((range) => [`${range.from} ${range.to}`, range.name]));

/** "Last 6 hours", "Yesterday", "2025-01-01 00:00:00 to now": what people read for a range; instants in `zone`. */
export function rangeName(range: RawRange, zone: string): string {
  const from = range.from.trim();
  const to = range.to.trim();
  const known = NAMES.get(`${from} ${to}`);
  if (known) return known;
  const back = /^now-(\d+)([smhdwMQy])$/.exec(from);
  if (back && to === "now") return `Last ${counted(Number(back[1]), back[2]!)}`;
  const ahead = /^now\+(\d+)([smhdwMQy])$/.exec(to);
  if (ahead && from === "now") return `Next ${counted(Number(ahead[1]), ahead[2]!)}`;
  return `${endName(from, zone)} to ${endName(to, zone)}`;
}

function endName(text: string, zone: string): string {
  const at = text.startsWith("now") ? null : parseInstant(text, zone);
  return at === null ? text : formatTime(at, zone);
}

/** A dashboard's own list of quick ranges (`timepicker.quick_ranges`, {from, to, display}), unreadable entries left out. */
export function ownQuickRanges(list: unknown): QuickRange[] {
  if (!Array.isArray(list)) return [];
  return list.flatMap((item: { from?: unknown; to?: unknown; display?: unknown } | null) =>
    item && typeof item.from === "string" && typeof item.to === "string"
      ? [{ from: item.from, to: item.to, name: typeof item.display === "string" ? item.display : rangeName({ from: item.from, to: item.to }, "") }]
      : [],
  );
}
