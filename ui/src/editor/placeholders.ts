/** A query's variables replaced by something of the same length that parses, so that faults are found at their own place. */

import { references } from "../core/variables/interpolate.ts";

type Place = "string" | "duration" | "number" | "name";

/**
 * `expr` with every `$name`, `${name}` and `[[name]]` replaced: in a string by letters, where a duration stands by one, behind
 * an operator or a comma by a name. The result is as long as `expr`; an expression without variables is itself.
 */
export function withPlaceholders(expr: string): string {
  const found = references(expr);
  if (!found.length) return expr;
  const quotes = quotedSpans(expr);
  let out = "";
  let last = 0;
  for (const { from, to } of found) {
    out += expr.slice(last, from);
    out += fill(placeOf(expr, out, from, to, quotes), to - from);
    last = to;
  }
  return out + expr.slice(last);
}

function fill(place: Place, length: number): string {
  switch (place) {
    case "duration":
      return length > 1 ? `${"1".padStart(Math.min(length - 1, 2), "1")}m`.padEnd(length) : "1";
    case "number":
      return "1".repeat(length);
    case "string":
    case "name":
      return "x".repeat(length);
  }
}

function placeOf(expr: string, before: string, from: number, to: number, quotes: readonly [number, number][]): Place {
  if (quotes.some(([start, end]) => from > start && to <= end)) return "string";
  const left = before.trimEnd();
  if (/(?:\[|\boffset\s*-?)$/i.test(left) || (left.endsWith(":") && left.lastIndexOf("[") > left.lastIndexOf("]"))) {
    return /^(?:ms|[smhdwy])/.test(expr.slice(to)) ? "number" : "duration";
  }
  if (/\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^()]*$/i.test(left)) return "name";
  return /[\w:]$/.test(before) || /^[\w:{([]/.test(expr.slice(to)) ? "name" : /(?:[-+*/%^(,<>]|==|!=)$/.test(left) && !/[{]/.test(lastOpen(left)) ? "number" : "name";
}

/** The bracket that is open at the end of the text. */
function lastOpen(text: string): string {
  const stack: string[] = [];
  for (const char of text) {
    if (char === "(" || char === "{" || char === "[") stack.push(char);
    else if (char === ")" || char === "}" || char === "]") stack.pop();
  }
  return stack.at(-1) ?? "";
}

/** Where strings begin and end, quotes included. */
function quotedSpans(expr: string): [number, number][] {
  const spans: [number, number][] = [];
  for (let at = 0; at < expr.length; at++) {
    const quote = expr[at]!;
    if (quote === "#") {
      const end = expr.indexOf("\n", at);
      at = end < 0 ? expr.length : end;
    } else if (quote === '"' || quote === "'" || quote === "`") {
      const start = at;
      for (at++; at < expr.length && expr[at] !== quote; at++) if (expr[at] === "\\" && quote !== "`") at++;
      spans.push([start, at]);
    }
  }
  return spans;
}

/** Whether the query says something to people alone: a `#` outside of its strings. */
export function hasComment(expr: string): boolean {
  const quotes = quotedSpans(expr);
  for (let at = expr.indexOf("#"); at >= 0; at = expr.indexOf("#", at + 1)) if (!quotes.some(([start, end]) => at > start && at < end)) return true;
  return false;
}
