/** Rules of all data sources that evaluate some: Prometheus, and the log store. */

import { ApiError } from "../../api/errors.ts";
import type { DataSource } from "../../api/grafana.ts";
import { proxyPath } from "../../api/grafana.ts";
import { requestJson } from "../../api/http.ts";
import type { RuleGroup } from "./rule_list.ts";

export interface SourceRules {
  source: DataSource;
  groups: RuleGroup[];
}

/** The groups of one data source. A log store without a ruler has none. Raises ApiError. */
export async function askRules(source: DataSource, signal: AbortSignal): Promise<SourceRules> {
  const path = source.type === "loki" ? "/prometheus/api/v1/rules" : "/api/v1/rules";
  try {
    const said = await requestJson<{ data?: { groups?: RuleGroup[] } }>(proxyPath(source.uid) + path, { signal });
    return { source, groups: said.data?.groups ?? [] };
  } catch (error) {
    if (source.type === "loki" && error instanceof ApiError && error.status === 404) return { source, groups: [] };
    throw error;
  }
}
