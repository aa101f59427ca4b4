/** The order of values of any type, in legends and tables. Pure. */

import { compareValues as compareUpwards } from "../core/frame/column.ts";

/** Compares values of any type: numbers by size, the rest as text; NaN and nothing last, whichever way. */
export function compareValues(a: unknown, b: unknown, descending: boolean): number {
  const missing = (value: unknown) => value === null || value === undefined || Number.isNaN(value);
  if (missing(a) || missing(b)) return missing(a) ? (missing(b) ? 0 : 1) : -1;
  const order = compareUpwards(a, b);
  return descending ? -order : order;
}
