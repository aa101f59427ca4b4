/** One query of a panel, asked of a Prometheus. */

import { proxyPath } from "../api/grafana.ts";
import type { DataSource } from "../api/grafana.ts";
import { PrometheusClient } from "../api/prometheus.ts";
import type { Answer, QueryData, Sample } from "../api/prometheus.ts";
import type { Frame } from "../core/frame/frame.ts";
import { type AnsweredQuery, framesOfPrometheus } from "../core/frame/from_prometheus.ts";
import type { Panel, Target } from "../core/model/dashboard.ts";
import { alignSpan } from "../core/time/interval.ts";
import { offsetMs } from "../core/time/zone.ts";
import { queryScope } from "../core/variables/builtin.ts";
import { interpolate } from "../core/variables/interpolate.ts";
import type { Executed, QueryContext, QueryNotice } from "./context.ts";
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
export async function prepare(target: Target, panel: Panel, source: DataSource, context: QueryContext, language: "promql" | "logql"): Promise<PreparedQuery | null> {
  if (!target.expr?.trim()) return null;
  const plain = (text: string) => interpolate(text, context.scope);
  const step = queryStep(context.range.span, panel, target, context.width, source.jsonData?.timeInterval, plain);
  const scope = queryScope(context.scope, { intervalMs: step.intervalMs, scrapeMs: step.scrapeMs, range: context.range });
  let expr = interpolate(target.expr, scope, language);
  for (const own of context.adhoc) {
    if (own.uid !== source.uid && !(own.uid === "" && source.isDefault)) continue;
    expr = (await import("../core/variables/adhoc.ts")).addFilters(expr, own.filters, language);
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
  const query = await prepare(target, panel, source, context, "promql");
  if (!query) return { frames: [], notices: [], executed: [] };
  const client = new PrometheusClient(proxyPath(source.uid));
  const { range, instant } = kinds(target);
  const told: TargetAnswer = { frames: [], notices: [], executed: [] };
  const answered: AnsweredQuery = { refId: target.refId, expr: query.expr, legendFormat: query.legend, severalTables: several };
  const ask = async (kind: "range" | "instant"): Promise<void> => {
    const started = performance.now();
    const at = context.range.span.to;
    const answer =
      kind === "range"
        ? await recent.queryRange(client, query, context)
        : await scheduler.run(`${client.base} ${at} ${query.expr}`, context.priority, (signal) => client.query(query.expr, at, { signal }), context.signal);
    // Both asked for, as Explore does: the table is the instant's.
    const format = kind === "instant" && target.range === true ? "table" : (target.format ?? "time_series");
    told.frames.push(...framesOfPrometheus(answer.data, { ...answered, format, ...(kind === "range" ? { stepMs: query.stepMs } : {}) }));
    note(told, target, source, query, kind, answer, performance.now() - started);
  };
  await Promise.all([...(range ? [ask("range")] : []), ...(instant ? [ask("instant")] : []), ...(range && target.exemplar && context.exemplars ? [exemplars()] : [])]);
  return told;

  async function exemplars(): Promise<void> {
    try {
      const { exemplarQuery } = await import("./exemplar_query.ts");
      told.frames.push(...(await exemplarQuery(client, query!, target.refId, source, context)));
    } catch (error) {
      // Exemplars are an extra: a server without them still answers the query.
      if (context.signal?.aborted) throw error;
    }
  }
}

function note(told: TargetAnswer, target: Target, source: DataSource, query: PreparedQuery, kind: string, answer: Answer<QueryData>, tookMs: number): void {
  for (const text of answer.warnings) told.notices.push({ severity: "warning", text });
  for (const text of answer.infos) told.notices.push({ severity: "info", text });
  const { data } = answer;
  const samples: readonly Sample[] = data.resultType === "matrix" || data.resultType === "vector" ? data.result : [];
  told.executed.push({
    refId: target.refId, source: source.name, expr: query.expr, kind, from: query.from, to: query.to, tookMs, series: samples.length,
    points: samples.reduce((sum, sample) => sum + (sample.values?.length ?? 1), 0), ...(kind === "range" ? { stepMs: query.stepMs } : {}),
  });
}
