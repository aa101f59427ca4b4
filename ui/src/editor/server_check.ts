/** What the server says of a query's text without running it: whether it parses, and how it is written well. */

import { positionIn } from "../api/errors.ts";
import { requestJson } from "../api/http.ts";
import { references } from "../core/variables/interpolate.ts";
import { type Fault, faultOf } from "./fault.ts";
import { withPlaceholders } from "./placeholders.ts";

export type QueryLanguage = "promql" | "logql";

/** What the server says of a query; "unknown" where it could not be asked. */
interface Said {
  status: "success" | "error" | "unknown";
  data?: string;
  error?: string;
}

function ask(base: string, query: string, signal?: AbortSignal): Promise<Said> {
  return requestJson<Said>(`${base.replace("/proxy/uid/", "/uid/")}/check`, { method: "POST", body: { query }, signal, retries: 0 });
}

/**
 * Where and why the query is wrong; null where it is right or empty; undefined where the server could not be asked.
 * Variables count as something that fits. `base` is the data source's proxy path.
 */
export async function checkQuery(base: string, text: string, signal?: AbortSignal): Promise<Fault | null | undefined> {
  if (!text.trim()) return null;
  const said = await ask(base, withPlaceholders(text), signal).catch(() => null);
  if (said?.status === "success") return null;
  return said?.status === "error" ? faultOf(text, { message: said.error ?? "", position: positionIn(said.error ?? "") }) : undefined;
}

/** The query laid out by the server. Raises an Error where it does not parse, holds variables, or could not be asked of. */
export async function formatQuery(base: string, text: string): Promise<string> {
  if (references(text).length) throw new Error("a query with variables can't be laid out");
  const said = await ask(base, text);
  if (said.status !== "success") throw new Error(said.error);
  return said.data ?? text;
}
