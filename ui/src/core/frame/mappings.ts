/** Value mappings: texts and colours for values, ranges, patterns and special values. */

import type { MappingResult, ValueMapping } from "./config.ts";
import { pattern } from "./matchers.ts";

function inRange(value: unknown, from: number | null | undefined, to: number | null | undefined): boolean {
  const number = typeof value === "number" ? value : Number.parseFloat(String(value));
  if (Number.isNaN(number)) return false;
  // A bound may be missing, null, or a text that an editor left.
  const low = from === null || from === undefined ? NaN : Number(from);
  const high = to === null || to === undefined ? NaN : Number(to);
  return !(number < low) && !(number > high);
}

function isSpecial(value: unknown, match: string): boolean {
  switch (match) {
    case "null":
      return value === null || value === undefined;
    case "nan":
      return typeof value === "number" && Number.isNaN(value);
    case "null+nan":
      return value === null || value === undefined || (typeof value === "number" && Number.isNaN(value));
    case "true":
      return value === true || value === "true";
    case "false":
      return value === false || value === "false";
    case "empty":
      return value === "";
    default:
      return false;
  }
}

/** What the first mapping that fits says of `value`; null where none fits. Texts of patterns have their groups put in. */
export function mapped(mappings: readonly ValueMapping[] | undefined, value: unknown): MappingResult | null {
  for (const mapping of mappings ?? []) {
    const missing = value === null || value === undefined;
    switch (mapping.type) {
      case "value": {
        const key = String(value);
        if (!missing && mapping.options && Object.hasOwn(mapping.options, key)) return mapping.options[key] ?? null;
        break;
      }
      case "range":
        if (!missing && mapping.options && inRange(value, mapping.options.from, mapping.options.to)) return mapping.options.result ?? null;
        break;
      case "regex": {
        if (missing || !mapping.options) break;
        const regex = pattern(mapping.options.pattern);
        const text = String(value);
        if (!regex?.test(text)) break;
        const { result } = mapping.options;
        return typeof result?.text === "string" ? { ...result, text: text.replace(regex, result.text) } : (result ?? null);
      }
      case "special":
        if (mapping.options && isSpecial(value, mapping.options.match)) return mapping.options.result ?? null;
        break;
    }
  }
  return null;
}
