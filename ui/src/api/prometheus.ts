/** Prometheus' HTTP API as our server answers it, below a data source's proxy. Times are ms here, seconds on the wire. */

import { requestJson } from "./http.ts";
import type { Params } from "./http.ts";

export type LabelSet = Record<string, string>;

export interface Sample {
  metric: LabelSet;
  /** [seconds, text of the number]. */
  value?: [number, string];
  values?: [number, string][];
  histogram?: [number, NativeHistogram];
  histograms?: [number, NativeHistogram][];
}

/** buckets: [0 open left, 1 open right, 2 open both, 3 closed; lower; upper; count]. */
export interface NativeHistogram {
  count: string;
  sum: string;
  buckets?: [number, string, string, string][];
}

export type QueryData =
  | { resultType: "matrix" | "vector"; result: Sample[] }
  | { resultType: "scalar" | "string"; result: [number, string] };

export interface Answer<T> {
  data: T;
  warnings: string[];
  infos: string[];
  /** What the query cost, where `stats` were asked for. */
  stats?: unknown;
}

export interface ExemplarSeries {
  seriesLabels: LabelSet;
  exemplars: { labels: LabelSet; value: string; timestamp: number }[];
}

export interface MetricMetadata {
  type: string;
  help: string;
  unit: string;
}

interface Envelope<T> {
  status: "success" | "error";
  data: T;
  warnings?: string[];
  infos?: string[];
}

/** Longer queries go by POST: proxies cut long URLs. */
const LONGEST_URL = 1800;

const seconds = (ms: number) => (ms / 1000).toString();

/** One Prometheus behind `base`, the path below which its `/api/v1` is: `/api/datasources/proxy/uid/prometheus`. */
export class PrometheusClient {
  constructor(readonly base: string) {}

  /** Values at one instant. */
  query(expr: string, atMs: number, options: { signal?: AbortSignal; stats?: boolean; limit?: number } = {}): Promise<Answer<QueryData>> {
    return this.#ask("query", { query: expr, time: seconds(atMs), stats: options.stats ? "all" : null, limit: options.limit }, options.signal);
  }

  /** Values at each step from start to end, both with. */
  queryRange(
    expr: string,
    range: { from: number; to: number; stepMs: number },
    options: { signal?: AbortSignal; stats?: boolean } = {},
  ): Promise<Answer<QueryData>> {
    const params = { query: expr, start: seconds(range.from), end: seconds(range.to), step: seconds(range.stepMs), stats: options.stats ? "all" : null };
    return this.#ask("query_range", params, options.signal);
  }

  exemplars(expr: string, span: { from: number; to: number }, signal?: AbortSignal): Promise<Answer<ExemplarSeries[]>> {
    return this.#ask("query_exemplars", { query: expr, start: seconds(span.from), end: seconds(span.to) }, signal);
  }

  /** Names of labels, sorted. */
  async labels(matchers: readonly string[] = [], span?: { from: number; to: number }, signal?: AbortSignal): Promise<string[]> {
    return (await this.#ask<string[]>("labels", { "match[]": matchers, ...between(span) }, signal)).data;
  }

  /** Values of a label, sorted. */
  async labelValues(label: string, matchers: readonly string[] = [], span?: { from: number; to: number }, signal?: AbortSignal, limit?: number): Promise<string[]> {
    const path = `label/${encodeURIComponent(label)}/values`;
    return (await this.#ask<string[]>(path, { "match[]": matchers, ...between(span), limit }, signal, true)).data;
  }

  async series(matchers: readonly string[], span?: { from: number; to: number }, signal?: AbortSignal, limit?: number): Promise<LabelSet[]> {
    return (await this.#ask<LabelSet[]>("series", { "match[]": matchers, ...between(span), limit }, signal)).data;
  }

  async metadata(metric?: string, signal?: AbortSignal): Promise<Record<string, MetricMetadata[]>> {
    return (await this.#ask<Record<string, MetricMetadata[]>>("metadata", { metric }, signal, true)).data;
  }

  /** Any other path below `/api/v1`: `targets`, `rules`, `alerts`, `status/tsdb`, … */
  async get<T>(path: string, params: Params = {}, signal?: AbortSignal): Promise<T> {
    return (await this.#ask<T>(path, params, signal, true)).data;
  }

  async #ask<T>(path: string, params: Params, signal?: AbortSignal, onlyGet = false): Promise<Answer<T>> {
    const long = !onlyGet && JSON.stringify(params).length > LONGEST_URL;
    const url = `${this.base}/api/v1/${path}`;
    const said = await requestJson<Envelope<T>>(url, long ? { method: "POST", form: params, signal } : { params, signal });
    const answer: Answer<T> = { data: said.data, warnings: said.warnings ?? [], infos: said.infos ?? [] };
    const stats = (said.data as { stats?: unknown } | null)?.stats;
    if (stats !== undefined) answer.stats = stats;
    return answer;
  }
}

function between(span?: { from: number; to: number }): Params {
  return span ? { start: seconds(span.from), end: seconds(span.to) } : {};
}

/** A number as Prometheus writes it: "NaN", "+Inf", "-Inf", "1.5e3". */
export function readNumber(text: string): number {
  if (text === "+Inf" || text === "Inf") return Infinity;
  if (text === "-Inf") return -Infinity;
  return text === "NaN" ? NaN : Number(text);
}
