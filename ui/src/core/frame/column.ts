/** A column, and the order of values: what is needed beside transformations too. */

import type { Field, FieldType } from "./frame.ts";

/** A new column; its config is empty unless given. */
export function column(name: string, type: FieldType, values: readonly unknown[], more: Partial<Field> = {}): Field {
  return { config: {}, ...more, name, type, values };
}

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

/** Order of two values: missing ones first, numbers by size, texts as people sort them (2 before 10). */
export function compareValues(a: unknown, b: unknown): number {
  const [noA, noB] = [a === null || a === undefined || Number.isNaN(a), b === null || b === undefined || Number.isNaN(b)];
  if (noA || noB) return noA && noB ? 0 : noA ? -1 : 1;
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (typeof a === "boolean" && typeof b === "boolean") return Number(a) - Number(b);
  return collator.compare(String(a), String(b));
}
