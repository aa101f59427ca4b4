/** How far apart the points of a query are: `$__interval`, `$__rate_interval`, `$__auto`, and the step that is sent. */

import { formatDuration, parseDuration } from "./duration.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** [below this many ms, the interval is that many]. */
const ROUNDED: readonly (readonly [number, number])[] = [
  [10, 1], [15, 10], [35, 20], [75, 50], [150, 100], [350, 200], [750, 500],
  [1.5 * SECOND, SECOND], [3.5 * SECOND, 2 * SECOND], [7.5 * SECOND, 5 * SECOND], [12.5 * SECOND, 10 * SECOND], [17.5 * SECOND, 15 * SECOND],
  [25 * SECOND, 20 * SECOND], [45 * SECOND, 30 * SECOND], [1.5 * MINUTE, MINUTE], [3.5 * MINUTE, 2 * MINUTE], [7.5 * MINUTE, 5 * MINUTE],
  [12.5 * MINUTE, 10 * MINUTE], [17.5 * MINUTE, 15 * MINUTE], [25 * MINUTE, 20 * MINUTE], [45 * MINUTE, 30 * MINUTE], [1.5 * HOUR, HOUR],
  [2.5 * HOUR, 2 * HOUR], [4.5 * HOUR, 3 * HOUR], [9 * HOUR, 6 * HOUR], [DAY, 12 * HOUR], [7 * DAY, DAY], [21 * DAY, 7 * DAY],
  [42 * DAY, 30 * DAY],
];

/** Prometheus and Loki refuse answers of more points than this for a series. */
export const MOST_POINTS = 11_000;

/** The nearest length that people like to read, for `ms` milliseconds. */
export function roundInterval(ms: number): number {
  for (const [below, rounded] of ROUNDED) if (ms < below) return rounded;
  return 365 * DAY;
}

/** An interval in its largest unit, cut to a whole number: "2m" for 150 s, as `$__interval` is written. */
export function intervalText(ms: number): string {
  const seconds = ms / SECOND;
  const units: [string, number][] = [["y", 31_536_000], ["d", 86_400], ["h", 3600], ["m", 60], ["s", 1]];
  for (const [unit, size] of units) if (seconds >= size) return `${Math.floor(seconds / size)}${unit}`;
  return ms >= 1 ? `${Math.floor(ms)}ms` : "less than a millisecond";
}

export interface Interval {
  ms: number;
  text: string;
}

/** `$__interval`: a span of `spanMs` shown with `maxPoints` points, not below `minMs`. */
export function calculateInterval(spanMs: number, maxPoints: number, minMs = 0): Interval {
  const rounded = roundInterval(spanMs / Math.max(1, maxPoints || 1));
  const ms = Math.max(rounded, minMs);
  return { ms, text: intervalText(ms) };
}

/** The first text that is a duration, in ms, else 0. Old dashboards write ">30s" for a minimum. */
export function minInterval(...texts: (string | null | undefined)[]): number {
  for (const text of texts) {
    const ms = text ? parseDuration(text.replace(/^\s*>\s*/, "")) : null;
    if (ms !== null && ms > 0) return ms;
  }
  return 0;
}

/**
 * `$__rate_interval` in ms: wide enough for a rate to see four scrapes. `scrapeMs` is the query's minimum step, else the
 * datasource's scrape interval, else 15 s.
 */
export function rateInterval(intervalMs: number, scrapeMs: number): number {
  const scrape = scrapeMs > 0 ? scrapeMs : 15 * SECOND;
  return Math.max(intervalMs + scrape, 4 * scrape);
}

/** The step to send, in ms: the interval times the query's `intervalFactor`, at least the minimum, and within the server's limit of points. */
export function stepFor(spanMs: number, intervalMs: number, options: { minMs?: number; factor?: number } = {}): number {
  const factor = options.factor && options.factor > 0 ? options.factor : 1;
  const safe = spanMs / MOST_POINTS;
  const least = safe > 1 ? Math.ceil(safe / SECOND) * SECOND : 0;
  return Math.max(intervalMs * factor, options.minMs ?? 0, safe > intervalMs * factor ? least : 0, 1);
}

/** A span whose ends are multiples of the step, both moved down; the same question then hits the same cache. `offset` is the zone's, in ms. */
export function alignSpan(span: { from: number; to: number }, stepMs: number, offset = 0): { from: number; to: number } {
  const down = (at: number) => Math.floor((at + offset) / stepMs) * stepMs - offset;
  return { from: down(span.from), to: down(span.to) };
}

/** The length an interval variable's "auto" comes to: the span cut in `count`, at least `min`. */
export function autoInterval(spanMs: number, count: number | undefined, min: string | undefined): string {
  return calculateInterval(spanMs, count && count > 0 ? count : 30, minInterval(min ?? "10s")).text;
}

/** The variables of one query that depend on its step: values as texts. */
export function intervalVariables(interval: Interval, scrapeMs: number, spanMs: number): Record<string, string> {
  const seconds = Math.round(spanMs / SECOND);
  return {
    __interval: interval.text,
    __interval_ms: String(interval.ms),
    __rate_interval: formatDuration(rateInterval(interval.ms, scrapeMs)),
    __auto: interval.text,
    __range: `${seconds}s`,
    __range_s: String(seconds),
    __range_ms: String(Math.round(spanMs)),
  };
}
