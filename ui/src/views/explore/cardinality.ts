/** What series a store has most of, whole or below a selector. */

import type { QueryData } from "../../api/prometheus.ts";

export interface NamedCount {
  name: string;
  value: number;
}

export interface TsdbStatus {
  headStats: { numSeries: number; numLabelPairs: number; chunkCount: number; minTime: number; maxTime: number };
  seriesCountByMetricName: NamedCount[] | null;
  labelValueCountByLabelName: NamedCount[] | null;
  memoryInBytesByLabelName: NamedCount[] | null;
  seriesCountByLabelValuePair: NamedCount[] | null;
}

/** The selector with one more matcher; one for the same label is replaced. Text between braces is kept as it is. */
export function narrowed(selector: string, name: string, value: string): string {
  // `up` and `up{…}`: the name in front is a matcher like others.
  const named = /^([a-zA-Z_:][\w:]*)\s*(\{.*\})?$/s.exec(selector.trim());
  if (named) return narrowed(`{${[`__name__=${JSON.stringify(named[1])}`, named[2]?.slice(1, -1).trim()].filter(Boolean).join(", ")}}`, name, value);
  const own = `${/^[a-zA-Z_]\w*$/.test(name) ? name : JSON.stringify(name)}=${JSON.stringify(value)}`;
  const inner = selector.trim().replace(/^\{|\}$/g, "").trim();
  const parts = inner ? inner.split(/,(?=(?:[^"]*"[^"]*")*[^"]*$)/).map((part) => part.trim()).filter((part) => part && !part.startsWith(`${name}=`)) : [];
  return `{${[...parts, own].join(", ")}}`;
}

/** "job=api" of the server's label pairs → its two halves. */
export function pairOf(text: string): { name: string; value: string } {
  const at = text.indexOf("=");
  return { name: text.slice(0, at), value: text.slice(at + 1) };
}

/** Rows of an answer to `topk(…, count by (label) (…))`, the largest first; a series without the label is "(none)". */
export function countsOf(data: QueryData, label: string): NamedCount[] {
  if (data.resultType !== "vector") return [];
  return data.result.map(({ metric, value }) => ({ name: metric[label] ?? "", value: Number(value?.[1]) })).sort((a, b) => b.value - a.value);
}

/** The number of an answer that is one; 0 of an empty one. */
export function oneNumber(data: QueryData): number {
  return data.resultType === "vector" ? Number(data.result[0]?.value?.[1] ?? 0) : 0;
}

/** A block of the store, as `/status/tsdb/blocks` tells of it. */
export interface Block {
  ulid: string;
  minTime: number;
  maxTime: number;
  stats?: { numSeries?: number; numSamples?: number; numChunks?: number; numTombstones?: number };
}

/** Limits of the store and its queries, from its flags. */
export const LIMIT_FLAGS = ["query.max-samples", "query.max-bytes", "query.max-concurrency", "query.timeout", "storage.tsdb.retention.time", "storage.tsdb.retention.size", "web.max-connections"] as const;

/** The windows over which series are counted: "" is those that have a sample now. */
export const WINDOWS = ["", "1h", "6h", "24h", "7d"] as const;

/** A selector's series over a window, to be counted. */
export function seriesIn(selector: string, window: string): string {
  const own = selector || '{__name__!=""}';
  return /^\d+[smhdwy]$/.test(window) ? `last_over_time(${own}[${window}])` : own;
}

/** A label's name as PromQL groups by it. */
export function labelName(name: string): string {
  return /^[a-zA-Z_]\w*$/.test(name) ? name : JSON.stringify(name);
}

/** A window in ms; 5 minutes for now: how far back an instant looks. */
export function windowMs(window: string): number {
  const match = /^(\d+)([smhdwy])$/.exec(window);
  return match ? Number(match[1]) * { s: 1e3, m: 6e4, h: 36e5, d: 864e5, w: 6048e5, y: 31536e6 }[match[2] as "s"]! : 300_000;
}
