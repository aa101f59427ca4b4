/** The metrics of a store for somebody who does not know their names: found by words, with a query to begin with. */

import type { MetricMetadata } from "../../api/prometheus.ts";

export interface MetricRow {
  name: string;
  type: string;
  help: string;
}

const SUFFIX = /_(bucket|sum|count|total|created)$/;

/** What is known of a name: histograms and summaries are told of by their base name. */
export function metricRow(name: string, metadata: Readonly<Record<string, MetricMetadata[]>>): MetricRow {
  const told = metadata[name]?.[0] ?? metadata[name.replace(SUFFIX, "")]?.[0];
  const own = told?.type ?? (/_(total|bucket|sum|count)$/.test(name) ? "counter" : "");
  return { name, type: own === "histogram" && !name.endsWith("_bucket") && SUFFIX.test(name) ? "counter" : own, help: told?.help ?? "" };
}

/** Metrics of which every word is in name or help; those with all words in the name come first. */
export function findMetrics(rows: readonly MetricRow[], text: string): MetricRow[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length) return [...rows];
  const named: MetricRow[] = [];
  const others: MetricRow[] = [];
  for (const row of rows) {
    const name = row.name.toLowerCase();
    if (words.every((word) => name.includes(word))) named.push(row);
    else {
      const all = `${name} ${row.help.toLowerCase()}`;
      if (words.every((word) => all.includes(word))) others.push(row);
    }
  }
  return [...named, ...others];
}

/** A query that shows the metric as its type is usually looked at. */
export function firstQuery({ name, type }: MetricRow): string {
  const metric = /^[a-zA-Z_:][\w:]*$/.test(name) ? name : `{__name__=${JSON.stringify(name)}}`;
  if (name.endsWith("_bucket")) return `histogram_quantile(0.95, sum by (le) (rate(${metric}[$__rate_interval])))`;
  if (type === "counter") return `sum(rate(${metric}[$__rate_interval]))`;
  if (type === "info") return metric;
  return metric;
}
