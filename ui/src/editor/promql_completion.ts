/** What our editor adds to the completion of PromQL: signatures, one of several values in a regular expression, durations. */

import type { Completion, CompletionContext, CompletionResult } from "@codemirror/autocomplete";
import { getFunction, ValueType } from "@prometheus-io/codemirror-promql/dist/esm/types";

/** Beyond this no function of the grammar has its number. */
const MOST_IDS = 1000;

const KINDS: Record<string, string> = { [ValueType.vector]: "vector", [ValueType.matrix]: "range", [ValueType.scalar]: "number", [ValueType.string]: "text" };

/** "(number, vector) → vector" by the name of each function. */
export function signatures(): Map<string, string> {
  const found = new Map<string, string>();
  for (let id = 0; id < MOST_IDS; id++) {
    const own = getFunction(id) as ReturnType<typeof getFunction> | undefined;
    if (!own) continue;
    const names = own.argTypes.map((type) => KINDS[type] ?? type);
    const last = names.length - 1;
    if (own.variadic !== 0 && last >= 0) names[last] = own.variadic > 1 || own.variadic < 0 ? `${names[last]}…` : `${names[last]}?`;
    found.set(own.name, `(${names.join(", ")}) → ${KINDS[own.returnType] ?? own.returnType}`);
  }
  return found;
}

let known: Map<string, string> | null = null;

/** Durations that people look over, and those that the server works out. */
const DURATIONS: Completion[] = [
  ["$__rate_interval", "at least four scrapes: for rate and increase"],
  ["$__interval", "the step of the graph"],
  ["$__range", "the whole time range"],
  ["1m", ""], ["5m", ""], ["15m", ""], ["30m", ""], ["1h", ""], ["6h", ""], ["1d", ""], ["7d", ""],
].map(([label, info], at) => ({ label: label!, type: "constant", boost: 20 - at, ...(info ? { info } : {}) }));

const NUMBERS: Completion[] = [
  ["$__interval_ms", "the step of the graph in milliseconds"],
  ["$__rate_interval_ms", "at least four scrapes, in milliseconds"],
  ["$__range_s", "the whole time range in seconds"],
  ["$__range_ms", "the whole time range in milliseconds"],
].map(([label, info]) => ({ label: label!, type: "constant", info: info! }));

/** In brackets durations, behind a dollar sign all that the page puts a number in for. */
export function macros(context: CompletionContext): CompletionResult | null {
  const typed = context.matchBefore(/\$[\w]*$|\[\s*$/);
  if (!typed) return null;
  const dollar = typed.text.startsWith("$");
  return { from: dollar ? typed.from : context.pos, options: dollar ? [...DURATIONS.slice(0, 3), ...NUMBERS] : DURATIONS, validFor: dollar ? /^\$\w*$/ : /^\$?\w*$/ };
}

/** The piece of a regular expression's text before the cursor that is one of its values: what stands behind the last bar or bracket. */
export function regexPiece(before: string): string | null {
  const matcher = /(?:=~|!~)\s*(["'`])((?:(?!\1)[^\\]|\\.)*)$/s.exec(before);
  return matcher ? /[^|(]*$/.exec(matcher[2]!)![0] : null;
}

/** A value as a regular expression that only it fits, in a quoted text. */
export function regexValue(value: string): string {
  return value.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&").replace(/[\\"]/g, "\\$&");
}

/** The offers of the language with what it leaves out. `cut` says that the names were too many to be offered all. */
export function improved(context: CompletionContext, result: CompletionResult | null, cut: boolean): CompletionResult | null {
  if (!result) return null;
  known ??= signatures();
  const line = context.state.doc.lineAt(context.pos);
  const piece = result.options[0]?.type === "text" ? regexPiece(line.text.slice(0, context.pos - line.from)) : null;
  if (piece !== null) {
    const after = /^[^|)"'`]*/.exec(line.text.slice(context.pos - line.from))![0];
    return {
      ...result, from: context.pos - piece.length, to: context.pos + after.length, validFor: /^[^|("'`]*$/,
      options: result.options.map((one) => ({ ...one, apply: regexValue(one.label) })),
    };
  }
  const options = result.options.map((one) => (one.type === "function" && known!.has(one.label) ? { ...one, detail: known!.get(one.label)! } : one));
  // Names that were cut off come when more of them is typed.
  if (!cut) return { ...result, options };
  const { validFor: _asked, ...rest } = result;
  void _asked;
  return { ...rest, options };
}
