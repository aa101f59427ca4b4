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
