/** Queries of variables to calls of the HTTP APIs: `label_values(…)` and its kin, for Prometheus and for Loki. */

/** What a variable's query asks for. */
export type QueryForm =
  | { kind: "label_values"; label: string; selector: string }
  | { kind: "label_names"; selector: string }
  | { kind: "metrics"; pattern: string }
  | { kind: "query_result"; expr: string }
  | { kind: "series"; selector: string }
  | { kind: "none" };

/** A GET to make below the datasource's address, and how to read the options off its answer's JSON. Values are in the order that the server gave. */
export interface OptionsCall {
  path: string;
  params: [string, string][];
  read: (answer: unknown) => string[];
}

export type Product = "prometheus" | "loki";

/** Epoch milliseconds. */
interface Ends {
  from: number;
  to: number;
}

/** The text of a variable's query, whichever of Grafana's forms it is stored in. Loki's forms of an object become `label_values(…)`. */
export function queryText(query: unknown): string {
  if (typeof query === "string") return query;
  if (!query || typeof query !== "object") return "";
  const own = query as Record<string, unknown>;
  const text = (value: unknown) => (typeof value === "string" ? value : "");
  if (own.query !== undefined) return text(own.query);
  if (own.type === 1 || own.label !== undefined) {
    const label = text(own.label);
    const stream = text(own.stream) || text(own.metric);
    return label ? `label_values(${stream ? `${stream}, ` : ""}${label})` : "";
  }
  if (own.type === 0) return "label_names()";
  return text(own.expr);
}

/** What a query with its variables put in asks for. Throws a SyntaxError that names what is wrong with a call. */
export function parseVariableQuery(query: string): QueryForm {
  const text = query.trim();
  if (!text) return { kind: "none" };
  const call = /^(label_values|label_names|metrics|query_result)\s*\((.*)\)\s*;?$/s.exec(text);
  if (!call) return { kind: "series", selector: text };
  const inner = call[2]!.trim();
  switch (call[1]) {
    case "label_names":
      return { kind: "label_names", selector: inner };
    case "metrics":
      return { kind: "metrics", pattern: inner };
    case "query_result":
      return { kind: "query_result", expr: inner };
  }
  const comma = lastComma(inner);
  const label = inner.slice(comma + 1).trim().replace(/^(["'`])(.*)\1$/, "$2");
  if (!label || /[{}()\s]/.test(label)) throw new SyntaxError(`label_values needs a label's name as its last argument, not ${JSON.stringify(label)}`);
  return { kind: "label_values", label, selector: comma < 0 ? "" : inner.slice(0, comma).trim() };
}

/** The last comma outside of strings and brackets; -1 where there is none. */
function lastComma(text: string): number {
  let last = -1;
  let depth = 0;
  for (const token of text.matchAll(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`|[({[]|[)}\]]|,/gs)) {
    const [c] = token;
    if (c === "," && depth === 0) last = token.index;
    else if (/^[({[]$/.test(c)) depth++;
    else if (/^[)}\]]$/.test(c)) depth--;
  }
  return last;
}

const isSelector = (text: string) => /^[A-Za-z_:][\w:]*$/.test(text) || /^(?:[A-Za-z_:][\w:]*\s*)?\{[^]*\}$/.test(text);

/** The call for a form; null where nothing is to be asked. `limit` cuts lists at the server where it can. */
export function optionsCall(form: QueryForm, product: Product, ends: Ends, limit?: number): OptionsCall | null {
  return product === "loki" ? lokiCall(form, ends) : prometheusCall(form, ends, limit);
}

function prometheusCall(form: QueryForm, ends: Ends, limit?: number): OptionsCall | null {
  const times: [string, string][] = [["start", String(Math.floor(ends.from / 1000))], ["end", String(Math.ceil(ends.to / 1000))]];
  const limited: [string, string][] = limit ? [...times, ["limit", String(limit)]] : times;
  const match = (selector: string): [string, string][] => (selector ? [["match[]", selector], ...limited] : limited);
  const instant = (expr: string): [string, string][] => [["query", expr], ["time", String(ends.to / 1000)]];
  switch (form.kind) {
    case "none":
      return null;
    case "label_names":
      return { path: "api/v1/labels", params: match(form.selector), read: texts };
    case "metrics": {
      const pattern = form.pattern ? new RegExp(form.pattern) : null;
      return { path: "api/v1/label/__name__/values", params: limited, read: (answer) => texts(answer).filter((name) => !pattern || pattern.test(name)) };
    }
    case "query_result":
      return { path: "api/v1/query", params: instant(form.expr), read: resultTexts };
    case "series":
      return { path: "api/v1/series", params: match(form.selector), read: (answer) => list(answer).map((labels) => seriesText(labels)) };
    case "label_values":
      if (form.selector && !isSelector(form.selector)) {
        // An expression: only a query can tell which series it has.
        return { path: "api/v1/query", params: instant(form.selector), read: (answer) => labelOfResults(answer, form.label) };
      }
      return { path: `api/v1/label/${encodeURIComponent(form.label)}/values`, params: match(form.selector), read: texts };
  }
}

function lokiCall(form: QueryForm, ends: Ends): OptionsCall | null {
  const times: [string, string][] = [["start", `${Math.floor(ends.from)}000000`], ["end", `${Math.ceil(ends.to)}000000`]];
  const query = (selector: string): [string, string][] => (selector && selector !== "{}" ? [["query", selector], ...times] : times);
  switch (form.kind) {
    case "none":
    case "metrics":
      return null;
    case "label_names":
      return { path: "loki/api/v1/labels", params: query(form.selector), read: texts };
    case "label_values":
      return { path: `loki/api/v1/label/${encodeURIComponent(form.label)}/values`, params: query(form.selector), read: texts };
    case "query_result":
      return { path: "loki/api/v1/query", params: [["query", form.expr], ["time", `${Math.floor(ends.to)}000000`]], read: resultTexts };
    case "series":
      return { path: "loki/api/v1/series", params: [["match[]", form.selector], ...times], read: (answer) => list(answer).map((labels) => seriesText(labels)) };
  }
}

type Labels = Record<string, unknown>;

function list(answer: unknown): unknown[] {
  const data = (answer as { data?: unknown } | null)?.data;
  return Array.isArray(data) ? data : [];
}

function texts(answer: unknown): string[] {
  return list(answer).filter((item): item is string => typeof item === "string");
}

function seriesText(labels: unknown): string {
  if (!labels || typeof labels !== "object") return "";
  const { __name__: name, ...rest } = labels as Labels;
  const inner = Object.entries(rest).map(([key, value]) => `${key}=${JSON.stringify(String(value))}`).join(",");
  return `${typeof name === "string" ? name : ""}{${inner}}`;
}

interface QueryResult {
  resultType?: string;
  result?: unknown;
}

function results(answer: unknown): { metric: Labels; value: unknown }[] {
  const data = (answer as { data?: QueryResult } | null)?.data;
  if (data?.resultType === "scalar" || data?.resultType === "string") return [{ metric: {}, value: data.result }];
  if (!Array.isArray(data?.result)) return [];
  return data.result.flatMap((item: { metric?: Labels; value?: unknown } | null) => (item ? [{ metric: item.metric ?? {}, value: item.value }] : []));
}

/** Each series as `name{labels} value time`, the time in milliseconds, as Grafana has it; a scalar is its value. */
function resultTexts(answer: unknown): string[] {
  const scalar = /^(scalar|string)$/.test((answer as { data?: QueryResult } | null)?.data?.resultType ?? "");
  return results(answer).map(({ metric, value }) => {
    const [time, number] = Array.isArray(value) ? (value as [number, unknown]) : [0, ""];
    return scalar ? String(number) : `${seriesText(metric)} ${String(number)} ${time * 1000}`;
  });
}

function labelOfResults(answer: unknown, label: string): string[] {
  const values = results(answer).map(({ metric }) => metric[label]);
  return [...new Set(values.filter((value): value is string => typeof value === "string"))].sort();
}
