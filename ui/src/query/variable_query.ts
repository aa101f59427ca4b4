/** The options of a dashboard's variables, asked for in the order in which they need each other. */

import { isAbort, readable } from "../api/errors.ts";
import { proxyPath } from "../api/grafana.ts";
import type { DataSource } from "../api/grafana.ts";
import { requestJson } from "../api/http.ts";
import type { Variable } from "../core/model/dashboard.ts";
import type { Span } from "../core/time/range.ts";
import { datasourceOptions, resolveDatasource } from "../core/variables/datasource.ts";
import { refreshPlan } from "../core/variables/graph.ts";
import type { RefreshReason } from "../core/variables/graph.ts";
import { interpolate } from "../core/variables/interpolate.ts";
import { queryOptions } from "../core/variables/options.ts";
import type { Option } from "../core/variables/options.ts";
import { optionsCall, parseVariableQuery, queryText } from "../core/variables/query_forms.ts";
import type { Scope } from "../core/variables/scope.ts";
import { withOptions } from "../core/variables/state.ts";
import type { VariableState } from "../core/variables/state.ts";
import { scheduler } from "./scheduler.ts";

/** Variables go before panels: nothing can be asked without them. */
const PRIORITY = -10;

export interface VariableContext {
  span: Span;
  sources: readonly DataSource[];
  /** The scope of these states. */
  scopeOf: (states: readonly VariableState[]) => Scope;
  signal?: AbortSignal | undefined;
}

export interface VariableAnswer {
  states: VariableState[];
  /** What went wrong, by the variable's name. */
  faults: Map<string, string>;
}

/** `states` with fresh options where `reason` asks for them. A variable that fails keeps what it has and is a fault. */
export async function refreshVariables(states: readonly VariableState[], reason: RefreshReason, context: VariableContext): Promise<VariableAnswer> {
  const now = [...states];
  const place = new Map(now.map((state, at) => [state.variable.name, at]));
  const faults = new Map<string, string>();
  for (const level of refreshPlan(now.map((state) => state.variable), reason)) {
    const scope = context.scopeOf(now);
    const found = await Promise.all(
      level.map(async (name): Promise<[number, Option[]] | null> => {
        const at = place.get(name);
        if (at === undefined) return null;
        try {
          const options = await variableOptions(now[at]!.variable, scope, context);
          return options && [at, options];
        } catch (error) {
          if (context.signal?.aborted || isAbort(error)) throw error;
          faults.set(name, readable(error));
          // What depends on it is asked with what a variable without options has.
          return now[at]!.options.length ? null : [at, []];
        }
      }),
    );
    for (const one of found) if (one) now[one[0]] = withOptions(now[one[0]]!, one[1]);
  }
  return { states: now, faults };
}

/** The options of one variable; null for a kind that has none to ask for. Raises ApiError or SyntaxError. */
export async function variableOptions(variable: Variable, scope: Scope, context: VariableContext): Promise<Option[] | null> {
  if (variable.type === "datasource") return datasourceOptions(variable.query, interpolate(variable.regex ?? "", scope), context.sources);
  if (variable.type !== "query") return null;
  const { source, special } = resolveDatasource(variable.datasource, scope, context.sources);
  if (!source) throw new Error(special ? "this data source has no values" : "there is no data source to ask");
  if (source.type !== "prometheus" && source.type !== "loki") throw new Error(`data sources of type "${source.type}" can't be asked here`);
  const text = interpolate(queryText(variable.query), scope, source.type === "loki" ? "logql" : "promql");
  const call = optionsCall(parseVariableQuery(text), source.type, context.span);
  if (!call) return [];
  const path = `${proxyPath(source.uid)}/${call.path}`;
  const query = new URLSearchParams(call.params).toString();
  const raw = await scheduler.run(`${path}?${query}`, PRIORITY, (signal) => requestJson<unknown>(`${path}${query ? `?${query}` : ""}`, { signal }), context.signal);
  return queryOptions(call.read(raw), { ...variable, regex: interpolate(variable.regex ?? "", scope) });
}
