/** Datasources by every form a dashboard may name them in, and the options of datasource variables. */

import type { DataSourceRef } from "../model/dashboard.ts";
import { interpolate } from "./interpolate.ts";
import { optionRegex, type Option } from "./options.ts";
import type { Scope } from "./scope.ts";

/** One that the server has. `type` is the plugin's id: `prometheus`, `loki`, `alertmanager`. */
export interface DataSource {
  uid: string;
  name: string;
  type: string;
  isDefault?: boolean;
}

/** What an export holds in place of a datasource, until an import fills it in: a file that was only put there is of the default one. */
const UNFILLED = /^\$\{DS_[^}]*\}$|^\$DS_\w+$/;

/** Names with a meaning of their own. */
export const MIXED = "-- Mixed --";
export const DASHBOARD = "-- Dashboard --";
export const GRAFANA = "-- Grafana --";

/** The datasource to ask, and what the person should know of how it was found. */
export interface Resolved {
  source: DataSource | null;
  /** One of the names above where there is nobody to ask: the caller does what it means. */
  special?: typeof MIXED | typeof DASHBOARD | typeof GRAFANA;
  note?: string;
}

/** Plugins that speak a language we have: their datasources are asked as ours. */
const SAME: Record<string, string> = { "victoriametrics-datasource": "prometheus", "victoriametrics-metrics-datasource": "prometheus", "grafana-amazonprometheus-datasource": "prometheus", "grafana-azureprometheus-datasource": "prometheus" };

/** The options of a datasource variable: those of the type in `query` whose names its regex finds; the default one first if it is among them. */
export function datasourceOptions(query: unknown, regex: string | undefined, sources: readonly DataSource[]): Option[] {
  const type = typeof query === "string" ? query.trim() : "";
  const rule = optionRegex(regex);
  return sources
    .filter((source) => (!type || source.type === (SAME[type] ?? type)) && (!rule || rule.test(source.name) || ((rule.lastIndex = 0), false)))
    .sort((a, b) => Number(b.isDefault ?? false) - Number(a.isDefault ?? false))
    .map((source) => ({ text: source.name, value: source.uid }));
}

/**
 * The datasource that a panel, query, variable or annotation names: by uid or name, as a text or `{type, uid}`, through
 * variables. Nothing named is the default one of `type` or of all; so is a name nobody has, with a note that says so.
 */
export function resolveDatasource(ref: DataSourceRef | string | null | undefined, scope: Scope, sources: readonly DataSource[], type?: string): Resolved {
  const named = typeof ref === "string" ? ref : (ref?.uid ?? "");
  const wanted = (typeof ref === "object" && ref?.type && ref.type !== "datasource" ? ref.type : type) ?? "";
  // Dashboards made elsewhere may have lists as values: the first is the one.
  const text = interpolate(named, scope, (value) => (Array.isArray(value) ? (value[0] ?? "") : value)).trim();
  if (text === MIXED || text === "__mixed__") return { source: null, special: MIXED };
  if (text === DASHBOARD) return { source: null, special: DASHBOARD };
  if (text === GRAFANA || text === "grafana") return { source: null, special: GRAFANA };
  const found = sources.find((source) => source.uid === text) ?? sources.find((source) => source.name === text) ?? sources.find((source) => source.name.toLowerCase() === text.toLowerCase());
  if (found) return { source: found };
  const fallback = defaultSource(sources, SAME[wanted] ?? wanted);
  if (text === "" || text.toLowerCase() === "default" || UNFILLED.test(text)) return { source: fallback };
  const name = fallback ? `the default one, "${fallback.name}", is asked` : "there is no default one to ask";
  return { source: fallback, note: `datasource "${text}" is not known here: ${name}` };
}

/** The default datasource of a type; of a type nobody has, none; without one, the default of all (Prometheus first). */
export function defaultSource(sources: readonly DataSource[], type: string): DataSource | null {
  const ofType = type ? sources.filter((source) => source.type === type) : sources;
  return ofType.find((source) => source.isDefault) ?? (type ? undefined : sources.find((source) => source.type === "prometheus")) ?? ofType[0] ?? null;
}
