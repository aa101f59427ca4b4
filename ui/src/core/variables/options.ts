/** The options a variable offers, from its own text or from what its query gave. "All" is never among them: see `state.ts`. */

import type { Variable } from "../model/dashboard.ts";

/** One choice: what people read, and what goes into queries. */
export interface Option {
  text: string;
  value: string;
}

/** What a query gave: texts, or texts with values of their own. */
export type RawOption = string | { text: string; value?: string };

/** A variable's regex: "/…/flags", or a bare pattern. Null where there is none; throws a SyntaxError where it is wrong. */
export function optionRegex(text: string | undefined): RegExp | null {
  const bare = text?.trim() ?? "";
  if (!bare) return null;
  const match = /^\/(.*)\/([a-z]*)$/s.exec(bare);
  // Grafana puts a bare pattern between ^ and $ as it is; of alternatives each then holds one end.
  return match ? new RegExp(match[1]!, match[2]) : new RegExp(`^${bare}$`);
}

/** The options of what a query gave: cut by `regex`, each value once (the first stays), in the order of `sort`. */
export function queryOptions(raw: readonly RawOption[], variable: Pick<Variable, "regex" | "sort"> & { regexApplyTo?: unknown }): Option[] {
  const regex = optionRegex(variable.regex);
  const byValue = new Map<string, Option>();
  const keep = (text: string, value: string) => {
    if (!byValue.has(value)) byValue.set(value, { text, value });
  };
  for (const item of raw) {
    const text = typeof item === "string" ? item : String(item.text ?? item.value ?? "");
    const value = typeof item === "string" ? item : String(item.value ?? item.text ?? "");
    if (!regex) keep(text, value);
    else for (const [cutText, cutValue] of cut(text, value, regex, variable.regexApplyTo === "text" ? text : value)) keep(cutText, cutValue);
  }
  return sortOptions([...byValue.values()], variable.sort ?? 0);
}

function cut(text: string, value: string, regex: RegExp, subject: string): [string, string][] {
  if (!regex.global) {
    const match = regex.exec(subject);
    return match ? [fromMatch(match, text, value)] : [];
  }
  const found: [string, string][] = [];
  // With both groups named, texts and values of one subject are matched up; `matchAll` also steps over empty matches.
  let lastText: string | undefined;
  let lastValue: string | undefined;
  for (const match of subject.matchAll(regex)) {
    const { groups } = match;
    if (groups && ("text" in groups || "value" in groups)) {
      if (groups.text !== undefined) lastText = groups.text;
      if (groups.value !== undefined) lastValue = groups.value;
      const both = "text" in groups && "value" in groups;
      if (both && (lastText === undefined || lastValue === undefined)) continue;
      found.push([lastText ?? lastValue!, lastValue ?? lastText!]);
      if (both) lastText = lastValue = undefined;
    } else found.push(fromMatch(match, text, value));
  }
  return found;
}

function fromMatch(match: RegExpExecArray, text: string, value: string): [string, string] {
  const { groups } = match;
  if (groups?.text !== undefined || groups?.value !== undefined) return [groups.text ?? groups.value!, groups.value ?? groups.text!];
  return match.length > 1 ? [match[1] ?? "", match[1] ?? ""] : [text, value];
}

/** Grafana's orders: 0 as they came; 1, 2 by text; 3, 4 by the first number in it; 5, 6 without regard to case; 7, 8 natural. Even is descending. */
export function sortOptions(options: Option[], sort: number): Option[] {
  if (!(sort >= 1 && sort <= 8)) return options;
  const kind = Math.ceil(sort / 2);
  const down = sort % 2 === 0 ? -1 : 1;
  // Keys are made once: with 100,000 options comparing is all that is left to do.
  if (kind === 2) {
    const keyed = options.map((option) => ({ option, key: firstNumber(option.text) }));
    return keyed.sort((a, b) => (a.key - b.key) * down).map(({ option }) => option);
  }
  if (kind === 4) {
    const { compare } = new Intl.Collator("en", { numeric: true });
    return [...options].sort((a, b) => compare(a.text, b.text) * down);
  }
  const keyed = options.map((option) => ({ option, key: kind === 3 ? option.text.toLowerCase() : option.text }));
  return keyed.sort((a, b) => (a.key < b.key ? -down : a.key > b.key ? down : 0)).map(({ option }) => option);
}

function firstNumber(text: string): number {
  // No sign: the dash of "node-10" is none.
  const match = /\d+(\.\d+)?/.exec(text);
  return match ? Number(match[0]) : -1;
}

/** The options of a custom variable: "a, b, text : value", a comma within one written `\,`; or JSON where it says so. */
export function customOptions(query: unknown, valuesFormat?: unknown): Option[] {
  const text = typeof query === "string" ? query : "";
  if (valuesFormat === "json") return jsonOptions(text);
  const options: Option[] = [];
  for (const part of text.match(/(?:\\,|[^,])+/g) ?? []) {
    const bare = part.replace(/\\,/g, ",").trim();
    const pair = /^(.+)\s:\s(.+)$/s.exec(bare);
    if (bare) options.push(pair ? { text: pair[1]!.trim(), value: pair[2]!.trim() } : { text: bare, value: bare });
  }
  return unique(options);
}

function jsonOptions(text: string): Option[] {
  try {
    const list: unknown = JSON.parse(text);
    if (!Array.isArray(list)) return [];
    return unique(list.flatMap((item: unknown) => {
      if (typeof item === "string" || typeof item === "number") return [{ text: String(item), value: String(item) }];
      const own = item as { text?: unknown; value?: unknown } | null;
      const value = own?.value ?? own?.text;
      return typeof value === "string" || typeof value === "number" ? [{ text: String(own?.text ?? value), value: String(value) }] : [];
    }));
  } catch {
    return [];
  }
}

function unique(options: Option[]): Option[] {
  return [...new Map(options.toReversed().map((option) => [option.value, option])).values()].toReversed();
}

/** The value of an interval variable's "auto". */
export function autoValue(name: string): string {
  return `$__auto_interval_${name}`;
}

/** The options of an interval variable: "1m,10m,1h", with "auto" first where it is on. */
export function intervalOptions(variable: Variable): Option[] {
  const text = typeof variable.query === "string" ? variable.query : "";
  const options = (text.match(/"[^"]*"|'[^']*'|[^,]+/g) ?? [])
    .map((part) => part.trim().replace(/^["']|["']$/g, ""))
    .filter(Boolean)
    .map((value) => ({ text: value, value }));
  return unique(variable.auto ? [{ text: "auto", value: autoValue(variable.name) }, ...options] : options);
}

/** The options of a variable that needs to ask nobody; null for those that do. */
export function localOptions(variable: Variable): Option[] | null {
  switch (variable.type) {
    case "custom":
      return customOptions(variable.query, variable.valuesFormat);
    case "interval":
      return intervalOptions(variable);
    case "constant":
    case "textbox": {
      const value = typeof variable.query === "string" ? variable.query : "";
      return [{ text: value, value }];
    }
    case "switch": {
      const on = typeof variable.enabledValue === "string" ? variable.enabledValue : "true";
      const off = typeof variable.disabledValue === "string" ? variable.disabledValue : "false";
      return [{ text: on, value: on }, { text: off, value: off }];
    }
    case "adhoc":
      return [];
    default:
      return null;
  }
}
