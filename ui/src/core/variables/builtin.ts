/** The names that every dashboard has: `$__from`, `$__dashboard`, `$__range`, `$__all_variables`, … */

import { autoInterval, calculateInterval, intervalText, intervalVariables } from "../time/interval.ts";
import type { TimeRange } from "../time/range.ts";
import { resolveZone } from "../time/zone.ts";
import { percentEncode } from "./formats.ts";
import { EMPTY_SCOPE, extendScope, type Scope, type ScopeEntry } from "./scope.ts";
import { scopeValue, type VariableState } from "./state.ts";

/** What they are made of. `zone` is the dashboard's as stored or chosen ("browser", "utc", a name). */
export interface ScopeContext {
  dashboard: { uid: string; title: string };
  range: TimeRange;
  zone: string;
  user?: { id?: number | string; login: string; email?: string; name?: string };
  org?: { id: number; name: string };
}

/** `from=now-6h&to=now`: the range as URLs have it. */
export function rangeQuery(range: TimeRange): string {
  return `from=${percentEncode(range.raw.from)}&to=${percentEncode(range.raw.to)}`;
}

/** The dashboard's variables and Grafana's own, for everything that has no panel of its own around it. */
export function dashboardScope(states: readonly VariableState[], context: ScopeContext): Scope {
  const { span } = context.range;
  const length = span.to - span.from;
  const values: Record<string, ScopeEntry> = {};
  for (const [name, value] of Object.entries(intervalVariables(calculateInterval(length, 1000), 0, length))) values[name] = { value };
  Object.assign(values, {
    __from: { value: String(span.from) },
    __to: { value: String(span.to) },
    __timezone: { value: context.zone.toLowerCase() === "utc" ? "utc" : resolveZone(context.zone) },
    __url_time_range: { value: rangeQuery(context.range), raw: true },
    timeFilter: { value: `time >= ${span.from}ms and time <= ${span.to}ms`, raw: true },
    __timeFilter: { value: `time >= ${span.from}ms and time <= ${span.to}ms`, raw: true },
    __dashboard: { value: { ...context.dashboard, name: context.dashboard.title } },
    __org: { value: { id: context.org?.id ?? 1, name: context.org?.name ?? "Main Org.", text: String(context.org?.id ?? 1) } },
    __user: { value: userOf(context) },
    __all_variables: () => ({ value: allVariables(states), raw: true }),
  } satisfies Record<string, ScopeEntry>);
  for (const state of states) {
    const { name, auto_count: count, auto_min: min } = state.variable;
    const auto = () => autoInterval(length, count, min);
    values[name] = () => scopeValue(state, auto);
    if (state.variable.type === "interval") values[`__auto_interval_${name}`] = () => ({ value: auto() });
  }
  return extendScope({ ...EMPTY_SCOPE, zone: context.zone }, values, states.map((state) => state.variable.name));
}

function userOf({ user }: ScopeContext): Record<string, unknown> {
  const login = user?.login ?? "anonymous";
  return { id: user?.id ?? 0, login, email: user?.email ?? "", name: user?.name ?? login, text: String(user?.id ?? 0) };
}

function allVariables(states: readonly VariableState[]): string {
  return states.flatMap((state) => {
    const { url } = scopeValue(state);
    return (url ?? []).map((value) => `var-${percentEncode(state.variable.name)}=${percentEncode(value)}`);
  }).join("&");
}

/** The scope of one query of a panel: its own interval and range. `scrapeMs` is the minimum step, else the datasource's scrape interval. */
export function queryScope(scope: Scope, options: { intervalMs: number; scrapeMs: number; range: TimeRange }): Scope {
  const { span } = options.range;
  return extendScope(scope, {
    ...intervalVariables({ ms: options.intervalMs, text: intervalText(options.intervalMs) }, options.scrapeMs, span.to - span.from),
    __from: String(span.from),
    __to: String(span.to),
  });
}

/** The scope of a repeated panel or row: the variable is one of its values there, as a single one. */
export function repeatScope(scope: Scope, name: string, value: string, text: string): Scope {
  const outer = scope.get(name);
  return extendScope(scope, { [name]: { value, text, many: outer?.many ?? false, ...(outer?.noUrl ? { noUrl: true } : { url: [value] }) } });
}
