/** Config of a column out of data: which value of a row is its unit, its maximum, a threshold, … */

import type { FieldConfig, MappingResult } from "../config.ts";

export interface ConfigMapping {
  fieldName: string;
  handlerKey?: string | null;
  reducerId?: string;
}

/** What a column of this name means where nobody says: `max`, `Unit`, `threshold1`; null where it means nothing. */
export function handlerOf(name: string): string | null {
  const key = name.toLowerCase();
  const known: Record<string, string> = {
    name: "field.name", "display name": "displayName", displayname: "displayName", unit: "unit", min: "min", max: "max", decimals: "decimals",
    color: "color", description: "description", novalue: "noValue", "no value": "noValue", threshold: "threshold1", threshold1: "threshold1", value: "field.value",
  };
  return Object.hasOwn(known, key) ? known[key]! : null;
}

/** `config` with `value` put where `handler` says; as it is where the value is none. */
export function withHandled(config: FieldConfig, handler: string, value: unknown): FieldConfig {
  if (value === null || value === undefined || value === "") return config;
  const number = Number(value);
  switch (handler) {
    case "min":
    case "max":
    case "decimals":
      return Number.isNaN(number) ? config : { ...config, [handler]: number };
    case "unit":
    case "displayName":
    case "description":
    case "noValue":
      return { ...config, [handler]: String(value) };
    case "color":
      return { ...config, color: { mode: "fixed", fixedColor: String(value) } };
    case "threshold1": {
      if (Number.isNaN(number)) return config;
      const steps = config.thresholds?.steps.length ? config.thresholds.steps : [{ value: null, color: "green" }];
      return { ...config, thresholds: { mode: "absolute", steps: [...steps, { value: number, color: "red" }] } };
    }
    default:
      return config;
  }
}

/** Mappings of whole columns: a value in `values` gets the text and the colour of its row. */
export function columnMapping(values: readonly unknown[], texts: readonly unknown[] | null, colors: readonly unknown[] | null): Record<string, MappingResult> {
  return Object.fromEntries(
    values.map((value, row) => {
      const [text, color] = [texts?.[row], colors?.[row]];
      return [String(value), { index: row, ...(text !== undefined && text !== null && { text: String(text) }), ...(color !== undefined && color !== null && { color: String(color) }) }];
    }),
  );
}
