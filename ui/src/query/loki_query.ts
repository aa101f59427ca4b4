/** One query of a panel, asked of a Loki: lines, or numbers over time. */

import { proxyPath } from "../api/grafana.ts";
import type { DataSource } from "../api/grafana.ts";
import { LokiClient } from "../api/loki.ts";
import type { LokiAnswer } from "../api/loki.ts";
import { framesOfLoki } from "../core/frame/from_loki.ts";
import type { Panel, Target } from "../core/model/dashboard.ts";
import type { QueryContext } from "./context.ts";
import { prepare } from "./prometheus_query.ts";
import type { TargetAnswer } from "./prometheus_query.ts";
import { scheduler } from "./scheduler.ts";

const LINES = 1000;

/** Whether a LogQL query gives lines rather than numbers: it begins with a selector, brackets and comments aside. */
export function givesLines(expr: string): boolean {
  return expr.replace(/#[^\n]*/g, "").trim().replace(/^\(+\s*/, "").startsWith("{");
}

/** Raises ApiError. */
export async function lokiQuery(target: Target, panel: Panel, source: DataSource, context: QueryContext, several: boolean): Promise<TargetAnswer> {
  const query = await prepare(target, panel, source, context, "logql");
  if (!query) return { frames: [], notices: [], executed: [] };
  const client = new LokiClient(proxyPath(source.uid));
  const lines = givesLines(query.expr);
  const instant = target.queryType === "instant" || (target.instant === true && target.range !== true && target.queryType !== "range");
  const direction = target.direction === "forward" ? "forward" : "backward";
  const limit = typeof target.maxLines === "number" && target.maxLines > 0 ? target.maxLines : LINES;
  const span = context.range.span;
  const started = performance.now();
  const key = `${client.base} ${lines ? limit : query.stepMs} ${instant} ${direction} ${query.from} ${span.to} ${query.expr}`;
  const answer: LokiAnswer = await scheduler.run(
    key,
    context.priority,
    (signal) => {
      if (instant && !lines) return client.query(query.expr, span.to, { signal });
      if (lines) return client.queryRange(query.expr, span, { limit, direction, signal });
      return client.queryRange(query.expr, query, { signal });
    },
    context.signal,
  );
  const told: TargetAnswer = { frames: [], notices: answer.warnings.map((text) => ({ severity: "warning", text })), executed: [] };
  const { data } = answer;
  let points = 0;
  let series = 1;
  told.frames.push(
    ...framesOfLoki(data, {
      refId: target.refId, expr: query.expr, legendFormat: query.legend, severalTables: several, direction, format: target.format ?? "time_series",
      ...(instant || lines ? {} : { stepMs: query.stepMs }),
    }),
  );
  if (data.resultType === "streams") {
    series = data.result.length;
    points = data.result.reduce((sum, one) => sum + one.values.length, 0);
  } else if (data.resultType !== "scalar") {
    series = data.result.length;
    points = data.result.reduce((sum, one) => sum + (one.values?.length ?? 1), 0);
  }
  told.executed.push({
    refId: target.refId, source: source.name, expr: query.expr, kind: lines ? "logs" : instant ? "instant" : "range", from: query.from, to: query.to,
    tookMs: performance.now() - started, series, points, ...(lines || instant ? {} : { stepMs: query.stepMs }),
  });
  return told;
}
