/** States over time: a row for each column, with the spans in which its value was the same. Pure. */

import type { Theme } from "../core/frame/colors.ts";
import type { DisplayValue } from "../core/frame/display.ts";
import { displayProcessor } from "../core/frame/display_processor.ts";
import type { Field, Frame } from "../core/frame/frame.ts";
import { isPalette, paletteColor } from "../core/frame/palettes.ts";
import { withDefaults } from "./field_display.ts";

/** From (inclusive) to (exclusive), ms. */
export interface StateSpan {
  from: number;
  to: number;
  value: unknown;
  shown: DisplayValue;
  /** The first row of the frame that is in it. */
  row: number;
}

export interface StateRow {
  name: string;
  field: Field;
  frame: Frame;
  spans: StateSpan[];
}

/** Rows that one chart shows at most. */
export const STATE_ROWS = 200;

/** The usual distance of times, ms: the median; `fallback` where there are fewer than two. */
export function usualStep(times: readonly number[], fallback: number): number {
  if (times.length < 2) return fallback;
  const steps: number[] = [];
  for (let index = 1; index < times.length; index++) steps.push(times[index]! - times[index - 1]!);
  steps.sort((a, b) => a - b);
  return steps[steps.length >> 1] || fallback;
}

const missing = (value: unknown) => value === null || value === undefined || (typeof value === "number" && Number.isNaN(value));

function nullGap(field: Field): number {
  const span = field.config.custom?.spanNulls;
  return span === true ? Infinity : typeof span === "number" ? span : 0;
}

/**
 * The rows of all columns but times.
 *
 * merge  puts equal neighbours together; without, each sample is a span of its own
 * end    where the last span ends if the data reaches it within a step, ms
 */
export function stateRows(frames: readonly Frame[], merge: boolean, end: number, theme: Theme, zone: string): { rows: StateRow[]; left: number } {
  const rows: StateRow[] = [];
  let left = 0;
  // Palettes give each value a colour of its own, the same in all rows.
  const palette = new Map<string, string>();
  for (const frame of frames) {
    const time = frame.fields.find((field) => field.type === "time");
    if (!time) continue;
    const times = time.values as readonly number[];
    const step = frame.meta?.stepMs ?? usualStep(times, 60_000);
    for (const each of frame.fields) {
      if (each.type === "time" || each.type === "other" || (each.config.custom?.hideFrom as { viz?: unknown } | undefined)?.viz === true || each.config.custom?.hidden === true) continue;
      if (rows.length >= STATE_ROWS) {
        left++;
        continue;
      }
      const field = withDefaults(each, "thresholds", rows.length);
      const display = displayProcessor(field, theme, zone);
      const byValue = isPalette(field.config.color?.mode ?? "") ? (field.config.color?.mode ?? "") : null;
      const bridge = nullGap(field);
      const spans: StateSpan[] = [];
      let last: StateSpan | null = null;
      for (let row = 0; row < times.length; row++) {
        const from = times[row]!;
        const value = field.values[row];
        if (missing(value)) {
          if (last && bridge === 0) last = null;
          continue;
        }
        const next = times[row + 1];
        // A sample lasts until the next one, but not over a hole in the data.
        const to = next === undefined ? Math.min(Math.max(end, from + step), from + step * 1.5) : next - from > step * 1.5 && bridge === 0 ? from + step : next;
        const joins: boolean = last !== null && (last.to >= from || from - last.to <= bridge);
        if (merge && last && joins && last.value === value) {
          last.to = to;
          continue;
        }
        if (last && joins && from > last.to) last.to = from;
        const shown = { ...display(value) };
        if (byValue && !field.config.mappings?.length) {
          const key = shown.text;
          if (!palette.has(key)) palette.set(key, paletteColor(byValue, palette.size, theme));
          shown.color = palette.get(key)!;
        }
        last = { from, to, value, shown, row };
        spans.push(last);
      }
      rows.push({ name: field.display ?? field.name, field, frame, spans });
    }
  }
  return { rows, left };
}

/** The span that holds a time (ms), or null. */
export function spanAt(spans: readonly StateSpan[], time: number): StateSpan | null {
  let low = 0;
  let high = spans.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const span = spans[middle]!;
    if (time < span.from) high = middle - 1;
    else if (time >= span.to) low = middle + 1;
    else return span;
  }
  return null;
}

/** Distinct states with their colours, in order of first sight, at most `most`: what a legend shows. */
export function distinctStates(rows: readonly StateRow[], most = 40): { text: string; color: string }[] {
  const seen = new Map<string, string>();
  for (const { spans } of rows) {
    for (const { shown } of spans) {
      const text = (shown.prefix ?? "") + shown.text + (shown.suffix ?? "");
      if (!seen.has(text)) seen.set(text, shown.color ?? "");
      if (seen.size >= most) return [...seen].map(([name, color]) => ({ text: name, color }));
    }
  }
  return [...seen].map(([text, color]) => ({ text, color }));
}
