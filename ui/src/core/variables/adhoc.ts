/** Puts filters into every selector of a PromQL or LogQL query, as text: what is there otherwise stays as it is written. */

import { escapeRegex } from "./formats.ts";
import type { Filter } from "./filters.ts";

type Kind = "word" | "string" | "number" | "variable" | "mark" | "space";

interface Token {
  kind: Kind;
  text: string;
}

const TOKENS: readonly (readonly [Kind, RegExp])[] = [
  ["space", /(?:\s+|#[^\n]*)/y],
  ["string", /"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|`[^`]*`?/ys],
  ["variable", /\$\{[^}]*\}|\$\w+|\[\[\w+(?::\w+)?\]\]/y],
  ["number", /(?:\d[\w.]*|\.\d+\w*)/y],
  ["word", /[A-Za-z_:][\w:.]*/y],
  ["mark", /./ys],
];

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    for (const [kind, rule] of TOKENS) {
      rule.lastIndex = at;
      const match = rule.exec(text);
      if (!match?.[0]) continue;
      tokens.push({ kind, text: match[0] });
      at += match[0].length;
      break;
    }
  }
  return tokens;
}

/** Words that no metric of a query is called. */
const WORDS = new Set(["and", "or", "unless", "atan2", "bool", "offset", "inf", "nan", "start", "end", "default", "if", "ifnot", "keep_metric_names", "with", "limit"]);
const GROUPINGS = new Set(["by", "without", "on", "ignoring", "group_left", "group_right"]);

const AGGREGATIONS = new Set([
  "sum", "min", "max", "avg", "group", "stddev", "stdvar", "count", "count_values", "bottomk", "topk", "quantile", "limitk", "limit_ratio",
  "any", "median", "mode", "distinct", "geomean", "zscore",
]);

/** `expr` with `filters` in each selector. Filters without key, and those the language has no operator for, are left out. */
export function addFilters(expr: string, filters: readonly Filter[], language: "promql" | "logql"): string {
  const matchers = filters.map((filter) => matcherOf(filter, language)).filter((text) => text !== "");
  if (!matchers.length || !expr.trim()) return expr;
  const added = matchers.join(language === "promql" ? "," : ", ");
  const tokens = tokenize(expr);
  return language === "promql" ? intoPromql(tokens, added) : intoBraces(tokens, added, 0, tokens.length);
}

function matcherOf(filter: Filter, language: "promql" | "logql"): string {
  if (!filter.key) return "";
  const name = /^[A-Za-z_]\w*$/.test(filter.key) ? filter.key : language === "promql" ? quoted(filter.key) : filter.key.replace(/\W/g, "_");
  switch (filter.operator) {
    case "=":
    case "!=":
    case "=~":
    case "!~":
      return `${name}${filter.operator}${quoted(filter.value)}`;
    case "=|":
    case "!=|": {
      const values = filter.values ?? [filter.value];
      return `${name}${filter.operator === "=|" ? "=~" : "!~"}${quoted(values.map(escapeRegex).join("|"))}`;
    }
    default:
      return "";
  }
}

function quoted(text: string): string {
  return `"${text.replace(/[\\"]/g, "\\$&").replace(/\n/g, "\\n")}"`;
}

/** Where a block of braces that starts at `open` ends: the index of its closing token, or of the end. */
function closing(tokens: readonly Token[], open: number, left: string, right: string): number {
  let depth = 0;
  for (let i = open; i < tokens.length; i++) {
    if (tokens[i]!.kind !== "mark") continue;
    if (tokens[i]!.text === left) depth++;
    else if (tokens[i]!.text === right && --depth === 0) return i;
  }
  return tokens.length;
}

/** The text of tokens `from` to `to` (not included), every block of braces with the matchers at its end, and of each of its or-groups. */
function intoBraces(tokens: readonly Token[], added: string, from: number, to: number): string {
  let out = "";
  let inside = false;
  let last = ""; // The last token of the block that is no space.
  for (let i = from; i < to; i++) {
    const { kind, text } = tokens[i]!;
    const ends = inside && ((kind === "mark" && text === "}") || (kind === "word" && text === "or"));
    if (ends) {
      const blank = /\s*$/.exec(out)![0];
      out = out.slice(0, out.length - blank.length) + (last === "" || last === "," ? "" : ",") + added + blank;
      last = "";
    } else if (inside && kind !== "space") last = text;
    if (kind === "mark" && text === "{") {
      inside = true;
      last = "";
    } else if (kind === "mark" && text === "}") inside = false;
    out += text;
  }
  return out;
}

function intoPromql(tokens: readonly Token[], added: string): string {
  const templates = withNames(tokens);
  let out = "";
  for (let i = 0; i < tokens.length; i++) {
    const { kind, text } = tokens[i]!;
    const lower = text.toLowerCase();
    const next = following(tokens, i);
    if (kind === "mark" && (text === "{" || text === "[")) {
      const end = closing(tokens, i, text, text === "{" ? "}" : "]");
      const stop = Math.min(end + 1, tokens.length);
      // An unclosed block is left alone: the server will say what is wrong with it.
      out += text === "{" && end < tokens.length ? intoBraces(tokens, added, i, stop) : join(tokens, i, stop);
      i = stop - 1;
    } else if (kind === "word" && GROUPINGS.has(lower) && tokens[next]?.text === "(") {
      const stop = Math.min(closing(tokens, next, "(", ")") + 1, tokens.length);
      out += join(tokens, i, stop);
      i = stop - 1;
    } else if (kind === "word" && isMetric(tokens, i, next) && !templates.has(text)) {
      out += `${text}{${added}}`;
    } else out += text;
  }
  return out;
}

function isMetric(tokens: readonly Token[], i: number, next: number): boolean {
  const lower = tokens[i]!.text.toLowerCase();
  const after = tokens[next];
  if (WORDS.has(lower) || GROUPINGS.has(lower)) return false;
  if (after?.kind === "mark" && (after.text === "(" || after.text === "{")) return false;
  // "sum by (x) (…)": the name of an aggregation, unless nothing is grouped by the word that follows.
  return !(AGGREGATIONS.has(lower) && after?.kind === "word" && /^(by|without)$/i.test(after.text));
}

function following(tokens: readonly Token[], i: number): number {
  let next = i + 1;
  while (tokens[next]?.kind === "space") next++;
  return next;
}

function join(tokens: readonly Token[], from: number, to: number): string {
  return tokens.slice(from, to).map(({ text }) => text).join("");
}

/** Names that MetricsQL's WITH defines: `WITH (x = …, f(a) = …)`; they are no metrics, and nor are a template's arguments. */
function withNames(tokens: readonly Token[]): Set<string> {
  const names = new Set<string>();
  for (let i = 0; i < tokens.length; i++) {
    if (tokens[i]!.kind !== "word" || tokens[i]!.text.toLowerCase() !== "with") continue;
    const open = following(tokens, i);
    if (tokens[open]?.text !== "(") continue;
    const end = closing(tokens, open, "(", ")");
    let depth = 0;
    for (let j = open; j < end; j++) {
      const { kind, text } = tokens[j]!;
      if (kind === "mark" && /[({[]/.test(text)) depth++;
      if (kind === "mark" && /[)}\]]/.test(text)) depth--;
      if (kind !== "word" || depth !== 1) continue;
      const next = following(tokens, j);
      if (tokens[next]?.text === "=" && tokens[next + 1]?.text !== "=") names.add(text);
      if (tokens[next]?.text !== "(") continue;
      const stop = closing(tokens, next, "(", ")");
      if (tokens[following(tokens, stop)]?.text !== "=") continue;
      names.add(text);
      for (let k = next; k < stop; k++) if (tokens[k]!.kind === "word") names.add(tokens[k]!.text);
    }
  }
  return names;
}
