/** Loki's HTTP API as our server answers it, below a data source's proxy. Times are ms here, nanoseconds as text on the wire. */

import { basePath } from "./base.ts";
import { queryString, requestJson } from "./http.ts";
import type { Params } from "./http.ts";
import type { LabelSet, Sample } from "./prometheus.ts";

/** [nanoseconds as text, line, structured metadata and parsed labels where there are any]. */
export type LogEntry = [string, string, { structuredMetadata?: LabelSet; parsed?: LabelSet }?];

export interface LogStream {
  stream: LabelSet;
  values: LogEntry[];
}

export type LokiData =
  | { resultType: "streams"; result: LogStream[]; stats?: unknown; encodingFlags?: string[] }
  | { resultType: "matrix" | "vector"; result: Sample[]; stats?: unknown }
  | { resultType: "scalar"; result: [number, string]; stats?: unknown };

export interface LokiAnswer {
  data: LokiData;
  warnings: string[];
}

export interface DetectedField {
  label: string;
  type: string;
  cardinality: number;
  parsers: string[] | null;
}

export type TailState = "connecting" | "live" | "waiting" | "closed";

export interface TailHandlers {
  onEntries: (streams: LogStream[]) => void;
  /** Lines that the server left out because we were too slow, as [time in ns, labels]. */
  onDropped?: (count: number) => void;
  /** `text` says why, where there is a reason. */
  onState?: (state: TailState, text?: string) => void;
}

const nanos = (ms: number) => `${Math.round(ms)}000000`;
const TAIL_RETRY_MS = 1000;
const TAIL_RETRY_MOST_MS = 15_000;

/** One Loki behind `base`: `/api/datasources/proxy/uid/loki`. */
export class LokiClient {
  constructor(readonly base: string) {}

  queryRange(
    expr: string,
    range: { from: number; to: number; stepMs?: number },
    options: { limit?: number; direction?: "forward" | "backward"; signal?: AbortSignal } = {},
  ): Promise<LokiAnswer> {
    const params = {
      query: expr, start: nanos(range.from), end: nanos(range.to), step: range.stepMs ? `${range.stepMs / 1000}` : null,
      limit: options.limit, direction: options.direction,
    };
    return this.#query("query_range", params, options.signal);
  }

  query(expr: string, atMs: number, options: { limit?: number; direction?: "forward" | "backward"; signal?: AbortSignal } = {}): Promise<LokiAnswer> {
    return this.#query("query", { query: expr, time: nanos(atMs), limit: options.limit, direction: options.direction }, options.signal);
  }

  /** As `queryRange` with ends in nanoseconds: for lines around a line. */
  around(expr: string, startNs: string, endNs: string, direction: "forward" | "backward", limit: number, signal?: AbortSignal): Promise<LokiAnswer> {
    return this.#query("query_range", { query: expr, start: startNs, end: endNs, direction, limit }, signal);
  }

  async labels(span?: { from: number; to: number }, query?: string, signal?: AbortSignal): Promise<string[]> {
    return (await this.get<{ data?: string[] }>("labels", { ...between(span), query }, signal)).data ?? [];
  }

  async labelValues(label: string, query?: string, span?: { from: number; to: number }, signal?: AbortSignal): Promise<string[]> {
    const path = `label/${encodeURIComponent(label)}/values`;
    return (await this.get<{ data?: string[] }>(path, { query, ...between(span) }, signal)).data ?? [];
  }

  async series(matchers: readonly string[], span?: { from: number; to: number }, signal?: AbortSignal): Promise<LabelSet[]> {
    return (await this.get<{ data?: LabelSet[] }>("series", { "match[]": matchers, ...between(span) }, signal)).data ?? [];
  }

  /** Lines per label set over time. */
  volumeRange(query: string, range: { from: number; to: number; stepMs: number }, signal?: AbortSignal): Promise<LokiAnswer> {
    return this.#query("index/volume_range", { query, start: nanos(range.from), end: nanos(range.to), step: `${range.stepMs / 1000}` }, signal);
  }

  async stats(query: string, span: { from: number; to: number }, signal?: AbortSignal): Promise<{ streams: number; chunks: number; entries: number; bytes: number }> {
    return this.get("index/stats", { query, ...between(span) }, signal);
  }

  async detectedFields(query: string, span: { from: number; to: number }, signal?: AbortSignal): Promise<DetectedField[]> {
    return (await this.get<{ fields?: DetectedField[] | null }>("detected_fields", { query, ...between(span) }, signal)).fields ?? [];
  }

  /** Any path below `/loki/api/v1`. */
  get<T>(path: string, params: Params = {}, signal?: AbortSignal): Promise<T> {
    return requestJson<T>(`${this.base}/loki/api/v1/${path}`, { params, signal });
  }

  /**
   * Follows new lines until the returned function is called. A broken connection is made anew, later each time; lines
   * from the time between come with it.
   */
  tail(expr: string, handlers: TailHandlers, options: { limit?: number; fromMs?: number; delaySeconds?: number } = {}): () => void {
    let socket: WebSocket | null = null;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let wait = TAIL_RETRY_MS;
    let closed = false;
    let lastNs = options.fromMs === undefined ? null : nanos(options.fromMs);
    const connect = () => {
      handlers.onState?.("connecting");
      const scheme = location.protocol === "https:" ? "wss:" : "ws:";
      const params = { query: expr, limit: options.limit ?? 100, start: lastNs, delay_for: options.delaySeconds };
      const path = `${basePath()}${this.base.replace(/^\//, "")}/loki/api/v1/tail${queryString(params)}`;
      socket = new WebSocket(`${scheme}//${location.host}${path}`);
      socket.onopen = () => {
        wait = TAIL_RETRY_MS;
        handlers.onState?.("live");
      };
      socket.onmessage = (event) => {
        let said: { streams?: LogStream[] | null; dropped_entries?: unknown[] | null };
        try {
          said = JSON.parse(String(event.data)) as typeof said;
        } catch {
          return;
        }
        if (said.dropped_entries?.length) handlers.onDropped?.(said.dropped_entries.length);
        if (!said.streams?.length) return;
        for (const stream of said.streams) for (const [ns] of stream.values) if (lastNs === null || later(ns, lastNs)) lastNs = ns;
        handlers.onEntries(said.streams);
      };
      socket.onclose = (event) => {
        if (closed) return;
        // 1007, 1008 and the like say that the query is at fault: trying again would not help.
        if (event.code >= 1002 && event.code <= 1010 && event.code !== 1006 && event.code !== 1005) {
          closed = true;
          handlers.onState?.("closed", event.reason || "the server closed the connection");
          return;
        }
        handlers.onState?.("waiting", event.reason);
        timer = setTimeout(connect, wait);
        wait = Math.min(wait * 2, TAIL_RETRY_MOST_MS);
      };
    };
    connect();
    return () => {
      closed = true;
      clearTimeout(timer);
      socket?.close(1000);
      handlers.onState?.("closed");
    };
  }

  async #query(path: string, params: Params, signal?: AbortSignal): Promise<LokiAnswer> {
    const said = await this.get<{ data: LokiData; warnings?: string[] }>(path, params, signal);
    return { data: said.data, warnings: said.warnings ?? [] };
  }
}

function later(a: string, b: string): boolean {
  return a.length !== b.length ? a.length > b.length : a > b;
}

function between(span?: { from: number; to: number }): Params {
  return span ? { start: nanos(span.from), end: nanos(span.to) } : {};
}
