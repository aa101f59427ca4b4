/** Rows in the order of a column. */

import { compareValues, fieldNamed, pickRows } from "../rows.ts";
import type { Transform } from "./transformation.ts";

interface SortBy {
  sort: { field?: string; desc?: boolean }[];
}

/** See Grafana's "Sort by"; further columns decide among equals. Rows that are equal keep their order. */
export const sortBy: Transform<SortBy> = (frames, { sort }) =>
  frames.map((frame) => {
    const rules = (sort ?? []).flatMap(({ field, desc }) => {
      const found = fieldNamed(frame, field, frames);
      return found ? [{ values: found.values, sign: desc ? -1 : 1 }] : [];
    });
    if (!rules.length) return frame;
    const rows = Array.from({ length: frame.length }, (_, row) => row);
    // Descending turns the order of equals too, as in Grafana.
    rows.sort((a, b) => {
      for (const { values, sign } of rules) {
        const order = compareValues(values[a], values[b]) * sign;
        if (order) return order;
      }
      return a - b;
    });
    return pickRows(frame, rows);
  });
