/** One variable as it is stored, of any age, in today's form. */

import type { Variable, VariableOption, VariableType } from "./dashboard.ts";
import { isRecord, type Json, type Notice, number, Part, records, text } from "./part.ts";
import { datasourceOf } from "./target.ts";

const TYPES = new Set<string>(["query", "datasource", "custom", "constant", "interval", "textbox", "adhoc", "switch"]);

/** Before this version, what is a text box now was a constant that is not hidden. */
const TEXTBOX_VERSION = 27;

/** The variable of `raw`; null where it has no name that a text could use. */
export function variableOf(raw: Json, version: number, notices: Notice[]): Variable | null {
  const name = text(raw.name);
  const part = new Part(raw, `variable ${name ?? "without name"}`, notices);
  if (!name || !/^\w+$/.test(name)) {
    part.say("warning", name ? "its name may only have letters, digits and underscores; it is left out" : "it is left out");
    return null;
  }
  const hide = raw.hide ?? (raw.hideVariable === true ? 2 : raw.hideLabel === true ? 1 : undefined);
  let type = text(raw.type) ?? "query";
  if (type === "constant" && version > 0 && version < TEXTBOX_VERSION && hide !== 2 && hide !== "hideVariable") type = "textbox";
  const variable: Variable = { ...raw, name, type: type as VariableType };
  if (!TYPES.has(type)) Object.assign(variable, ofOtherType(part, type));
  const keep = (key: keyof Variable & string, value: unknown) => {
    if (value === undefined) delete variable[key];
    else variable[key] = value;
  };
  for (const key of ["label", "description", "definition", "regex", "allValue", "auto_min"] as const) if (key in raw) keep(key, part.text(key));
  for (const key of ["multi", "includeAll", "skipUrlSync", "auto"] as const) if (key in raw) keep(key, part.boolean(key));
  keep("hide", hideOf(hide));
  keep("refresh", refreshOf(raw.refresh));
  keep("sort", number(raw.sort));
  keep("auto_count", number(raw.auto_count));
  keep("datasource", datasourceOf(raw.datasource));
  if ("options" in raw) keep("options", records(raw.options).filter((option) => option.value !== undefined).map(optionOf));
  keep("current", isRecord(raw.current) && raw.current.value !== undefined ? optionOf(raw.current) : undefined);
  if (variable.type === "custom" && typeof variable.query !== "string") keep("query", queryOfOptions(variable.options));
  if ((variable.type === "constant" || variable.type === "textbox") && typeof variable.query !== "string") keep("query", firstText(variable.current?.value) ?? "");
  if (variable.type === "adhoc") keep("filters", records(raw.filters).filter((filter) => typeof filter.key === "string"));
  checkRegex(variable, part);
  return variable;
}

function ofOtherType(part: Part, type: string): Partial<Variable> {
  part.say("warning", `type "${type}" is not known here; it keeps the value that is stored`);
  const value = isRecord(part.raw.current) ? firstText(part.raw.current.value) : undefined;
  return { type: "constant", query: value ?? "", originalType: type };
}

function hideOf(value: unknown): 0 | 1 | 2 | undefined {
  const names: Record<string, 0 | 1 | 2> = { dontHide: 0, hideLabel: 1, hideVariable: 2, inControlsMenu: 0, "0": 0, "1": 1, "2": 2, "3": 0, true: 2, false: 0 };
  return value === undefined || value === null ? undefined : names[String(value)];
}

function refreshOf(value: unknown): 0 | 1 | 2 | undefined {
  const names: Record<string, 0 | 1 | 2> = { true: 1, false: 0, never: 0, onDashboardLoad: 1, onTimeRangeChanged: 2, "0": 0, "1": 1, "2": 2 };
  return value === undefined || value === null ? undefined : names[String(value)];
}

function optionOf(raw: Json): VariableOption {
  const one = (value: unknown) => (typeof value === "string" ? value : typeof value === "number" || typeof value === "boolean" ? String(value) : "");
  const several = (value: unknown): string | string[] => (Array.isArray(value) ? value.map(one) : one(value));
  return { ...raw, text: several(raw.text ?? raw.value), value: several(raw.value) };
}

function firstText(value: unknown): string | undefined {
  const first: unknown = Array.isArray(value) ? value[0] : value;
  return typeof first === "string" || typeof first === "number" ? String(first) : undefined;
}

function queryOfOptions(options: VariableOption[] | undefined): string {
  return (options ?? [])
    .map((option) => String(option.value))
    .filter((value) => value !== "$__all")
    .map((value) => value.replace(/,/g, "\\,"))
    .join(",");
}

function checkRegex(variable: Variable, part: Part): void {
  const match = /^\/(.*)\/([a-z]*)$/s.exec(variable.regex?.trim() ?? "");
  try {
    if (variable.regex && !/\$|\[\[/.test(variable.regex)) void new RegExp(match ? match[1]! : variable.regex, match?.[2]);
  } catch (error) {
    part.say("warning", `its regex cannot be read (${error instanceof Error ? error.message : "wrong"}); it is left out`);
    delete variable.regex;
  }
}
