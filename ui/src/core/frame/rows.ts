/** Columns and rows of frames: what transformations are made of. */

import type { FieldConfig } from "./config.ts";
import { displayNames } from "./display_name.ts";
import type { Field, FieldType, Frame } from "./frame.ts";

export { column, compareValues } from "./column.ts";

/** `frame` with other columns; its length is that of the first. */
export function withFields(frame: Frame, fields: Field[]): Frame {
  return { ...frame, fields, length: fields[0]?.values.length ?? 0 };
}

/** `frame` with the rows at `rows`, in that order. */
export function pickRows(frame: Frame, rows: readonly number[]): Frame {
  return { ...frame, length: rows.length, fields: frame.fields.map((field) => ({ ...field, values: rows.map((row) => field.values[row]) })) };
}

/** The column that people know as `name` (or that the query called so), null where there is none. */
export function fieldNamed(frame: Frame, name: string | undefined, frames: readonly Frame[]): Field | null {
  if (!name) return null;
  const names = displayNames(frames);
  return frame.fields.find((field) => names.get(field) === name) ?? frame.fields.find((field) => field.name === name) ?? null;
}

/** The first column of times, null where there is none. */
export function timeField(frame: Frame): Field | null {
  return frame.fields.find((field) => field.type === "time") ?? null;
}

/** Letters of the queries that `frames` came of, as the result of a transformation is called: `merge-A-B`. */
export function joinedRefId(id: string, frames: readonly Frame[]): string {
  return [id, ...frames.map((frame) => frame.refId ?? "").filter(Boolean)].join("-");
}

/** What kind of values these are, by the first that is there; "string" where none is. */
export function typeOfValues(values: readonly unknown[]): FieldType {
  for (const value of values) {
    if (value === null || value === undefined) continue;
    if (typeof value === "number") return "number";
    if (typeof value === "boolean") return "boolean";
    if (typeof value === "object" && !Array.isArray(value)) return "other";
    return "string";
  }
  return "string";
}

/** A text that is the same for the same values and no others, so that rows can be looked up by it. */
export function keyOf(values: readonly unknown[]): string {
  return JSON.stringify(values.map((value) => (typeof value === "number" && !Number.isFinite(value) ? String(value) : (value ?? null))));
}

/** `config` without names: what is computed of a column is called otherwise. */
export function withoutNames(config: FieldConfig): FieldConfig {
  const copy = { ...config };
  delete copy.displayName;
  delete copy.displayNameFromDS;
  return copy;
}
