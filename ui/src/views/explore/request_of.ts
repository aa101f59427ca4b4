/** The request behind a query that was run, so that it can be shown, made again and copied. */

import { proxyPath } from "../../api/grafana.ts";
import { queryString } from "../../api/http.ts";
import type { Executed } from "../../query/context.ts";

/** Its path below the base path, with the parameters; `stats` asks the server what it cost. */
export function requestPath(query: Executed, source: { uid: string; type: string }, options: { limit?: number; direction?: string } = {}): string {
  const base = proxyPath(source.uid);
  if (source.type === "loki") {
    const nanos = (ms: number) => `${Math.round(ms)}000000`;
    if (query.kind === "instant") return `${base}/loki/api/v1/query${queryString({ query: query.expr, time: nanos(query.to) })}`;
    const lines = query.kind === "logs";
    return `${base}/loki/api/v1/query_range${queryString({
      query: query.expr, start: nanos(query.from), end: nanos(query.to), step: lines || !query.stepMs ? null : query.stepMs / 1000,
      limit: lines ? (options.limit ?? 1000) : null, direction: lines ? (options.direction ?? "backward") : null,
    })}`;
  }
  if (query.kind === "instant") return `${base}/api/v1/query${queryString({ query: query.expr, time: query.to / 1000, stats: "all" })}`;
  return `${base}/api/v1/query_range${queryString({ query: query.expr, start: query.from / 1000, end: query.to / 1000, step: (query.stepMs ?? 15_000) / 1000, stats: "all" })}`;
}

/** One row of statistics: "samples.peakSamples" and its number. */
export interface Statistic {
  name: string;
  value: number | string | boolean;
}

/** What an answer says of its cost, as rows; zeros are left out where `all` is false. */
export function statisticsOf(answer: unknown, all = false): Statistic[] {
  const rows: Statistic[] = [];
  const walk = (value: unknown, path: string) => {
    if (Array.isArray(value)) return;
    if (typeof value === "object" && value !== null) for (const [key, inner] of Object.entries(value)) walk(inner, path ? `${path}.${key}` : key);
    else if (typeof value === "number" || typeof value === "string" || typeof value === "boolean") if (all || (value !== 0 && value !== "" && value !== false)) rows.push({ name: path, value });
  };
  walk((answer as { data?: { stats?: unknown } } | null)?.data?.stats ?? {}, "");
  return rows;
}

/** A node of the tree that `/api/v1/parse_query` gives, as lines of an outline; `note` is what is done for it. */
export interface PlanLine {
  depth: number;
  text: string;
  note?: string;
}

const SELF = new Set(["matrixSelector", "vectorSelector", "numberLiteral", "stringLiteral"]);

/** The parsed expression from the outside in: what is worked out last comes first. */
export function planLines(tree: unknown, depth = 0): PlanLine[] {
  if (typeof tree !== "object" || tree === null || depth > 100) return [];
  const node = tree as Record<string, unknown>;
  const children = [node.expr, node.lhs, node.rhs, node.param, ...(Array.isArray(node.args) ? (node.args as unknown[]) : [])].filter((one) => typeof one === "object" && one !== null);
  return [{ depth, text: nodeText(node) }, ...(SELF.has(String(node.type)) ? [] : children.flatMap((child) => planLines(child, depth + 1)))];
}

/** A node without those below it. */
export function nodeText(node: Record<string, unknown>): string {
  const list = (value: unknown) => (Array.isArray(value) ? (value as unknown[]).map(String).join(", ") : "");
  const matchers = Array.isArray(node.matchers) ? (node.matchers as { name: string; type: string; value: string }[]).filter(({ name }) => name !== "__name__") : [];
  const selector = `${String(node.name ?? "")}${matchers.length ? `{${matchers.map(({ name, type, value }) => `${name}${type}${JSON.stringify(value)}`).join(", ")}}` : ""}`;
  const span = (ms: unknown) => (typeof ms === "number" && ms ? ` ${ms / 1000}s` : "");
  switch (node.type) {
    case "aggregation":
      return `${String(node.op)}${node.without ? ` without (${list(node.grouping)})` : list(node.grouping) ? ` by (${list(node.grouping)})` : ""}`;
    case "binaryExpr": {
      const matching = node.matching as { on?: boolean; labels?: unknown; card?: string } | null;
      return `${String(node.op)}${node.bool ? " bool" : ""}${matching && (matching.on || list(matching.labels)) ? ` ${matching.on ? "on" : "ignoring"} (${list(matching.labels)})` : ""}${matching?.card && matching.card !== "one-to-one" ? ` ${matching.card}` : ""}`;
    }
    case "call":
      return `${(node.func as { name?: string } | undefined)?.name ?? "call"}()`;
    case "matrixSelector":
      return `${selector} over${span(node.range)}${node.offset ? `, offset${span(node.offset)}` : ""}`;
    case "vectorSelector":
      return `${selector || "{}"}${node.offset ? `, offset${span(node.offset)}` : ""}`;
    case "subquery":
      return `subquery over${span(node.range)}${node.step ? `, every${span(node.step)}` : ""}`;
    case "numberLiteral":
    case "stringLiteral":
      return String(node.val);
    case "unaryExpr":
      return `unary ${String(node.op)}`;
    case "parenExpr":
      return "( )";
    default:
      return String(node.type ?? "?");
  }
}
