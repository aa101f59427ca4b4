/** Columns to one value each: last, mean, max, percentiles, … */

import type { Field } from "./frame.ts";

/** What a missing value counts as. */
export type Nulls = "null" | "connected" | "null as zero";

export interface Reducer {
  id: string;
  name: string;
}

const NAMES: readonly [id: string, name: string][] = [
  ["lastNotNull", "Last *"], ["last", "Last"], ["firstNotNull", "First *"], ["first", "First"], ["min", "Min"], ["max", "Max"],
  ["mean", "Mean"], ["median", "Median"], ["variance", "Variance"], ["stdDev", "StdDev"], ["sum", "Total"], ["count", "Count"],
  ["countAll", "Count all"], ["range", "Range"], ["delta", "Delta"], ["step", "Step"], ["diff", "Difference"],
  ["logmin", "Min (above zero)"], ["allIsZero", "All Zeros"], ["allIsNull", "All Nulls"], ["changeCount", "Change Count"],
  ["distinctCount", "Distinct Count"], ["diffperc", "Difference percent"], ["allValues", "All values"],
  ["uniqueValues", "All unique values"],
];

function ordinal(n: number): string {
  const tens = n % 100;
  const last = n % 10;
  return n + (tens > 10 && tens < 14 ? "th" : last === 1 ? "st" : last === 2 ? "nd" : last === 3 ? "rd" : "th");
}

/** All reducers, in the order of a menu: the names are the titles of legends' columns. */
export const REDUCERS: readonly Reducer[] = [
  ...NAMES.map(([id, name]) => ({ id, name })),
  ...Array.from({ length: 99 }, (_, i) => ({ id: `p${i + 1}`, name: `${ordinal(i + 1)} %` })),
];

// Names by which old dashboards call them.
const ALIASES: Record<string, string> = { avg: "mean", average: "mean", current: "last", total: "sum", lastNonNull: "lastNotNull", firstNonNull: "firstNotNull" };

const BY_ID = new Map(REDUCERS.map((reducer) => [reducer.id, reducer]));

/** The reducer of an id (an old name too); undefined where there is none. */
export function reducerOf(id: string): Reducer | undefined {
  return BY_ID.get(ALIASES[id] ?? id);
}

interface Standard {
  sum: number;
  max: number | null;
  min: number | null;
  logmin: number;
  mean: number | null;
  last: unknown;
  first: unknown;
  lastNotNull: unknown;
  firstNotNull: unknown;
  count: number;
  nonNullCount: number;
  allIsNull: boolean;
  allIsZero: boolean;
  range: number | null;
  diff: number | null;
  delta: number;
  step: number | null;
  diffperc: number;
  previousDeltaUp: boolean;
}

/** Everything that one walk over the values gives. Numbers that are NaN count as missing, but for first and last. */
function standard(field: Pick<Field, "values" | "type">, nulls: Nulls): Standard {
  const { values } = field;
  const numeric = field.type === "number" || field.type === "time";
  let [sum, max, min, logmin, step, delta, count, nonNull] = [0, -Infinity, Infinity, Number.MAX_VALUE, Infinity, 0, 0, 0];
  let [allZero, up, seen] = [true, true, false];
  let first: unknown = null;
  let last: unknown = null;
  for (let i = 0; i < values.length; i++) {
    let value = values[i] ?? null;
    if (value === null) {
      if (nulls === "connected") continue;
      if (nulls === "null as zero") value = 0;
    }
    count++;
    if (value === null || Number.isNaN(value)) continue;
    if (!seen) first = value;
    if (numeric) {
      const number = value as number;
      sum += number;
      nonNull++;
      if (seen) {
        const change = number - (last as number);
        if (change < step) step = change;
        // A counter that fell was reset; what it gained before the next value is not known.
        if (change < 0) up = false;
        else {
          if (up) delta += change;
          up = true;
        }
      }
      if (number > max) max = number;
      if (number < min) min = number;
      if (number < logmin && number > 0) logmin = number;
    }
    if (value !== 0) allZero = false;
    last = value;
    seen = true;
  }
  const any = nonNull > 0;
  const diff = typeof first === "number" && typeof last === "number" ? last - first : null;
  return {
    sum, logmin, delta, count, first: values[0] ?? null, last: values.at(-1) ?? null, firstNotNull: first, lastNotNull: last,
    nonNullCount: nonNull,
    max: any ? max : null,
    min: any ? min : null,
    step: step === Infinity ? null : step,
    mean: any ? sum / nonNull : null,
    range: any ? max - min : null,
    allIsNull: !any,
    allIsZero: any && allZero,
    diff,
    diffperc: diff === null ? 0 : (diff / (first as number)) * 100,
    previousDeltaUp: up,
  };
}

/** Values as percentiles see them: sorted, missing ones dropped, zero, or left at the start. */
function sorted(values: readonly unknown[], nulls: Nulls): ArrayLike<number | null> {
  // Sorted as numbers, not by a function: three times as fast. NaN has no place in an order, so it keeps to the other way.
  if (values.every((value) => typeof value === "number" && !Number.isNaN(value))) return Float64Array.from(values as number[]).sort();
  const numbers = (nulls === "connected" ? values.filter((value) => value !== null && value !== undefined) : [...values]) as (number | null)[];
  if (nulls === "null as zero") return numbers.map((value) => value ?? 0).sort((a, b) => a - b);
  return numbers.sort((a, b) => (a as number) - (b as number));
}

function median(values: readonly unknown[], nulls: Nulls): number | null {
  const numbers = sorted(values, nulls);
  const middle = Math.floor(numbers.length / 2);
  const high = numbers[middle];
  if (numbers.length % 2) return high ?? null;
  return ((numbers[middle - 1] as number) + (high as number)) / 2;
}

function percentile(values: readonly unknown[], nulls: Nulls, percent: number): number | null | undefined {
  const numbers = sorted(values, nulls);
  return numbers[Math.round((numbers.length - 1) * (percent / 100))];
}

function variance(values: readonly unknown[]): number {
  let [squares, mean, count] = [0, 0, 0];
  for (const value of values) {
    if (value === null || value === undefined) continue;
    const number = value as number;
    const before = mean;
    count++;
    mean += (number - before) / count;
    squares += (number - before) * (number - mean);
  }
  return count ? squares / count : 0;
}

function changes(values: readonly unknown[], nulls: Nulls): number {
  let count = 0;
  let first = true;
  let last: unknown = null;
  for (let value of values) {
    value ??= null;
    if (value === null) {
      if (nulls === "connected") continue;
      if (nulls === "null as zero") value = 0;
    }
    if (!first && last !== value) count++;
    first = false;
    last = value;
  }
  return count;
}

function distinct(values: readonly unknown[], nulls: Nulls): number {
  const seen = new Set<unknown>();
  for (const value of values) {
    if (value === null || value === undefined) {
      if (nulls !== "connected") seen.add(nulls === "null" ? null : 0);
    } else seen.add(value);
  }
  return seen.size;
}

const EMPTY: Record<string, unknown> = { sum: 0, count: 0, countAll: 0, allIsZero: false, allIsNull: true };

/** What has been worked out of a list of values; the list never changes, so it is worked out once. */
const known = new WeakMap<readonly unknown[], Map<string, unknown>>();

function compute(field: Pick<Field, "values" | "type">, id: string, nulls: Nulls): unknown {
  const { values } = field;
  switch (id) {
    case "countAll":
      return values.length;
    case "median":
      return median(values, nulls);
    case "variance":
      return variance(values);
    case "stdDev":
      return Math.sqrt(variance(values));
    case "changeCount":
      return changes(values, nulls);
    case "distinctCount":
      return distinct(values, nulls);
    case "allValues":
      return [...values];
    case "uniqueValues":
      return [...new Set(values)];
  }
  const percent = /^p(\d{1,2})$/.exec(id)?.[1];
  return percent ? percentile(values, nulls, Number(percent)) : undefined;
}

/**
 * The column reduced by `id`; null where there is nothing to reduce or no such reducer. Most give a number; first and last
 * what the column holds; allIsZero and allIsNull a boolean; allValues and uniqueValues a list.
 * nulls  as the column's `nullValueMode` says, unless told; where nobody says, missing values do not count
 *
 * Results are kept with the list of values: a list must not change once it is in a column.
 */
export function reduce(field: Pick<Field, "values" | "type"> & Partial<Pick<Field, "config">>, id: string, nulls?: Nulls): unknown {
  const { values } = field;
  const name = ALIASES[id] ?? id;
  if (!values.length) return EMPTY[name] ?? null;
  const mode = nulls ?? field.config?.nullValueMode ?? "connected";
  let cache = known.get(values);
  if (!cache) known.set(values, (cache = new Map()));
  const key = `${field.type} ${mode}`;
  let whole = cache.get(key) as Standard | undefined;
  if (name in PLAIN) {
    if (!whole) cache.set(key, (whole = standard(field, mode)));
    return whole[name as keyof Standard];
  }
  const own = `${key} ${name}`;
  if (!cache.has(own)) cache.set(own, compute(field, name, mode) ?? null);
  return cache.get(own);
}

const PLAIN: Record<keyof Standard, true> = {
  sum: true, max: true, min: true, logmin: true, mean: true, last: true, first: true, lastNotNull: true, firstNotNull: true, count: true,
  nonNullCount: true, allIsNull: true, allIsZero: true, range: true, diff: true, delta: true, step: true, diffperc: true, previousDeltaUp: true,
};

/** As `reduce`, where a number is wanted: NaN where it gives none. */
export function reduceNumber(field: Parameters<typeof reduce>[0], id: string): number {
  const value = reduce(field, id);
  return typeof value === "number" ? value : typeof value === "boolean" ? Number(value) : NaN;
}
