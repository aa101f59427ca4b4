/** Changes of a LogQL query that Explore makes: filters from what was clicked, and the queries that go with it. */

import { lastSelector } from "../../editor/logql_context.ts";
import { addFilters } from "../../core/variables/adhoc.ts";

const PARSERS = ["json", "logfmt", "unpack", "pattern", "regexp"];

/** The selector of a log query, with its braces; "" where there is none. */
export function selectorOfQuery(expr: string): string {
  return lastSelector(expr);
}

/** Whether a stage of the query makes labels of the line by this parser. */
export function hasParser(expr: string, parser: string): boolean {
  return new RegExp(`\\|\\s*${parser}\\b`).test(expr.replace(/"(?:[^"\\]|\\.)*"|`[^`]*`/g, '""'));
}

/** Whether the query parses its lines at all. */
export function parses(expr: string): boolean {
  return PARSERS.some((parser) => hasParser(expr, parser));
}

/** What a label is of: its stream, which the selector can ask for; or the line or metadata, which only a stage can. */
export type LabelPlace = { stream: true } | { stream: false; parser: string | null };

/** The query with one more filter. Of a label that a parser makes, the parser is put in where it is missing. */
export function withFilter(expr: string, label: { name: string; op: string; value: string }, place: LabelPlace): string {
  if (place.stream) return addFilters(expr, [{ key: label.name, operator: label.op, value: label.value }], "logql");
  const parser = place.parser && !hasParser(expr, place.parser) ? ` | ${place.parser}` : "";
  return `${expr.trimEnd()}${parser} | ${label.name}${label.op}${JSON.stringify(label.value)}`;
}

/** The query with a filter for lines that hold, or do not hold, a text. */
export function withText(expr: string, text: string, op: "|=" | "!=" = "|="): string {
  return `${expr.trimEnd()} ${op} ${JSON.stringify(text)}`;
}

/** Lines over time by level: the query that the histogram above the lines draws. */
export function volumeQuery(expr: string, step: string): string {
  return `sum by (detected_level) (count_over_time(${closed(expr)}[${step}]))`;
}

/** The most frequent values of a field over the whole range. */
export function valuesQuery(expr: string, field: string, parser: string | null, range: string, most: number): string {
  const with_ = parser && !hasParser(expr, parser) ? `${expr.trimEnd()} | ${parser}` : expr.trimEnd();
  return `topk(${most}, sum by (${field}) (count_over_time(${closed(`${with_} | ${field}!=""`)} [${range}])))`;
}

/** A comment at the end would swallow what follows. */
function closed(expr: string): string {
  return /#[^\n"`]*$/.test(expr) ? `${expr}\n` : expr;
}

/** The selector of the stream that a line is of. `streamLabels` are the names that streams have; those that the server adds are no part. */
export function streamSelector(labels: Readonly<Record<string, string>>, streamLabels: readonly string[]): string {
  const parts = Object.entries(labels)
    .filter(([name]) => streamLabels.includes(name) && name !== "detected_level" && !name.startsWith("__"))
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return `{${parts.join(", ")}}`;
}

/** A time in nanoseconds, moved; texts, because numbers can't hold them. */
export function movedNs(ns: string, byMs: number): string {
  return String(BigInt(ns) + BigInt(Math.round(byMs)) * 1_000_000n);
}
