/** What a heatmap draws: rows of buckets over time, given by the query or calculated from series. Pure; linear in the samples. */

import type { Frame } from "../../core/frame/frame.ts";
import { chartData } from "../../core/frame/series.ts";
import { numberOr, oneOf } from "../../charts/series_style.ts";
import { usualStep } from "../../charts/state_rows.ts";

export interface HeatRow {
  name: string;
  /** Limits of the bucket; NaN where its name is no number. */
  low: number;
  high: number;
}

export interface HeatCells {
  /** Where each column ends, ms, ascending; it begins one step before. */
  times: readonly number[];
  stepMs: number;
  /** From the lowest. */
  rows: HeatRow[];
  /** Row after row; NaN where there is nothing. */
  values: Float64Array;
  /** Of values that are drawn. */
  min: number;
  max: number;
  /** Which edge of its row a name stands at: it is the upper limit, the lower one, or no limit. */
  edge: "upper" | "lower" | "middle";
  /** What the axis shows, in rows from the lowest. */
  from: number;
  to: number;
  left: number;
}

interface YBuckets {
  mode: string;
  value: string;
  /** Base of powers; 0 where buckets are even. */
  log: number;
  /** Up to here around zero buckets are even, where powers go to both sides. */
  threshold?: number | undefined;
}

export interface HeatOptions {
  calculate: boolean;
  xBuckets: { mode: string; value: string } | null;
  yBuckets: YBuckets | null;
  /** What names of given rows are: `auto` looks whether all are numbers. */
  layout: "auto" | "le" | "ge" | "unknown";
  /** Limits of the axis, where the panel has them. */
  yMin: number;
  yMax: number;
  /** Values at or below are not drawn, nor those at or above. */
  hideLe: number;
  hideGe: number;
}

/** Rows of a heatmap at most. */
export const HEAT_ROWS = 200;
/** Cells of a heatmap at most: more columns than that are more than px. */
export const HEAT_CELLS = 400_000;

/** The parts of a panel's options that decide on cells; sizes of buckets may hold variables. */
export function heatOptions(options: Record<string, unknown>, interpolate: (text: string) => string = (text) => text): HeatOptions {
  const filter = (options.filterValues ?? {}) as { le?: unknown; ge?: unknown };
  const calculation = (options.calculation ?? {}) as { xBuckets?: Record<string, unknown>; yBuckets?: Record<string, unknown> };
  const bucket = (read: Record<string, unknown> | undefined) => (read && read.value !== undefined && read.value !== "" ? { mode: String(read.mode ?? "size"), value: interpolate(String(read.value)) } : null);
  const scale = (calculation.yBuckets?.scale ?? {}) as { type?: unknown; log?: unknown; linearThreshold?: unknown };
  const y = bucket(calculation.yBuckets);
  const log = scale.type === "log" || scale.type === "symlog" ? (Number(scale.log) === 10 ? 10 : 2) : 0;
  const threshold = scale.type === "symlog" ? numberOr(scale.linearThreshold, 1, 1e-9) : undefined;
  const axis = (options.yAxis ?? {}) as { min?: unknown; max?: unknown };
  return {
    calculate: options.calculate === true, xBuckets: bucket(calculation.xBuckets), yBuckets: y || log ? { mode: y?.mode ?? "count", value: y?.value ?? "", log, threshold } : null,
    layout: oneOf((options.rowsFrame as { layout?: unknown } | null | undefined)?.layout, ["auto", "le", "ge", "unknown"]),
    yMin: numberOr(axis.min, -Infinity), yMax: numberOr(axis.max, Infinity),
    hideLe: numberOr(filter.le, -Infinity), hideGe: numberOr(filter.ge, Infinity),
  };
}

const UNIT_MS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 7 * 86_400_000, M: 30 * 86_400_000, y: 365 * 86_400_000 };

/** "30s", "1m30s", "1500" (ms) as ms; NaN where it can't be read. */
function millis(text: string): number {
  if (!/^\s*(?:[\d.]+\s*(?:ms|[smhdwMy])?\s*)+$/.test(text)) return NaN;
  return [...text.matchAll(/([\d.]+)\s*(ms|[smhdwMy])?/g)].reduce((sum, [, count, unit = "ms"]) => sum + Number(count) * UNIT_MS[unit]!, 0);
}

function finish(made: Omit<HeatCells, "min" | "max">, options: HeatOptions): HeatCells {
  const { values } = made;
  let min = Infinity;
  let max = -Infinity;
  for (let index = 0; index < values.length; index++) {
    const value = values[index]!;
    if (Number.isNaN(value)) continue;
    if (value <= options.hideLe || value >= options.hideGe) {
      values[index] = NaN;
      continue;
    }
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return { ...made, min, max };
}

/** Buckets that the query gave: a column each, named by its upper limit or otherwise. */
function givenCells(frames: readonly Frame[], options: HeatOptions): HeatCells | null {
  const { times, series } = chartData(frames);
  if (series.length === 0 || times.length === 0) return null;
  const named = series.map((each) => {
    const name = each.field.labels?.le ?? each.field.display ?? each.field.name;
    return { each, name, number: /^\+?inf(inity)?$/i.test(name) ? Infinity : name.trim() === "" ? NaN : Number(name) };
  });
  const numbers = named.every((each) => !Number.isNaN(each.number));
  if (numbers) named.sort((a, b) => a.number - b.number);
  const edge = !numbers || options.layout === "unknown" ? "middle" : options.layout === "ge" ? "lower" : "upper";
  const kept = named.slice(0, HEAT_ROWS);
  const rows = kept.map(({ name, number }, index): HeatRow => {
    if (edge === "middle") return { name, low: NaN, high: NaN };
    return edge === "lower" ? { name, low: number, high: kept[index + 1]?.number ?? Infinity } : { name, low: kept[index - 1]?.number ?? -Infinity, high: number };
  });
  // Limits of the axis take or leave whole rows.
  const within = rows.map(({ low, high }) => !(high <= options.yMin || low >= options.yMax));
  const from = Math.max(0, within.indexOf(true));
  const to = within.lastIndexOf(true) + 1 || rows.length;
  const values = new Float64Array(kept.length * times.length).fill(NaN);
  kept.forEach(({ each }, row) => {
    for (let column = 0; column < times.length; column++) {
      const value = each.raw[column];
      if (typeof value === "number") values[row * times.length + column] = value;
    }
  });
  const step = frames.find((frame) => frame.meta?.stepMs)?.meta?.stepMs ?? usualStep(times, 60_000);
  return finish({ times, stepMs: step, rows, values, edge, from, to, left: named.length - kept.length }, options);
}

/** Limits of `count` even (or logarithmic) buckets around values. */
export function bucketLimits(least: number, most: number, spec: HeatOptions["yBuckets"]): number[] {
  // The distance of numbers further away would be infinite.
  const [low, high] = [Math.max(-1e300, least), Math.min(1e300, most)];
  if (spec?.log && spec.threshold !== undefined) return bothWays(low, high, spec.log, spec.threshold);
  if (spec?.log) {
    const base = spec.log;
    // A split of each power in parts, as "size" or "count" of log buckets mean.
    const parts = Math.max(1, Math.min(10, Math.round(numberOr(spec.value, 1))));
    const from = Math.floor(Math.log(Math.max(low, 1e-9)) / Math.log(base));
    const to = Math.max(from + 1, Math.ceil(Math.log(Math.max(high, 1e-9)) / Math.log(base) + 1e-9));
    const limits: number[] = [];
    for (let power = from * parts; power <= to * parts && limits.length <= HEAT_ROWS; power++) limits.push(base ** (power / parts));
    return limits;
  }
  const value = numberOr(spec?.value, 0);
  let size: number;
  if (spec?.mode === "size" && value > 0) {
    size = value;
  } else {
    const count = value > 0 ? value : 25;
    const raw = (high - low) / count || Math.abs(high) / 10 || 1;
    const magnitude = 10 ** Math.floor(Math.log10(raw));
    size = [1, 2, 2.5, 5, 10].map((each) => each * magnitude).find((each) => each >= raw * (1 - 1e-9)) ?? 10 * magnitude;
  }
  if ((high - low) / size > HEAT_ROWS - 1) size = (high - low) / (HEAT_ROWS - 1);
  const start = Math.floor(low / size + 1e-9);
  const end = Math.max(start + 1, Math.floor(high / size + 1e-9) + 1);
  const limits = Array.from({ length: Math.min(HEAT_ROWS + 2, end - start + 1) }, (_, index) => Number(((start + index) * size).toPrecision(12)));
  // So far from zero, or so close together, there may be no room between two limits.
  return limits.length > 1 && limits.every((limit, at) => at === 0 || limit > limits[at - 1]!) ? limits : [low, high > low ? high : low + (Math.abs(low) || 1)];
}

/** Zero, and powers to both sides as far as there are values: the first is the threshold. */
function bothWays(low: number, high: number, base: number, threshold: number): number[] {
  const powers = (reach: number) => {
    const limits: number[] = [];
    for (let limit = threshold; reach > 0 && limits.length < HEAT_ROWS / 2; limit *= base) {
      limits.push(limit);
      if (limit >= reach) break;
    }
    return limits;
  };
  const limits = [...powers(-low).reverse().map((limit) => -limit), 0, ...powers(high)];
  return limits.length > 1 ? limits : [0, threshold];
}

/** How high a value stands between limits, in rows; as far as the lowest or the highest where it is beyond. */
function between(limits: readonly number[], value: number, log: boolean): number {
  const row = rowOf(limits, value);
  const [low, high] = [limits[row]!, limits[row + 1]!];
  const share = log && low > 0 && value > 0 ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
  return row + Math.min(1, Math.max(0, share));
}

/** Buckets counted here: how many samples of all series fall into each. */
function countedCells(frames: readonly Frame[], options: HeatOptions, span: { from: number; to: number }): HeatCells | null {
  const points: [readonly number[], readonly unknown[]][] = [];
  // Powers have no place for what is not above zero.
  const log = options.yBuckets !== null && options.yBuckets.log > 0 && options.yBuckets.threshold === undefined;
  const counts = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value) && (!log || value > 0);
  let low = Infinity;
  let high = -Infinity;
  for (const frame of frames) {
    const time = frame.fields.find((field) => field.type === "time");
    if (!time) continue;
    for (const field of frame.fields) {
      if (field.type !== "number") continue;
      points.push([time.values as readonly number[], field.values]);
      for (const value of field.values) {
        if (!counts(value)) continue;
        if (value < low) low = value;
        if (value > high) high = value;
      }
    }
  }
  if (!(low <= high)) return null;
  // The axis may reach further than the values, or less far: what is beyond it is not counted.
  const [least, most] = [Number.isFinite(options.yMin) ? options.yMin : low, Number.isFinite(options.yMax) ? options.yMax : high];
  const limits = bucketLimits(Math.min(least, most), Math.max(least, most), options.yBuckets);
  const rows = limits.slice(1).map((limit, index): HeatRow => ({ name: String(limit), low: limits[index]!, high: limit }));
  const length = span.to - span.from;
  let step = options.xBuckets ? (options.xBuckets.mode === "count" ? length / Math.max(1, numberOr(options.xBuckets.value, 30)) : millis(options.xBuckets.value)) : length / 60;
  if (!(step > 0)) step = length / 60;
  step = Math.max(step, (length * rows.length) / HEAT_CELLS, 1);
  const first = Math.floor(span.from / step);
  const columns = Math.max(1, Math.ceil(span.to / step) - first);
  const times = Array.from({ length: columns }, (_, index) => (first + index + 1) * step);
  const values = new Float64Array(rows.length * columns).fill(NaN);
  for (const [at, numbers] of points) {
    for (let index = 0; index < at.length; index++) {
      const value = numbers[index];
      if (!counts(value)) continue;
      const column = Math.floor(at[index]! / step) - first;
      if (column < 0 || column >= columns || value < options.yMin || value > options.yMax) continue;
      const row = rowOf(limits, value);
      const place = row * columns + column;
      values[place] = Number.isNaN(values[place]!) ? 1 : values[place]! + 1;
    }
  }
  const from = Number.isFinite(options.yMin) ? between(limits, options.yMin, log) : 0;
  const to = Number.isFinite(options.yMax) ? between(limits, options.yMax, log) : rows.length;
  return finish({ times, stepMs: step, rows, values, edge: "upper", ...(to > from ? { from, to } : { from: 0, to: rows.length }), left: 0 }, options);
}

/** The bucket that holds a value, by halving; the outermost for what is beyond. */
export function rowOf(limits: readonly number[], value: number): number {
  let low = 0;
  let high = limits.length - 2;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (limits[middle]! <= value) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** The cells of a panel; null where there is nothing to draw. */
export function heatCells(given: readonly Frame[], options: HeatOptions, span: { from: number; to: number }): HeatCells | null {
  const frames = given.filter((frame) => frame.meta?.kind !== "exemplars");
  const cells = options.calculate ? countedCells(frames, options, span) : givenCells(frames, options);
  return cells && cells.max >= cells.min ? cells : null;
}

/** How high a value stands among the rows, counted from the lowest: row 2 and a half is 2.5. NaN where no row holds it. */
export function heightOf(rows: readonly HeatRow[], value: number): number {
  const row = rows.findIndex(({ low, high }) => value > low && value <= high);
  if (row < 0) return NaN;
  const { low, high } = rows[row]!;
  return row + (Number.isFinite(low) && Number.isFinite(high) ? (value - low) / (high - low) : 0.5);
}

/** The cell at a time (ms) of a row: its column, or -1. */
export function columnAt(cells: Pick<HeatCells, "times" | "stepMs">, time: number): number {
  let low = 0;
  let high = cells.times.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (cells.times[middle]! < time) low = middle + 1;
    else high = middle;
  }
  const end = cells.times[low];
  return end !== undefined && time <= end && time >= end - cells.stepMs ? low : -1;
}
