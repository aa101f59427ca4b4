/** Time ranges: from expressions to milliseconds, moved, zoomed, and set apart for one panel. */

import { parseDuration } from "./duration.ts";
import { type DateContext, isRelative, parseDate } from "./datemath.ts";
import { parseUrlInstant } from "./instant.ts";
import { type RawRange, rangeName } from "./range_names.ts";

export type { RawRange } from "./range_names.ts";

/** Both ends in milliseconds since the epoch, both included. */
export interface Span {
  from: number;
  to: number;
}

/** A range that was resolved: what was asked for, and what it comes to now. */
export interface TimeRange {
  raw: RawRange;
  span: Span;
}

export const DEFAULT_RANGE: RawRange = { from: "now-6h", to: "now" };

/** The latest instant that is shown: what dates can hold less a year, so that sums stay dates. */
const MOST_MS = 8.6e15;

/** The milliseconds of a range now; null where an end cannot be read. An end before its start is put after it. */
export function resolveRange(raw: RawRange, context: DateContext): Span | null {
  const from = parseDate(raw.from, context, false);
  const to = parseDate(raw.to, context, true);
  if (from === null || to === null || Math.abs(from) > MOST_MS || Math.abs(to) > MOST_MS) return null;
  return from <= to ? { from, to } : { from: to, to: from };
}

/** As `resolveRange`; where it cannot be read, the last six hours. */
export function rangeOrDefault(raw: RawRange, context: DateContext): TimeRange {
  const span = resolveRange(raw, context);
  if (span) return { raw, span };
  return { raw: DEFAULT_RANGE, span: resolveRange(DEFAULT_RANGE, context)! };
}

/** Whether the range moves as time goes on. */
export function isLive(raw: RawRange): boolean {
  return isRelative(raw.from) || isRelative(raw.to);
}

/** The range as fixed instants, in ISO 8601. */
export function absolute(span: Span): RawRange {
  return { from: new Date(span.from).toISOString(), to: new Date(span.to).toISOString() };
}

/** Moved by half of its length: earlier for -1, later for 1, never to end after `now`. */
export function shiftSpan(span: Span, direction: -1 | 1, now = Infinity): Span {
  const half = Math.max(1, Math.round((span.to - span.from) / 2));
  const by = direction < 0 ? -half : Math.max(0, Math.min(half, now - span.to));
  return { from: span.from + by, to: span.to + by };
}

/** `factor` times as long around the same middle; half for 0.5. A span of nothing becomes 30 s first. */
export function zoomSpan(span: Span, factor: number): Span {
  const length = span.to - span.from || 30_000;
  const middle = span.from + length / 2;
  const half = Math.min(Math.max(1, (length * factor) / 2), MOST_MS / 4);
  return { from: Math.round(middle - half), to: Math.round(middle + half) };
}

/** One end as the URL may write it, in our form: expressions as they are, instants in ISO 8601. Null where unreadable. */
export function readUrlEnd(text: string, zone: string): string | null {
  // A plus in a query string may have become a space: "now 1h" can only be "now+1h".
  const bare = text.trim().replace(/^now (?=\d)/, "now+");
  if (isRelative(bare)) return parseDate(bare, { now: 0, zone }) === null ? null : bare.replace(/\s+/g, "");
  const at = bare.includes("||") ? parseDate(bare, { now: 0, zone }) : parseUrlInstant(bare, zone);
  return at === null || Math.abs(at) > MOST_MS ? null : new Date(at).toISOString();
}

/**
 * The range of a URL's parameters: `from` and `to`, or `time` and `time.window` (its middle and its width). Null where none
 * is there or neither can be read; an end that is missing is the other's counterpart in `fallback`.
 */
export function readUrlRange(get: (name: string) => string | null, zone: string, fallback: RawRange = DEFAULT_RANGE): RawRange | null {
  const time = get("time");
  const window = get("time.window");
  if (time && window) {
    const middle = parseUrlInstant(time, zone);
    const width = /^\d+$/.test(window) ? Number(window) : parseDuration(window);
    if (middle !== null && width !== null && width > 0) return absolute({ from: Math.round(middle - width / 2), to: Math.round(middle + width / 2) });
  }
  const from = get("from");
  const to = get("to");
  const read = { from: from ? readUrlEnd(from, zone) : null, to: to ? readUrlEnd(to, zone) : null };
  if (read.from === null && read.to === null) return null;
  return { from: read.from ?? fallback.from, to: read.to ?? fallback.to };
}

/** The range that a panel's data is of, where it is kept with the data. */
export class KeptRange {
  constructor(readonly range: PanelRange) {}
}

/** A range of its own that a panel has, and what its header says of it. */
export interface PanelRange extends TimeRange {
  note: string;
}

/**
 * The range of one panel. `timeFrom` ("2h", "now/d", "+1h") replaces a range that is relative to now; `timeShift` ("1d", "1d/d")
 * moves either into the past. What cannot be read changes nothing and says so in the note.
 */
export function panelRange(
  range: TimeRange,
  panel: { timeFrom?: string | null; timeShift?: string | null; hideTimeOverride?: boolean; snapshotRange?: unknown },
  context: DateContext,
): PanelRange {
  if (panel.snapshotRange instanceof KeptRange) return panel.snapshotRange.range;
  let made: TimeRange = range;
  const notes: string[] = [];
  const timeFrom = panel.timeFrom?.trim();
  if (timeFrom && isLive(range.raw)) {
    const raw = timeFrom.startsWith("+") ? { from: "now", to: `now${timeFrom}` } : { from: timeFrom.startsWith("now") ? timeFrom : `now-${timeFrom}`, to: "now" };
    const span = resolveRange(raw, context);
    if (span) made = { raw, span };
    notes.push(span ? rangeName(raw, context.zone) : `time override "${timeFrom}" cannot be read`);
  }
  const timeShift = panel.timeShift?.trim();
  if (timeShift) {
    const steps = timeShift.replace(/^now/, "").replace(/^(?=[\d])/, "-");
    const from = parseDate(`now${steps}`, { ...context, now: made.span.from }, false);
    const to = parseDate(`now${steps}`, { ...context, now: made.span.to }, true);
    if (from !== null && to !== null && from <= to) made = { raw: absolute({ from, to }), span: { from, to } };
    notes.push(from !== null && to !== null ? `timeshift ${steps}` : `time shift "${timeShift}" cannot be read`);
  }
  return { ...made, note: panel.hideTimeOverride ? "" : notes.join(" ") };
}
