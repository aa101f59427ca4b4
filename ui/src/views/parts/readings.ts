/** Numbers that a page shows, each an instant query of Prometheus: asked together, each may fail alone. */

import { PrometheusClient } from "../../api/prometheus.ts";
import type { LabelSet } from "../../api/prometheus.ts";
import { scheduler } from "../../query/scheduler.ts";

/** What one query gave: a number for each label set, or why there is none. */
export interface Reading {
  rows: { labels: LabelSet; value: number }[];
  fault: unknown;
}

/** Asks for all of `queries`; an answer is under its query's name. Raises only what calls the whole off. */
export async function readAll<K extends string>(base: string, queries: Record<K, string>, signal: AbortSignal): Promise<Record<K, Reading>> {
  const client = new PrometheusClient(base);
  const at = Date.now();
  const entries = await Promise.all(
    (Object.entries(queries) as [K, string][]).map(async ([name, expr]): Promise<[K, Reading]> => {
      try {
        const { data } = await scheduler.run(`${base} reading ${expr}`, 2, (stop) => client.query(expr, at, { signal: stop }), signal);
        const rows = data.resultType === "vector" ? data.result.map(({ metric, value }) => ({ labels: metric, value: Number(value?.[1]) })) : [];
        return [name, { rows, fault: null }];
      } catch (error) {
        if (signal.aborted) throw error;
        return [name, { rows: [], fault: error }];
      }
    }),
  );
  return Object.fromEntries(entries) as Record<K, Reading>;
}

/** The one number of a reading; null where there is none. */
export function one(reading: Reading | undefined): number | null {
  const value = reading?.rows[0]?.value;
  return value === undefined || Number.isNaN(value) ? null : value;
}

/** Numbers by the value of a label. */
export function byLabel(reading: Reading | undefined, label: string): Map<string, number> {
  return new Map((reading?.rows ?? []).map(({ labels, value }) => [labels[label] ?? "", value]));
}
