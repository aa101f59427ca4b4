/** How many values fall into each of many buckets of one width. */

import { displayNames } from "../display_name.ts";
import { type Field, frame as makeFrame } from "../frame.ts";
import { reduce } from "../reducers.ts";
import { column } from "../rows.ts";
import type { Transform } from "./transformation.ts";

interface Histogram {
  bucketCount: number;
  bucketSize: number;
  bucketOffset: number;
  combine: boolean;
}

const MOST_BUCKETS = 10_000;

/** The least of 1, 2, 2.5 and 5 times a power of ten that makes at most `count` buckets of `span`. */
function niceSize(span: number, count: number): number {
  const least = span / Math.max(1, count);
  if (!(least > 0) || !Number.isFinite(least)) return 1;
  const power = 10 ** Math.floor(Math.log10(least));
  return ([1, 2, 2.5, 5, 10].find((step) => step * power >= least * (1 - 1e-9)) ?? 10) * power;
}

/** The least distance of two different values; 0 where there are none. */
function leastGap(lists: readonly number[][]): number {
  const sorted = Float64Array.from(lists.flat()).sort();
  let least = Infinity;
  for (let i = 1; i < sorted.length; i++) if (sorted[i]! > sorted[i - 1]!) least = Math.min(least, sorted[i]! - sorted[i - 1]!);
  return Number.isFinite(least) ? least : 0;
}

/** Multiples of 0.1 are not exact: bounds are cut to what people would write. */
const tidy = (value: number): number => Number(value.toPrecision(12));

/**
 * See Grafana's "Histogram": one frame of xMin, xMax and a count for each numeric column, or for all together.
 * bucketSize is worked out of bucketCount (30) where it is not given; bounds are bucketOffset and whole sizes from there.
 */
export const histogram: Transform<Histogram> = (frames, { bucketCount = 30, bucketSize, bucketOffset = 0, combine = false }) => {
  const fields = frames.flatMap((frame) => frame.fields.filter((field) => field.type === "number"));
  const finite = fields.map((field) => (field.values as (number | null)[]).filter((value): value is number => value !== null && value !== undefined && Number.isFinite(value)));
  let [min, max] = [Infinity, -Infinity];
  for (const values of finite) {
    if (!values.length) continue;
    min = Math.min(min, reduce({ type: "number", values }, "min") as number);
    max = Math.max(max, reduce({ type: "number", values }, "max") as number);
  }
  if (min > max) return [];
  const offset = Number(bucketOffset) || 0;
  const span = max - min;
  // No smaller than what lies between two values: whole numbers must not have empty buckets between them.
  const apart = leastGap(finite);
  let size = Number(bucketSize) > 0 ? Number(bucketSize) : niceSize(Math.max(span, apart * (Number(bucketCount) || 30)), Number(bucketCount) || 30);
  if (span / size > MOST_BUCKETS) size = niceSize(span, MOST_BUCKETS);
  const first = Math.floor((min - offset) / size);
  const buckets = Math.floor((max - offset) / size) - first + 1;
  const countsOf = (lists: readonly number[][]): number[] => {
    const counts = Array<number>(buckets).fill(0);
    for (const values of lists) for (const value of values) counts[Math.min(buckets - 1, Math.max(0, Math.floor((value - offset) / size) - first))]!++;
    return counts;
  };
  const bound = (i: number): number => tidy((first + i) * size + offset);
  const edges = Array.from({ length: buckets }, (_, i) => i);
  const unit = fields[0]!.config.unit;
  const config = unit === undefined ? {} : { unit };
  const names = displayNames(frames);
  const counts: Field[] = combine
    ? [column("count", "number", countsOf(finite))]
    : fields.map((field, i) => {
        const rest = { ...field.config };
        delete rest.unit;
        return column(names.get(field) ?? field.name, "number", countsOf([finite[i]!]), { config: rest, ...(field.labels && { labels: field.labels }) });
      });
  return [makeFrame([column("xMin", "number", edges.map(bound), { config }), column("xMax", "number", edges.map((i) => bound(i + 1)), { config }), ...counts])];
};
