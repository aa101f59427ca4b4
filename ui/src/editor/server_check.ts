/** What the server says of a query's text without running it: whether it parses, and how it is written well. */

import { ApiError, isAbort } from "../api/errors.ts";
import { requestJson } from "../api/http.ts";
import { references } from "../core/variables/interpolate.ts";
import { type Fault, faultOf } from "./fault.ts";
import { withPlaceholders } from "./placeholders.ts";

export type QueryLanguage = "promql" | "logql";

const CHECK: Record<QueryLanguage, string> = { promql: "/api/v1/parse_query", logql: "/loki/api/v1/format_query" };
const FORMAT: Record<QueryLanguage, string> = { promql: "/api/v1/format_query", logql: "/loki/api/v1/format_query" };

/**
 * Where and why the query is wrong; null where it is right or empty; undefined where the server could not be asked.
 * Variables count as something that fits. `base` is the data source's proxy path.
 */
export async function checkQuery(language: QueryLanguage, base: string, text: string, signal?: AbortSignal): Promise<Fault | null | undefined> {
  if (!text.trim()) return null;
  try {
    await requestJson(base + CHECK[language], { method: "POST", form: { query: withPlaceholders(text) }, signal, retries: 0 });
    return null;
  } catch (error) {
    if (isAbort(error)) return undefined;
    return error instanceof ApiError && error.status >= 400 && error.status < 500 && ![401, 403, 404, 405, 429].includes(error.status) ? faultOf(text, error) : undefined;
  }
}

/** The query laid out by the server. Raises ApiError where it does not parse, and a plain Error where it holds variables. */
export async function formatQuery(language: QueryLanguage, base: string, text: string): Promise<string> {
  if (references(text).length) throw new Error("a query with variables can't be laid out");
  return (await requestJson<{ data: string }>(base + FORMAT[language], { method: "POST", form: { query: text }, retries: 0 })).data;
}
