/** Links to Prometheus' own pages, `/graph?g0.expr=…` and `/query?g0.expr=…`, as panes of Explore. */

import type { Target } from "../model/dashboard.ts";
import type { RawRange } from "../time/range.ts";
import type { ExplorePane } from "./explore_url.ts";
import { param, type Params } from "./query.ts";

const NAME = /^g(\d+)\.(\w+)$/;

/** Whether a parameter is one of these. */
export function isGraphParam(name: string): boolean {
  return NAME.test(name);
}

/**
 * Expressions in the order of their numbers. Those of one range are the queries of one pane, however many there are; another
 * range makes another pane, up to `most`: what is beyond goes into the last. Empty where the URL has none.
 */
export function readGraphPanes(params: Params, newId: () => string, most: number): ExplorePane[] {
  const numbers = [...new Set(params.flatMap(([name]) => (NAME.exec(name)?.[2] === "expr" ? [Number(NAME.exec(name)![1])] : [])))].sort((a, b) => a - b);
  const panes = new Map<string, ExplorePane>();
  for (const number of numbers) {
    const own = (name: string) => param(params, `g${number}.${name}`);
    const expr = own("expr") ?? "";
    if (!expr.trim()) continue;
    const range = rangeOf(own);
    const key = `${range.from} ${range.to}`;
    let pane = panes.get(key) ?? (panes.size >= most ? [...panes.values()].at(-1) : undefined);
    if (!pane) panes.set(key, (pane = { id: newId(), datasource: "prometheus", queries: [], range }));
    pane.queries.push(targetOf(own, expr, letter(pane.queries.length)));
  }
  return [...panes.values()];
}

/** "A" to "Z", then "AA". */
export function letter(at: number): string {
  return (at >= 26 ? String.fromCharCode(64 + Math.floor(at / 26)) : "") + String.fromCharCode(65 + (at % 26));
}

function targetOf(own: (name: string) => string | null, expr: string, refId: string): Target {
  const tab = own("tab");
  // Their first page is the table: a link that says nothing means it.
  const instant = tab === null || tab === "1" || tab === "table" || tab === "explain";
  const step = own("step_input") ?? (own("res_type") === "fixed" ? own("res_step") : null);
  return {
    refId, expr, instant, range: !instant, datasource: { type: "prometheus", uid: "prometheus" },
    ...(step && Number(step) > 0 ? { interval: `${Number(step)}s` } : {}),
    ...(own("show_exemplars") === "1" ? { exemplar: true } : {}),
  };
}

function rangeOf(own: (name: string) => string | null): RawRange {
  const range = own("range_input") ?? "1h";
  const length = /^(?:\d+(?:\.\d+)?(?:ms|[smhdwy]))+$/.test(range) ? range : "1h";
  // They write instants of UTC without a zone.
  const end = (own("end_input") ?? own("moment_input") ?? "").trim().replace(" ", "T");
  const at = Date.parse(/(?:Z|[+-]\d\d:?\d\d)$/.test(end) ? end : `${end}Z`);
  if (Number.isNaN(at)) return { from: `now-${length}`, to: "now" };
  return { from: new Date(at - lengthMs(length)).toISOString(), to: new Date(at).toISOString() };
}

const UNITS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000, y: 31_536_000_000 };

function lengthMs(text: string): number {
  return [...text.matchAll(/(\d+(?:\.\d+)?)(ms|[smhdwy])/g)].reduce((sum, [, many, unit]) => sum + Number(many) * UNITS[unit!]!, 0);
}
