/** The chosen values of variables: from the URL, else as stored, else the first option; and what they put into texts. */

import type { Variable } from "../model/dashboard.ts";
import { formatFilter, type Filter, parseFilter } from "./filters.ts";
import { localOptions, type Option } from "./options.ts";
import type { ScopeValue } from "./scope.ts";

/** The value that stands for all options. */
export const ALL = "$__all";

/**
 * A variable with its choice.
 *
 * options  without "All"; empty until they were asked for
 * values   what is chosen: one for a variable that is not `multi`, `[ALL]` for all; empty for none
 * texts    what people read for each
 * settled  whether somebody chose: the URL, a click or the stored `current`; without, the first option is taken
 * filters  of an adhoc variable
 */
export interface VariableState {
  variable: Variable;
  options: readonly Option[];
  values: readonly string[];
  texts: readonly string[];
  settled: boolean;
  filters: readonly Filter[];
}

const several = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((one) => typeof one === "string" || typeof one === "number" || typeof one === "boolean").map(String)
  : typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? [String(value)]
  : [];

/** Whether all options are chosen. */
export function isAll(state: VariableState): boolean {
  return state.values[0] === ALL;
}

/** The variable before its options are known. `url` are the values of its parameter; undefined where the URL has none. */
export function initialState(variable: Variable, url?: readonly string[]): VariableState {
  const base: VariableState = { variable, options: [], values: [], texts: [], settled: false, filters: [] };
  if (variable.type === "adhoc") return { ...base, settled: true, filters: url ? url.map(parseFilter).filter((filter) => filter !== null) : storedFilters(variable) };
  const known = localOptions(variable);
  const stored = variable.options?.flatMap((option) => storedOption(option)) ?? [];
  const options = known ?? stored;
  if (variable.type === "constant") {
    const value = options[0]?.value ?? "";
    return { ...base, options, values: [value], texts: [value], settled: true };
  }
  const fromUrl = url && !variable.skipUrlSync ? fromUrlValues(variable, url) : null;
  const current = several(variable.current?.value);
  let values = fromUrl ?? current;
  let texts = fromUrl ? fromUrl : several(variable.current?.text);
  if (!fromUrl && variable.type === "textbox" && !values.length) values = texts = several(variable.query ?? "");
  // "All" was stored as its text alone by old versions.
  if (variable.includeAll && values.length === 1 && /^all$/i.test(values[0]!) && !options.some((option) => option.value === values[0])) values = [ALL];
  const settled = fromUrl !== null || (values.length > 0 && !(values.length === 1 && values[0] === "" && variable.type !== "textbox"));
  const state = { ...base, options, values, texts: namesFor(values, texts, options), settled };
  // A text box takes any value; the rest is held against options where they are known.
  return known && variable.type !== "textbox" ? withOptions(state, known) : settled ? state : withDefault(state);
}

function storedOption(option: { text: unknown; value: unknown }): Option[] {
  const value = several(option?.value)[0];
  if (value === undefined || value === ALL) return [];
  return [{ value, text: several(option.text)[0] ?? value }];
}

function storedFilters(variable: Variable): Filter[] {
  return (variable.filters ?? []).flatMap((filter) =>
    filter && typeof filter.key === "string" && filter.key ? [{ ...filter, operator: String(filter.operator ?? "="), value: String(filter.value ?? "") }] : []);
}

function fromUrlValues(variable: Variable, url: readonly string[]): string[] {
  // An empty parameter of a multi variable is none; of another it is the empty text.
  const values = variable.multi ? url.filter((value) => value !== "") : url.slice(-1);
  if (variable.includeAll && values.some((value) => value === ALL || value === "All")) return [ALL];
  return [...new Set(values)];
}

function namesFor(values: readonly string[], texts: readonly string[], options: readonly Option[]): string[] {
  const byValue = values.length > 8 ? new Map(options.map((option) => [option.value, option.text])) : null;
  return values.map((value, i) => {
    if (value === ALL) return "All";
    const known = byValue ? byValue.get(value) : options.find((option) => option.value === value)?.text;
    return known ?? texts[i] ?? value;
  });
}

function withDefault(state: VariableState): VariableState {
  const { variable, options } = state;
  if (variable.includeAll) return { ...state, values: [ALL], texts: ["All"], settled: false };
  const first = options[0];
  if (first) return { ...state, values: [first.value], texts: [first.text], settled: false };
  return { ...state, values: variable.multi ? [] : [""], texts: variable.multi ? [] : [""], settled: false };
}

/**
 * The variable once its options are known. A choice that is among them stays (a text of an option counts as its value); one
 * that is not becomes "All" where that is offered, else the first option, else nothing.
 */
export function withOptions(state: VariableState, options: readonly Option[]): VariableState {
  const { variable } = state;
  const next = { ...state, options };
  if (variable.type === "textbox" || variable.type === "adhoc") return next;
  if (!state.settled) return withDefault(next);
  if (isAll(state)) return variable.includeAll ? { ...next, texts: ["All"] } : withDefault(next);
  if (variable.multi && state.values.length === 0) return { ...next, texts: [] };
  const values = new Map(options.map((option) => [option.value, option]));
  let texts: Map<string, Option> | undefined;
  const found: Option[] = [];
  for (const value of variable.multi ? state.values : state.values.slice(0, 1)) {
    const option = values.get(value) ?? (texts ??= new Map(options.toReversed().map((each) => [each.text, each]))).get(value);
    if (option && !found.includes(option)) found.push(option);
  }
  if (!found.length) return withDefault(next);
  return { ...next, values: found.map((option) => option.value), texts: found.map((option) => option.text) };
}

/** What a person chose. All with others: the last click decides, so `values` with ALL last is all, and ALL first is the others. */
export function choose(state: VariableState, values: readonly string[]): VariableState {
  const { variable, options } = state;
  let chosen = variable.multi ? [...new Set(values)] : values.slice(-1);
  // Old links say "All".
  if (variable.includeAll && chosen.length === 1 && chosen[0] === "All" && !options.some((option) => option.value === "All")) chosen = [ALL];
  if (chosen.includes(ALL)) chosen = chosen.at(-1) === ALL ? [ALL] : chosen.filter((value) => value !== ALL);
  if (!chosen.length && !variable.multi) chosen = [""];
  return { ...state, values: chosen, texts: namesFor(chosen, chosen, options), settled: true };
}

/** The filters that a person set. */
export function chooseFilters(state: VariableState, filters: readonly Filter[]): VariableState {
  return { ...state, filters, settled: true };
}

/** What is chosen, one by one: every option where that is all. Repeats go over these. */
export function chosenOptions(state: VariableState): readonly Option[] {
  if (isAll(state)) return state.options;
  return state.values.flatMap((value, i) => (value === "" ? [] : [{ value, text: state.texts[i] ?? value }]));
}

/** The values of the variable's URL parameter; null where it has none there. Where a person chose none of a multi variable it is one empty value. */
export function urlValues(state: VariableState): string[] | null {
  const { variable } = state;
  if (variable.skipUrlSync || variable.type === "constant") return null;
  // No filters where some are stored must be said too.
  if (variable.type === "adhoc") return state.filters.length || !variable.filters?.length ? state.filters.map(formatFilter) : [""];
  // Nothing that nobody chose is not said: what comes up later would never be taken then.
  if (!state.values.length) return state.settled ? [""] : null;
  return [...state.values];
}

/** What goes into texts. All is `allValue` as it is, or every option. `auto` is what an interval's "auto" comes to. */
export function scopeValue(state: VariableState, auto: () => string = () => "1m"): ScopeValue {
  const { variable } = state;
  const url = urlValues(state);
  const shared = url ? { url } : { noUrl: true };
  if (variable.type === "adhoc") return { value: state.filters.map(formatFilter).join(","), ...shared };
  const many = Boolean(variable.multi || variable.includeAll);
  if (isAll(state)) {
    if (variable.allValue) return { value: variable.allValue, text: "All", raw: true, all: variable.allValue, many, ...shared };
    return { value: state.options.map((option) => option.value), text: "All", many, ...shared };
  }
  if (variable.type === "interval" && state.values[0]?.startsWith("$__auto")) return { value: auto(), text: "auto", ...shared };
  if (variable.multi) return { value: [...state.values], text: [...state.texts], many, ...shared };
  return { value: state.values[0] ?? "", text: state.texts[0] ?? "", many, ...shared };
}
