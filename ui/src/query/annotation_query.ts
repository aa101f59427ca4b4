/** Annotations of a dashboard: events of Prometheus queries and those that are kept on the server. */

import { isAbort, readable } from "../api/errors.ts";
import { grafana, proxyPath } from "../api/grafana.ts";
import type { DataSource } from "../api/grafana.ts";
import { LokiClient } from "../api/loki.ts";
import { PrometheusClient, readNumber } from "../api/prometheus.ts";
import type { LabelSet } from "../api/prometheus.ts";
import type { Annotation } from "../core/model/dashboard.ts";
import { alignSpan, calculateInterval, minInterval, stepFor } from "../core/time/interval.ts";
import type { TimeRange } from "../core/time/range.ts";
import { queryScope } from "../core/variables/builtin.ts";
import { resolveDatasource } from "../core/variables/datasource.ts";
import { interpolate } from "../core/variables/interpolate.ts";
import type { Scope } from "../core/variables/scope.ts";
import { scheduler } from "./scheduler.ts";

/** Something that happened; `timeEnd` equals `time` where it took no time. */
export interface AnnotationEvent {
  time: number;
  timeEnd: number;
  title: string;
  text: string;
  tags: string[];
  color: string;
  /** The annotation's name. */
  source: string;
  panelId?: number;
  id?: number;
}

export interface AnnotationContext {
  range: TimeRange;
  scope: Scope;
  sources: readonly DataSource[];
  dashboardUid: string;
  signal?: AbortSignal | undefined;
}

const PRIORITY = 8;
const MOST_EVENTS = 500;

/** Events of all that are enabled, by time; those that fail are told by name. */
export async function queryAnnotations(list: readonly Annotation[], context: AnnotationContext): Promise<{ events: AnnotationEvent[]; faults: Map<string, string> }> {
  const faults = new Map<string, string>();
  const all = await Promise.all(
    list.filter((one) => one.enable !== false).map(async (one) => {
      try {
        return await events(one, context);
      } catch (error) {
        if (context.signal?.aborted || isAbort(error)) throw error;
        faults.set(one.name, readable(error));
        return [];
      }
    }),
  );
  return { events: all.flat().sort((a, b) => a.time - b.time), faults };
}

async function events(annotation: Annotation, context: AnnotationContext): Promise<AnnotationEvent[]> {
  const { source, special } = resolveDatasource(annotation.datasource, context.scope, context.sources);
  const color = annotation.iconColor || "#4fb3c8";
  if (special || annotation.builtIn === 1) return stored(annotation, color, context);
  const target = annotation.target as { expr?: string } | undefined;
  const query = annotation.expr ?? target?.expr ?? "";
  if (!source || !query.trim()) return [];
  const span = context.range.span;
  const length = span.to - span.from;
  const interval = calculateInterval(length, 1000, minInterval(annotation.step ? interpolate(annotation.step, context.scope) : "60s"));
  const stepMs = stepFor(length, interval.ms);
  const scope = queryScope(context.scope, { intervalMs: stepMs, scrapeMs: 0, range: context.range });
  if (source.type === "loki") {
    const expr = interpolate(query, scope, "logql");
    const client = new LokiClient(proxyPath(source.uid));
    const answer = await scheduler.run(`${client.base} a ${span.from} ${span.to} ${expr}`, PRIORITY, (signal) => client.queryRange(expr, span, { limit: MOST_EVENTS, signal }), context.signal);
    if (answer.data.resultType !== "streams") return [];
    return answer.data.result.flatMap(({ stream, values }) =>
      values.map(([ns, line]) => event(annotation, color, stream, Number(ns.slice(0, -6)), Number(ns.slice(0, -6)), line)),
    );
  }
  if (source.type !== "prometheus") return [];
  const expr = interpolate(query, scope, "promql");
  const client = new PrometheusClient(proxyPath(source.uid));
  const grid = { ...alignSpan(span, stepMs), stepMs };
  const answer = await scheduler.run(`${client.base} a ${grid.from} ${grid.to} ${stepMs} ${expr}`, PRIORITY, (signal) => client.queryRange(expr, grid, { signal }), context.signal);
  if (answer.data.resultType !== "matrix") return [];
  const made: AnnotationEvent[] = [];
  for (const { metric, values = [] } of answer.data.result) {
    if (annotation.useValueForTime === true) {
      for (const at of new Set(values.map(([, text]) => Math.floor(readNumber(text))))) if (at >= span.from && at <= span.to) made.push(event(annotation, color, metric, at, at));
      continue;
    }
    // Steps in a row are one event with a length.
    let start: number | null = null;
    let last = 0;
    for (const [seconds, text] of values) {
      const at = seconds * 1000;
      if (!(readNumber(text) > 0)) continue;
      if (start !== null && at - last > stepMs * 1.5) {
        made.push(event(annotation, color, metric, start, last));
        start = null;
      }
      start ??= at;
      last = at;
    }
    if (start !== null) made.push(event(annotation, color, metric, start, last));
    if (made.length > MOST_EVENTS) return made.slice(0, MOST_EVENTS);
  }
  return made;
}

function event(annotation: Annotation, color: string, labels: LabelSet, time: number, timeEnd: number, line = ""): AnnotationEvent {
  const fill = (format: string | undefined) => (format ?? "").replace(/\{\{\s*(.+?)\s*\}\}/g, (_, name: string) => labels[name] ?? "");
  const tags = (annotation.tagKeys ?? "").split(",").map((key) => labels[key.trim()]).filter((tag): tag is string => Boolean(tag));
  const title = fill(annotation.titleFormat) || annotation.name;
  return { time, timeEnd, title, text: fill(annotation.textFormat) || line, tags, color, source: annotation.name };
}

async function stored(annotation: Annotation, color: string, context: AnnotationContext): Promise<AnnotationEvent[]> {
  const target = annotation.target as { type?: string; tags?: string[]; matchAny?: boolean; limit?: number } | undefined;
  const tags = (target?.tags ?? (annotation.tags as string[] | undefined) ?? []).map((tag) => interpolate(tag, context.scope));
  const byTags = (target?.type ?? annotation.type) === "tags" && tags.length > 0;
  const params = {
    from: context.range.span.from, to: context.range.span.to, limit: target?.limit ?? 100,
    ...(byTags ? { tags, matchAny: target?.matchAny } : { dashboardUID: context.dashboardUid }),
  };
  if (!byTags && !context.dashboardUid) return [];
  const list = await scheduler.run(`annotations ${JSON.stringify(params)}`, PRIORITY, (signal) => grafana.annotations(params, signal), context.signal);
  return list.map((one) => ({
    time: one.time, timeEnd: one.timeEnd || one.time, title: annotation.name, text: one.text ?? "", tags: one.tags ?? [], color, source: annotation.name, id: one.id,
    ...(one.panelId ? { panelId: one.panelId } : {}),
  }));
}
