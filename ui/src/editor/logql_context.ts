/** What may come at a place of a LogQL query, read from the text before it: completion must work on what does not parse yet. */

/**
 * start      an expression begins: aggregations, functions, a selector
 * label      a label's name in a selector; `matchers` are those before it
 * value      a label's value in a selector
 * filter     behind a selector or a stage: line filters and pipes
 * stage      behind a pipe: parsers, formats, and labels to filter by
 * unwrap     behind `unwrap`: a label, or a conversion of one
 * labels     behind `drop` and `keep`, and in the fields of a template: labels and fields alone
 * field      the value of a label or field that a stage compares; `quoted` says that it has begun
 * grouping   labels in `by (…)` and `without (…)`
 * duration   between square brackets
 * none       in a string, a comment, or where nothing is known
 */
export type LogqlContext =
  | { kind: "start" | "filter" | "stage" | "unwrap" | "labels" | "duration" | "none" }
  | { kind: "field"; label: string; quoted: boolean }
  | { kind: "label"; matchers: string[] }
  | { kind: "value"; label: string; matchers: string[]; quoted: boolean }
  | { kind: "grouping"; selector: string };

interface Scan {
  stack: string[];
  /** The quote that is open at the end, and where its text begins. */
  quote: string;
  from: number;
  comment: boolean;
  /** Where the innermost open bracket is. */
  opened: number[];
}

function scan(text: string): Scan {
  const state: Scan = { stack: [], quote: "", from: 0, comment: false, opened: [] };
  for (let at = 0; at < text.length; at++) {
    const char = text[at]!;
    if (state.comment) {
      if (char === "\n") state.comment = false;
    } else if (state.quote) {
      if (char === "\\" && state.quote !== "`") at++;
      else if (char === state.quote) state.quote = "";
    } else if (char === "#") state.comment = true;
    else if (char === '"' || char === "`") {
      state.quote = char;
      state.from = at + 1;
    } else if (char === "{" || char === "(" || char === "[") {
      state.stack.push(char);
      state.opened.push(at);
    } else if (char === "}" || char === ")" || char === "]") {
      state.stack.pop();
      state.opened.pop();
    }
  }
  return state;
}

/** The context at the end of `before`. */
export function logqlContext(before: string): LogqlContext {
  const state = scan(before);
  if (state.comment) return { kind: "none" };
  const inner = state.stack.at(-1);
  const inside = before.slice((state.opened.at(-1) ?? -1) + 1);
  if (inner === "{" && !/\bline_format|label_format/.test(inside)) return selectorContext(inside, state, before);
  if (state.quote) {
    if (/\{\{[^{}]*\.\w*$/.test(before.slice(state.from)) && /\b(?:line_format|label_format\b[^|]*)\s*["`]?$/.test(before.slice(0, state.from))) return { kind: "labels" };
    const field = /[|,(]\s*(?:[^|]*\b(?:and|or)\s+)?([a-zA-Z_][\w.]*)\s*(?:=~|!~|!=|==?)\s*["`]$/.exec(before.slice(0, state.from));
    return field && before.lastIndexOf("|") > before.lastIndexOf("}") ? { kind: "field", label: field[1]!, quoted: true } : { kind: "none" };
  }
  if (inner === "[") return { kind: "duration" };
  if (inner === "(" && /\b(?:by|without|on|ignoring|group_left|group_right)\s*$/.test(before.slice(0, state.opened.at(-1)))) {
    return { kind: "grouping", selector: lastSelector(before) };
  }
  const bare = inside.replace(/[\w:.$]*$/, "").trimEnd();
  if (/\|\s*unwrap(?:\s+\w+\s*\()?$/.test(bare) || (inner === "(" && /\|\s*unwrap\s+\w+\s*$/.test(before.slice(0, state.opened.at(-1))))) return { kind: "unwrap" };
  if (/\|\s*(?:drop|keep)(?:\s+[\w.]+\s*,)*$/.test(bare)) return { kind: "labels" };
  const compared = /\|(?:[^|]*\b(?:and|or)|[^|]*,)?\s*([a-zA-Z_][\w.]*)\s*(?:=~|!~|!=|==?)$/.exec(bare);
  if (compared) return { kind: "field", label: compared[1]!, quoted: false };
  if (/\|$/.test(bare)) return { kind: "stage" };
  if (/(?:[|!][=~>]|[=!<>]=?~?|\b(?:line_format|label_format|regexp|pattern))$/.test(bare)) return { kind: "none" };
  const pipe = bare.lastIndexOf("|");
  if (pipe > bare.lastIndexOf("}") && /\b(?:and|or|,)$/.test(bare)) return { kind: "stage" };
  if (/[}"`]$/.test(bare) || (pipe >= 0 && /\w$/.test(bare))) return { kind: "filter" };
  if (bare === "" || /[(,+\-*/%^]$|\b(?:and|or|unless)$/.test(bare)) return { kind: "start" };
  return { kind: "none" };
}

function selectorContext(inside: string, state: Scan, before: string): LogqlContext {
  const quoteAt = state.quote ? state.from - 1 - (before.length - inside.length) : inside.length;
  const head = inside.slice(0, quoteAt);
  const parts = splitMatchers(head);
  const open = parts.pop() ?? "";
  const value = /^\s*([\w.:]+)\s*(=~|!~|!=|=)\s*([^\s"`]*)$/.exec(open);
  if (value && (state.quote || !/"/.test(open))) return { kind: "value", label: value[1]!, matchers: parts, quoted: state.quote !== "" };
  if (state.quote) return { kind: "none" };
  return /^\s*[\w.:]*$/.test(open) ? { kind: "label", matchers: parts } : { kind: "none" };
}

/** Complete matchers of a selector's inside, and what is being typed as the last. */
function splitMatchers(text: string): string[] {
  const parts: string[] = [];
  let from = 0;
  let quote = "";
  for (let at = 0; at < text.length; at++) {
    const char = text[at]!;
    if (quote) {
      if (char === "\\" && quote !== "`") at++;
      else if (char === quote) quote = "";
    } else if (char === '"' || char === "`") quote = char;
    else if (char === ",") {
      parts.push(text.slice(from, at).trim());
      from = at + 1;
    }
  }
  parts.push(text.slice(from));
  return parts;
}

/** The last selector that is complete, with its braces; "" where there is none. */
export function lastSelector(text: string): string {
  const all = [...text.matchAll(/\{(?:[^{}"`]|"(?:[^"\\]|\\.)*"|`[^`]*`)*\}/g)].map((match) => match[0]).filter((one) => /^\{\s*[\w.:]+\s*[=!]/.test(one));
  return all.at(-1) ?? "";
}
