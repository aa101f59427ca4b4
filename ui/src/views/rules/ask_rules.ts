/** Rules of all data sources that evaluate some: Prometheus, and the log store. */

import { ApiError, isAbort, readable } from "../../api/errors.ts";
import type { DataSource } from "../../api/grafana.ts";
import { proxyPath } from "../../api/grafana.ts";
import { requestJson } from "../../api/http.ts";
import type { RuleGroup } from "./rule_list.ts";

export interface SourceRules {
  source: DataSource;
  groups: RuleGroup[];
  /** Why there are none; empty where it answered. */
  fault: string;
}

/** The groups of one data source, or why it gives none. A log store without a ruler has none. Raises only when called off. */
export async function askRules(source: DataSource, signal: AbortSignal): Promise<SourceRules> {
  const path = source.type === "loki" ? "/prometheus/api/v1/rules" : "/api/v1/rules";
  try {
    const said = await requestJson<{ data?: { groups?: RuleGroup[] } }>(proxyPath(source.uid) + path, { signal });
    return { source, groups: said.data?.groups ?? [], fault: "" };
  } catch (error) {
    if (source.type === "loki" && error instanceof ApiError && error.status === 404) return { source, groups: [], fault: "" };
    if (isAbort(error)) throw error;
    // One that is down hides nothing of the others.
    return { source, groups: [], fault: readable(error) };
  }
}
