/** The order of values of any type, in legends and tables. Pure. */

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

/** Compares values of any type: numbers by size, NaN and nothing last, the rest as text. */
export function compareValues(a: unknown, b: unknown, descending: boolean): number {
  const missing = (value: unknown) => value === null || value === undefined || (typeof value === "number" && Number.isNaN(value));
  if (missing(a) || missing(b)) return missing(a) ? (missing(b) ? 0 : 1) : -1;
  const order = typeof a === "number" && typeof b === "number" ? a - b : collator.compare(String(a), String(b));
  return descending ? -order : order;
}
