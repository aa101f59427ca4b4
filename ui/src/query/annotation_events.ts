/** Events that queries of annotations find. */

import { proxyPath } from "../api/grafana.ts";
import type { DataSource } from "../api/grafana.ts";
import { PrometheusClient, readNumber } from "../api/prometheus.ts";
import type { LabelSet } from "../api/prometheus.ts";
import type { Annotation } from "../core/model/dashboard.ts";
import { alignSpan, calculateInterval, minInterval, stepFor } from "../core/time/interval.ts";
import { queryScope } from "../core/variables/builtin.ts";
import { interpolate } from "../core/variables/interpolate.ts";
import { ANNOTATION_PRIORITY, type AnnotationContext, type AnnotationEvent } from "./annotation_query.ts";
import { scheduler } from "./scheduler.ts";

const MOST_EVENTS = 500;

/** Those of one annotation, of a Prometheus or a Loki; of any other source there are none. Raises ApiError. */
export async function queriedEvents(annotation: Annotation, color: string, source: DataSource, context: AnnotationContext): Promise<AnnotationEvent[]> {
  const target = annotation.target as { expr?: string } | undefined;
  const query = annotation.expr ?? target?.expr ?? "";
  if (!query.trim()) return [];
  const span = context.range.span;
  const length = span.to - span.from;
  const interval = calculateInterval(length, 1000, minInterval(annotation.step ? interpolate(annotation.step, context.scope) : "60s"));
  const stepMs = stepFor(length, interval.ms);
  const scope = queryScope(context.scope, { intervalMs: stepMs, scrapeMs: 0, range: context.range });
  if (source.type === "loki") {
    const expr = interpolate(query, scope, "logql");
    const { LokiClient } = await import("../api/loki.ts");
    const client = new LokiClient(proxyPath(source.uid));
    const answer = await scheduler.run(`${client.base} a ${span.from} ${span.to} ${expr}`, ANNOTATION_PRIORITY, (signal) => client.queryRange(expr, span, { limit: MOST_EVENTS, signal }), context.signal);
    if (answer.data.resultType !== "streams") return [];
    return answer.data.result.flatMap(({ stream, values }) =>
      values.map(([ns, line]) => event(annotation, color, stream, Number(ns.slice(0, -6)), Number(ns.slice(0, -6)), line)),
    );
  }
  if (source.type !== "prometheus") return [];
  const expr = interpolate(query, scope, "promql");
  const client = new PrometheusClient(proxyPath(source.uid));
  const grid = { ...alignSpan(span, stepMs), stepMs };
  const answer = await scheduler.run(`${client.base} a ${grid.from} ${grid.to} ${stepMs} ${expr}`, ANNOTATION_PRIORITY, (signal) => client.queryRange(expr, grid, { signal }), context.signal);
  if (answer.data.resultType !== "matrix") return [];
  const made: AnnotationEvent[] = [];
  for (const { metric, values = [] } of answer.data.result) {
    if (annotation.useValueForTime === true || annotation.useValueForTime === "on") {
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
