/** All queries of a panel to frames: each at its own data source, faults apart from what came. */

import { ApiError, isAbort, readable } from "../api/errors.ts";
import type { DataSource } from "../api/grafana.ts";
import type { Panel, Target } from "../core/model/dashboard.ts";
import type { Frame } from "../core/frame/frame.ts";
import { Held } from "../core/frame/held.ts";
import { DASHBOARD, resolveDatasource } from "../core/variables/datasource.ts";
import type { PanelAnswer, QueryContext } from "./context.ts";
import { EXPRESSION, inputsOf, isExpression } from "./expression_kind.ts";
import { prometheusQuery } from "./prometheus_query.ts";
import type { TargetAnswer } from "./prometheus_query.ts";

/** The targets with a letter each: those that have none get the first that is free. */
export function letters(targets: readonly Target[]): Target[] {
  const taken = new Set(targets.map((target) => target.refId).filter((refId) => refId));
  let next = 0;
  const free = (): string => {
    for (;;) {
      const at = next++;
      const name = (at >= 26 ? String.fromCharCode(64 + Math.floor(at / 26)) : "") + String.fromCharCode(65 + (at % 26));
      if (!taken.has(name)) return name;
    }
  };
  return targets.map((target) => (target.refId ? target : { ...target, refId: free() }));
}

/**
 * What the panel's queries come to. One that fails is a fault with its letter and leaves the others alone; only when the
 * whole is called off it raises the AbortError. Hidden ones are asked only where an expression needs them.
 */
export async function queryPanel(panel: Panel, context: QueryContext): Promise<PanelAnswer> {
  const targets = letters(panel.targets ?? []);
  const answer: PanelAnswer = { frames: [], faults: [], notices: [], executed: [] };
  const several = targets.filter((target) => target.format === "table" && target.hide !== true).length > 1;
  const expressions = targets.filter((target) => isExpression(target, panel));
  const needed = new Set(expressions.flatMap(inputsOf));
  const found = new Map<string, Frame[]>();
  const ask = async (target: Target): Promise<void> => {
    try {
      const told = await queryTarget(target, panel, context, several, answer);
      found.set(target.refId, told.frames);
      answer.notices.push(...told.notices);
      answer.executed.push(...told.executed);
    } catch (error) {
      if (context.signal?.aborted || isAbort(error)) throw error;
      fault(answer, target, error);
    }
  };
  const plain = targets.filter((target) => !expressions.includes(target) && (target.hide !== true || needed.has(target.refId)));
  await Promise.all(plain.map(ask));
  if (expressions.length) {
    const { evaluateExpression, inOrder } = await import("./expressions.ts");
    for (const target of inOrder(expressions)) {
      try {
        found.set(target.refId, evaluateExpression(target, found));
      } catch (error) {
        fault(answer, target, error);
      }
    }
  }
  for (const target of targets) if (target.hide !== true) answer.frames.push(...(found.get(target.refId) ?? []));
  answer.executed.sort((a, b) => a.refId.localeCompare(b.refId));
  return answer;
}

function fault(answer: PanelAnswer, target: Target, error: unknown): void {
  answer.faults.push({ refId: target.refId, text: readable(error), position: error instanceof ApiError ? error.position : null });
}

async function queryTarget(target: Target, panel: Panel, context: QueryContext, several: boolean, answer: PanelAnswer): Promise<TargetAnswer> {
  const nothing: TargetAnswer = { frames: [], notices: [], executed: [] };
  // A snapshot's frames are there: nobody is asked.
  if (target.snapshot instanceof Held) return { ...nothing, frames: target.snapshot.frames };
  const mixed = refText(panel.datasource) === "-- Mixed --";
  const ref = target.datasource ?? (mixed ? null : panel.datasource);
  const type = refType(target.datasource) ?? (mixed ? undefined : refType(panel.datasource));
  const resolved = resolveDatasource(ref, context.scope, context.sources, type);
  if (resolved.special === DASHBOARD) {
    const id = Number(target.panelId);
    if (!context.panelFrames || !Number.isFinite(id)) throw new Error("the panel whose data this one shows is not named");
    return { ...nothing, frames: await context.panelFrames(id, target.withTransforms === true) };
  }
  if (resolved.special) return nothing;
  if (resolved.note && !answer.notices.some((notice) => notice.text === resolved.note)) answer.notices.push({ severity: "info", text: resolved.note });
  if (!resolved.source) throw new Error(type ? `there is no data source of type "${type}" here` : "there is no data source to ask");
  const source = resolved.source as DataSource;
  // Most dashboards ask Prometheus alone: what asks others is fetched when somebody does.
  switch (source.type) {
    case "prometheus":
      return prometheusQuery(target, panel, source, context, several);
    case "loki":
      return (await import("./loki_query.ts")).lokiQuery(target, panel, source, context, several);
    case "alertmanager":
      return (await import("./alertmanager_query.ts")).alertmanagerQuery(target, source, context);
  }
  throw new Error(`data sources of type "${source.type}" can't be asked here`);
}

function refText(ref: unknown): string {
  if (typeof ref === "string") return ref;
  return (ref as { uid?: string } | null | undefined)?.uid ?? "";
}

function refType(ref: unknown): string | undefined {
  const type = (ref as { type?: string } | null | undefined)?.type;
  return type && type !== "datasource" && type !== EXPRESSION ? type : undefined;
}
