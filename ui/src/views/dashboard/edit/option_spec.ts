/** One control of a form, and what forms know of the data that they are about. */

import { displayNames } from "../../../core/frame/display_name.ts";
import type { Frame } from "../../../core/frame/frame.ts";

/** Reads a value below what a form is for. */
export type Read = (path: string) => unknown;

/**
 * path     below what the form is for, as `setAt` takes it
 * kind     of the control:
 *          switch, number, numbers (with commas), text, lines, json, unit, color; choice: one of `choices`; many: several of them;
 *          reducer(s); field: a column's name; names: several names `of` columns, labels or queries; query; label;
 *          zone; matcher: which columns; operand: a column, all numbers or a number;
 *          list: rows that each have the controls `item` and begin as `first`; record: `item` for each column or query
 * wanted   what an absent value means
 * join     names are one text with this between them
 * when     shown only where it says so, given a reader of the form's values
 */
export interface OptionSpec {
  path: string;
  label: string;
  group: string;
  kind:
    | "switch" | "choice" | "many" | "number" | "numbers" | "text" | "lines" | "reducer" | "reducers" | "json" | "field" | "names" | "query" | "label" | "zone" | "unit" | "color" | "matcher" | "operand"
    | "list" | "record";
  choices?: readonly (readonly [string | number | boolean, string])[];
  wanted?: unknown;
  hint?: string;
  min?: number;
  max?: number;
  of?: "fields" | "labels" | "queries";
  join?: string;
  item?: readonly OptionSpec[];
  first?: unknown;
  when?: (read: Read) => boolean;
}

/** What there is to choose from. */
export interface Known {
  fields: readonly string[];
  labels: readonly string[];
  queries: readonly string[];
  variables: readonly string[];
}

export const NOTHING_KNOWN: Known = { fields: [], labels: [], queries: [], variables: [] };

/** Names of columns, labels and queries in `frames`, each once, in order. */
export function knownOf(frames: readonly Frame[], queries: readonly string[], variables: readonly string[]): Known {
  const names = displayNames(frames);
  const [fields, labels] = [new Set<string>(), new Set<string>()];
  for (const frame of frames) {
    for (const field of frame.fields) {
      fields.add(names.get(field) ?? field.name);
      for (const label in field.labels) labels.add(label);
    }
  }
  return { fields: [...fields], labels: [...labels].sort(), queries: [...new Set([...queries, ...frames.flatMap((frame) => frame.refId ?? [])])], variables };
}
