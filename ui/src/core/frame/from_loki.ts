/** Answers of Loki's API to frames: lines, and metrics as Prometheus has them. */

import { type Frame, frame as makeFrame, type Labels } from "./frame.ts";
import { type AnsweredQuery, framesOfPrometheus, type PrometheusData } from "./from_prometheus.ts";
import { column } from "./column.ts";

/** Labels that came with one line: kept with it, or found in it by the query. */
interface LineLabels {
  structuredMetadata?: Labels;
  parsed?: Labels;
}

export interface LokiStream {
  stream: Labels;
  /** Nanoseconds since the epoch as text, the line, and what the answer says of this line alone. */
  values: readonly (readonly [ns: string, line: string, more?: LineLabels | Labels])[];
}

export type LokiData = PrometheusData | { resultType: "streams"; result: readonly LokiStream[] };

/** Where a label of a line is from: the stream, its structured metadata, or the query's parser. */
export type LabelOrigin = "I" | "S" | "P";

interface Entry {
  ns: string;
  line: string;
  labels: Labels;
  origins: Record<string, LabelOrigin>;
}

function origins(labels: Labels, origin: LabelOrigin): Record<string, LabelOrigin> {
  return Object.fromEntries(Object.keys(labels).map((name) => [name, origin]));
}

function entriesOf({ stream, values }: LokiStream): Entry[] {
  const own = origins(stream, "I");
  return values.map(([ns, line, more]) => {
    if (!more || !Object.keys(more).length) return { ns, line, labels: stream, origins: own };
    const told = more as LineLabels;
    const categorized = typeof told.structuredMetadata === "object" || typeof told.parsed === "object";
    const structured = categorized ? (told.structuredMetadata ?? {}) : (more as Labels);
    const parsed = categorized ? (told.parsed ?? {}) : {};
    return { ns, line, labels: { ...stream, ...structured, ...parsed }, origins: { ...own, ...origins(structured, "S"), ...origins(parsed, "P") } };
  });
}

/** Order of nanoseconds as texts of digits. */
function compareNs(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
}

/** 53 bits of a text, as a number in base 36. */
function digest(text: string): string {
  let [high, low] = [0xdeadbeef, 0x41c6ce57];
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    high = Math.imul(high ^ code, 2654435761);
    low = Math.imul(low ^ code, 1597334677);
  }
  return ((high >>> 0) * 0x200000 + (low >>> 11)).toString(36);
}

/**
 * One frame of lines, newest first unless `direction` is "forward": labels, Time (ms), Line, tsNs (nanoseconds as text), labelTypes
 * (label to I, S or P) and id (the same for the same line whenever it is asked for; equal lines of one instant are numbered).
 */
export function framesOfStreams(streams: readonly LokiStream[], refId: string, direction: string = "backward", executed?: string): Frame[] {
  const entries = streams.flatMap(entriesOf);
  const sign = direction === "forward" ? 1 : -1;
  entries.sort((a, b) => sign * compareNs(a.ns, b.ns));
  const seen = new Map<string, number>();
  const digests = new Map<Labels, string>();
  const ids = entries.map(({ ns, line, labels }) => {
    let of = digests.get(labels);
    if (of === undefined) digests.set(labels, (of = JSON.stringify(labels)));
    const id = `${ns}_${digest(of + line)}`;
    const count = seen.get(id) ?? 0;
    seen.set(id, count + 1);
    return count ? `${id}_${count}` : id;
  });
  if (!entries.length) return [];
  return [
    makeFrame(
      [
        column("labels", "other", entries.map(({ labels }) => labels)),
        column("Time", "time", entries.map(({ ns }) => Number(ns.slice(0, -6)))),
        column("Line", "string", entries.map(({ line }) => line)),
        column("tsNs", "string", entries.map(({ ns }) => ns), { config: { custom: { hidden: true } } }),
        column("labelTypes", "other", entries.map((entry) => entry.origins), { config: { custom: { hidden: true } } }),
        column("id", "string", ids, { config: { custom: { hidden: true } } }),
      ],
      { refId, meta: { kind: "logs", ...(executed !== undefined && { executed }) } },
    ),
  ];
}

/** Frames of an answer of Loki's /query or /query_range; `direction` as in the query. */
export function framesOfLoki(data: LokiData, query: AnsweredQuery & { direction?: string }): Frame[] {
  if (data.resultType === "streams") return framesOfStreams(data.result, query.refId, query.direction, query.expr);
  return framesOfPrometheus(data, query);
}
