/** Rows in the order of a column. */

import type { Field } from "../frame.ts";
import { compareValues, fieldNamed, pickRows } from "../rows.ts";
import type { Transform } from "./transformation.ts";

interface SortBy {
  sort: { field?: string; desc?: boolean }[];
}

const collator = new Intl.Collator("en", { sensitivity: "base" });

/** Texts letter by letter, as Grafana has them here ("b10" before "b9"), those that are missing or empty last. */
function compareTexts(a: unknown, b: unknown): number {
  return a && b ? collator.compare(String(a), String(b)) : Number(!a) - Number(!b);
}

const comparing = ({ type }: Field): ((a: unknown, b: unknown) => number) => (type === "string" ? compareTexts : compareValues);

/** See Grafana's "Sort by"; further columns decide among equals. Rows that are equal keep their order. */
export const sortBy: Transform<SortBy> = (frames, { sort }) =>
  frames.map((frame) => {
    const rules = (sort ?? []).flatMap(({ field, desc }) => {
      const found = fieldNamed(frame, field, frames);
      return found ? [{ values: found.values, compare: comparing(found), sign: desc ? -1 : 1 }] : [];
    });
    if (!rules.length) return frame;
    const rows = Array.from({ length: frame.length }, (_, row) => row);
    rows.sort((a, b) => {
      for (const { values, compare, sign } of rules) {
        const order = compare(values[a], values[b]) * sign;
        if (order) return order;
      }
      return a - b;
    });
    return pickRows(frame, rows);
  });
