/** Native histograms of Prometheus: samples that are whole histograms. */

import type { Numbers } from "./stacking.ts";

/** As the API has it: numbers are texts; a bucket is [rule of its bounds, lower, upper, count]. */
export interface NativeHistogram {
  count: string;
  sum: string;
  buckets?: readonly (readonly [rule: number, lower: string, upper: string, count: string])[];
}

/** [seconds since the epoch, histogram] */
export type HistogramSample = readonly [seconds: number, histogram: NativeHistogram];

/** The average of what was observed: what a histogram is where one number is wanted. NaN of an empty one. */
export function averageOf({ sum, count }: NativeHistogram): number {
  return Number(sum) / Number(count);
}

/** One row of a heatmap; `upper` is as the server writes it. */
export interface BucketRow {
  upper: string;
  counts: Numbers;
}

/**
 * Counts of each bucket at each time, from the lowest bucket, added up over all series. Buckets hold what is in them alone.
 * Where two buckets do not meet there is an empty row between them, so that each begins where the one before ends.
 *
 * places  where on the time axis a time (ms) is, `length` how long the axis is
 */
export function bucketRows(series: readonly (readonly HistogramSample[])[], places: ReadonlyMap<number, number>, length: number): BucketRow[] {
  const rows = new Map<number, BucketRow & { lower: number }>();
  for (const samples of series) {
    for (const [seconds, { buckets = [] }] of samples) {
      const place = places.get(Math.round(seconds * 1000));
      if (place === undefined) continue;
      for (const [, lower, upper, count] of buckets) {
        const bound = upper === "+Inf" ? Infinity : Number(upper);
        let row = rows.get(bound);
        if (!row) rows.set(bound, (row = { upper, lower: lower === "-Inf" ? -Infinity : Number(lower), counts: Array<number | null>(length).fill(null) }));
        row.counts[place] = (row.counts[place] ?? 0) + Number(count);
      }
    }
  }
  const ordered = [...rows].sort(([a], [b]) => a - b);
  return ordered.flatMap(([, { upper, lower, counts }], i) => {
    const below = i ? ordered[i - 1]![0] : -Infinity;
    const gap = i > 0 && lower > below ? [{ upper: String(lower), counts: Array<number | null>(length).fill(null) }] : [];
    return [...gap, { upper, counts }];
  });
}
