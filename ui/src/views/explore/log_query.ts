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

/** The query with a filter for lines of a pattern, or not of it. */
export function withPattern(expr: string, pattern: string, op: "|>" | "!>"): string {
  return `${expr.trimEnd()} ${op} ${JSON.stringify(pattern)}`;
}

const STRING = /"(?:[^"\\]|\\.)*"|`[^`]*`/;
const FILTER = new RegExp(`(\\|=|\\|~)\\s*((?:${STRING.source})(?:\\s+or\\s+(?:${STRING.source}))*)`, "g");

/** What the line filters of a query look for, to be marked in the lines; null where they look for nothing. */
export function highlightOf(expr: string): RegExp | null {
  const parts: string[] = [];
  for (const [, op, texts] of expr.replace(/#[^\n"`]*$/gm, "").matchAll(FILTER)) {
    for (const [quoted] of texts!.matchAll(new RegExp(STRING.source, "g"))) {
      const text = textOf(quoted);
      if (!text) continue;
      if (op === "|=") parts.push(text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"));
      // Flags of Go's expressions that this engine has no place for go; what it can't read marks nothing.
      else if (readable(text.replace(/^\(\?[a-zA-Z]+\)/, ""))) parts.push(text.replace(/^\(\?[a-zA-Z]+\)/, ""));
    }
  }
  const found = parts.join("|").slice(0, 5000);
  return found && readable(found) ? new RegExp(found, "gi") : null;
}

function textOf(quoted: string): string {
  if (quoted.startsWith("`")) return quoted.slice(1, -1);
  return quoted.slice(1, -1).replace(/\\(.)/g, (_, char: string) => ({ n: "\n", t: "\t" })[char] ?? char);
}

/** Whether the page can look for it: what its engine reads, what does not fit everywhere, and what can't take it ages to find. */
function readable(text: string): boolean {
  if (/\([^()]*[+*}][^()]*\)[+*{]/.test(text)) return false;
  try {
    return !new RegExp(text, "gi").test("");
  } catch {
    return false;
  }
}

/** The lines behind a query of numbers: its first selector with its stages, without those that make numbers of lines. "" where there is none. */
export function sampleQuery(expr: string): string {
  const blank = (text: string) => text.replace(/"(?:[^"\\]|\\.)*"|`[^`]*`/g, (quoted) => "_".repeat(quoted.length)).replace(/#[^\n]*/g, (comment) => " ".repeat(comment.length));
  const bare = blank(expr);
  const start = bare.indexOf("{");
  if (start < 0) return "";
  const range = bare.indexOf("[", start);
  if (range < 0) return "";
  const end = bare.indexOf("]", range);
  // Stages may stand behind the range too: `{…} [5m] |= "x"`.
  const rest = end < 0 ? "" : (/^\s*(?:offset\s+-?\w+\s*)?(\|[^)]*)/.exec(bare.slice(end + 1))?.[1] ?? "");
  const at = rest ? bare.indexOf(rest, end) : -1;
  const whole = expr.slice(start, range).trimEnd() + (at < 0 ? "" : ` ${expr.slice(at, at + rest.length).trimEnd()}`);
  const unwrap = /\|\s*unwrap\b/.exec(blank(whole));
  return (unwrap ? whole.slice(0, unwrap.index) : whole).trimEnd();
}

/** Lines over time: the query that the histogram above the lines draws. */
export function volumeQuery(expr: string, step: string): string {
  return `sum by (detected_level) (count_over_time(${counted(expr)}[${step}]))`;
}

/** The most frequent values of a field over the whole range. */
export function valuesQuery(expr: string, field: string, parser: string | null, range: string, most: number): string {
  const parsed = parser && !hasParser(expr, parser) ? `${closed(expr.trimEnd())} | ${parser}` : expr.trimEnd();
  return `topk(${most}, sum by (${field}) (count_over_time(${counted(`${closed(parsed)} | ${field}!=""`)} [${range}])))`;
}

/** Lines as they are counted: one that a parser can't read is a line all the same, where a query of numbers would fail of it. */
function counted(expr: string): string {
  return closed(parses(expr) ? `${closed(expr.trimEnd())} | drop __error__, __error_details__` : expr);
}

/** A comment at the end would swallow what follows. */
function closed(expr: string): string {
  return /#[^\n"`]*$/.test(expr) ? `${expr}\n` : expr;
}

/** The matchers of the stream that a line is of. `streamLabels` are the names that streams have; those that the server adds are no part. */
export function streamMatchers(labels: Readonly<Record<string, string>>, streamLabels: readonly string[]): { name: string; text: string }[] {
  return Object.entries(labels)
    .filter(([name]) => streamLabels.includes(name) && name !== "detected_level" && !name.startsWith("__"))
    .map(([name, value]) => ({ name, text: `${name}=${JSON.stringify(value)}` }));
}

/** A time in nanoseconds, moved; texts, because numbers can't hold them. */
export function movedNs(ns: string, byMs: number): string {
  return String(BigInt(ns) + BigInt(Math.round(byMs)) * 1_000_000n);
}

/** A time in nanoseconds, moved by some. */
export function movedByNs(ns: string, by: number): string {
  return String(BigInt(ns) + BigInt(by));
}
