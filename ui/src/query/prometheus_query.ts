/** One query of a panel, asked of a Prometheus. */

import { proxyPath } from "../api/grafana.ts";
import type { DataSource } from "../api/grafana.ts";
import { PrometheusClient } from "../api/prometheus.ts";
import type { Answer, QueryData } from "../api/prometheus.ts";
import type { Frame, FrameMeta } from "../core/frame/frame.ts";
import type { Panel, Target } from "../core/model/dashboard.ts";
import { alignSpan } from "../core/time/interval.ts";
import { offsetMs } from "../core/time/zone.ts";
import { addFilters } from "../core/variables/adhoc.ts";
import { queryScope } from "../core/variables/builtin.ts";
import { interpolate } from "../core/variables/interpolate.ts";
import type { Executed, QueryContext, QueryNotice } from "./context.ts";
import { exemplarFrame, heatmapFrame, samplesOf, seriesFrames, tableFrame } from "./matrix_frames.ts";
import type { FrameContext } from "./matrix_frames.ts";
import { recent } from "./recent.ts";
import { scheduler } from "./scheduler.ts";
import { queryStep } from "./step.ts";

export interface TargetAnswer {
  frames: Frame[];
  notices: QueryNotice[];
  executed: Executed[];
}

/** The query as it is sent: with variables, filters and its step. Null where there is nothing to ask. */
export interface PreparedQuery {
  expr: string;
  legend: string;
  stepMs: number;
  from: number;
  to: number;
}

/** Puts everything into the text of a target's query. */
export function prepare(target: Target, panel: Panel, source: DataSource, context: QueryContext, language: "promql" | "logql"): PreparedQuery | null {
  if (!target.expr?.trim()) return null;
  const plain = (text: string) => interpolate(text, context.scope);
  const step = queryStep(context.range.span, panel, target, context.width, source.jsonData?.timeInterval, plain);
  const scope = queryScope(context.scope, { intervalMs: step.intervalMs, scrapeMs: step.scrapeMs, range: context.range });
  let expr = interpolate(target.expr, scope, language);
  for (const own of context.adhoc) {
    if (own.uid === source.uid || (own.uid === "" && source.isDefault)) expr = addFilters(expr, own.filters, language);
  }
  const span = alignSpan(context.range.span, step.stepMs, offsetMs(context.range.span.to, context.zone));
  return { expr, legend: interpolate(target.legendFormat ?? "", scope, "text"), stepMs: step.stepMs, ...span };
}

/** Whether a target asks for a range, an instant, or both. Neither set means range, as old dashboards have it. */
export function kinds(target: Target): { range: boolean; instant: boolean } {
  const instant = target.instant === true;
  return { instant, range: target.range === true || !instant };
}

/** Raises ApiError. `several` says that the panel has more than one table query. */
export async function prometheusQuery(target: Target, panel: Panel, source: DataSource, context: QueryContext, several: boolean): Promise<TargetAnswer> {
  const query = prepare(target, panel, source, context, "promql");
  if (!query) return { frames: [], notices: [], executed: [] };
  const client = new PrometheusClient(proxyPath(source.uid));
  const { range, instant } = kinds(target);
  const told: TargetAnswer = { frames: [], notices: [], executed: [] };
  const frameContext: FrameContext = { refId: target.refId, expr: query.expr, legend: query.legend, several };
  const ask = async (kind: "range" | "instant"): Promise<void> => {
    const started = performance.now();
    const at = context.range.span.to;
    const answer =
      kind === "range"
        ? await recent.queryRange(client, query, context)
        : await scheduler.run(`${client.base} ${at} ${query.expr}`, context.priority, (signal) => client.query(query.expr, at, { signal }), context.signal);
    const meta: FrameMeta = { executed: query.expr };
    told.frames.push(...framesOf(answer.data, target, { ...frameContext, ...(kind === "range" ? { stepMs: query.stepMs } : {}) }, meta, kind));
    note(told, target, source, query, kind, answer, performance.now() - started);
  };
  await Promise.all([...(range ? [ask("range")] : []), ...(instant ? [ask("instant")] : []), ...(range && target.exemplar && context.exemplars ? [exemplars()] : [])]);
  return told;

  async function exemplars(): Promise<void> {
    try {
      const key = `${client.base} exemplars ${query!.from} ${query!.to} ${query!.expr}`;
      const answer = await scheduler.run(key, context.priority + 5, (signal) => client.exemplars(query!.expr, query!, signal), context.signal);
      const made = exemplarFrame(answer.data, target.refId);
      if (made) told.frames.push(made);
    } catch (error) {
      // Exemplars are an extra: a server without them still answers the query.
      if (context.signal?.aborted) throw error;
    }
  }
}

function framesOf(data: QueryData, target: Target, context: FrameContext, meta: FrameMeta, kind: "range" | "instant"): Frame[] {
  if (target.format === "table") return [tableFrame(data, context, meta)];
  if (target.format === "heatmap") return heatmapFrame(data, context, meta);
  // Both asked for, as Explore does: the table is the instant's.
  if (kind === "instant" && target.range === true) return [tableFrame(data, context, meta)];
  return seriesFrames(data, context, meta);
}

function note(told: TargetAnswer, target: Target, source: DataSource, query: PreparedQuery, kind: string, answer: Answer<QueryData>, tookMs: number): void {
  for (const text of answer.warnings) told.notices.push({ severity: "warning", text });
  for (const text of answer.infos) told.notices.push({ severity: "info", text });
  const samples = samplesOf(answer.data);
  told.executed.push({
    refId: target.refId, source: source.name, expr: query.expr, kind, from: query.from, to: query.to, tookMs, series: samples.length,
    points: samples.reduce((sum, sample) => sum + (sample.values?.length ?? 1), 0), ...(kind === "range" ? { stepMs: query.stepMs } : {}),
  });
}
