/** A frame as categories and columns of bars. Pure. */

import type { Theme } from "../../core/frame/colors.ts";
import { displayProcessor } from "../../core/frame/display_processor.ts";
import type { Field, Frame } from "../../core/frame/frame.ts";
import { seriesColor } from "../../core/frame/series_color.ts";
import { uniqueIds } from "../../charts/unique_ids.ts";
import { withDefaults } from "../../charts/field_display.ts";
import type { Display } from "../../core/frame/display.ts";

export interface BarColumn {
  id: string;
  name: string;
  field: Field;
  display: Display;
  color: string;
  values: (number | null)[];
}

export interface BarModel {
  frame: Frame;
  categories: string[];
  columns: BarColumn[];
  /** Colours of the column that `colorByField` names, by category. */
  colorOf: ((category: number) => string | undefined) | null;
}

/**
 * Categories of `xField` (else of the first text, else of the first time column) and a column of bars for each numeric one.
 * Null where the frame has no categories or no numbers. Frames of one value each are put side by side.
 */
export function barModel(frames: readonly Frame[], options: Record<string, unknown>, theme: Theme, zone: string): BarModel | null {
  const frame = frames.find((each) => each.fields.some((field) => field.type === "number") && each.length > 0);
  if (!frame) return null;
  const named = (field: Field, name: unknown) => typeof name === "string" && name !== "" && (field.display === name || field.name === name);
  const x = frame.fields.find((field) => named(field, options.xField)) ?? frame.fields.find((field) => field.type === "string") ?? frame.fields.find((field) => field.type === "time");
  if (!x) return null;
  const shown = displayProcessor(x, theme, zone);
  const categories = x.values.map((value) => {
    const { prefix = "", text, suffix = "" } = shown(value);
    return prefix + text + suffix;
  });
  const numeric = frame.fields.filter((field) => field !== x && field.type === "number" && (field.config.custom?.hideFrom as { viz?: unknown } | null | undefined)?.viz !== true);
  const ids = uniqueIds(numeric.map((field) => field.display ?? field.name));
  const columns = numeric.map((each, index): BarColumn => {
    const field = withDefaults(each, "palette-classic", index);
    const name = field.display ?? field.name;
    const values = field.values.map((value) => (typeof value === "number" && Number.isFinite(value) ? value : null));
    return { id: ids[index]!, name, field, display: displayProcessor(field, theme, zone), color: seriesColor(field, theme), values };
  });
  if (columns.length === 0) return null;
  const coloring = frame.fields.find((field) => named(field, options.colorByField));
  const coloringDisplay = coloring ? displayProcessor(coloring, theme, zone) : null;
  return { frame, categories, columns, colorOf: coloring && coloringDisplay ? (category) => coloringDisplay(coloring.values[category]).color : null };
}

/** Limits of a histogram's buckets for values between `least` and `most`. */
export function histogramLimits(least: number, most: number, size: number | undefined, count: number | undefined, offset = 0): number[] {
  // The distance of numbers further away would be infinite.
  const [low, high] = [Math.max(-1e300, least), Math.min(1e300, most)];
  let step = size && size > 0 ? size : 0;
  if (!step) {
    const raw = (high - low) / (count && count > 0 ? count : 30) || Math.abs(high) / 10 || 1;
    const magnitude = 10 ** Math.floor(Math.log10(raw));
    step = [1, 2, 2.5, 5, 10].map((each) => each * magnitude).find((each) => each >= raw * (1 - 1e-9)) ?? 10 * magnitude;
  }
  if ((high - low) / step > 1000) step = (high - low) / 1000;
  const first = Math.floor((low - offset) / step + 1e-9);
  const last = Math.max(first + 1, Math.floor((high - offset) / step + 1e-9) + 1);
  const whole = [low, high > low ? high : low + (Math.abs(low) || 1)];
  if (!(last - first >= 1 && last - first <= 1002)) return whole;
  const limits = Array.from({ length: last - first + 1 }, (_, index) => Number(((first + index) * step + offset).toPrecision(12)));
  // Beside an offset or a number this large there may be no room for another limit.
  return limits.every((limit, at) => Number.isFinite(limit) && (at === 0 || limit > limits[at - 1]!)) ? limits : whole;
}

/** How many numbers of each column fall between the limits: from inclusive, to exclusive. */
export function countInto(limits: readonly number[], values: readonly unknown[]): number[] {
  const counts = new Array<number>(limits.length - 1).fill(0);
  for (const value of values) {
    if (typeof value !== "number" || !Number.isFinite(value)) continue;
    let low = 0;
    let high = limits.length - 2;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (limits[middle]! <= value) low = middle;
      else high = middle - 1;
    }
    counts[low]!++;
  }
  return counts;
}
