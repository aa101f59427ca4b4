/** Rows kept or dropped by what a column holds. */

import type { Field } from "../frame.ts";
import { pattern } from "../matchers.ts";
import { fieldNamed, pickRows } from "../rows.ts";
import type { Transform } from "./transformation.ts";

interface Filter {
  fieldName?: string;
  config?: { id?: string; options?: { value?: unknown; from?: unknown; to?: unknown } };
}

interface FilterByValue {
  type: "include" | "exclude";
  match: "any" | "all";
  filters: Filter[];
}

type Test = (value: unknown) => boolean;

const missing = (value: unknown): boolean => value === null || value === undefined;

/** Numbers and times are compared as numbers, all else as text; a missing value is 0, as in Grafana. */
function comparing(compare: (a: number, b: number) => boolean): (wanted: unknown) => Test {
  return (wanted) => {
    const bound = Number(wanted);
    return (value) => value !== "" && compare(Number(value ?? 0), bound);
  };
}

function equals(wanted: unknown): Test {
  const text = String(wanted ?? "");
  return (value) => !missing(value) && (String(value) === text || (typeof value === "number" && text.trim() !== "" && value === Number(text)));
}

function contains(wanted: unknown): Test {
  const text = String(wanted ?? "").toLowerCase();
  return (value) => !missing(value) && String(value).toLowerCase().includes(text);
}

const not = (make: (wanted: unknown) => Test) => (wanted: unknown): Test => {
  const test = make(wanted);
  return (value) => !test(value);
};

const TESTS: Record<string, (wanted: unknown) => Test> = {
  isNull: () => missing,
  isNotNull: () => (value) => !missing(value),
  greater: comparing((a, b) => a > b),
  greaterOrEqual: comparing((a, b) => a >= b),
  lower: comparing((a, b) => a < b),
  lowerOrEqual: comparing((a, b) => a <= b),
  equal: equals,
  notEqual: not(equals),
  substring: contains,
  notSubstring: not(contains),
  regex: (wanted) => {
    const regex = pattern(String(wanted ?? ""));
    return (value) => !missing(value) && !!regex?.test(String(value));
  },
};

function testOf(filter: Filter): Test | null {
  const { id = "", options = {} } = filter.config ?? {};
  if (id === "between") {
    const [low, high] = [comparing((a, b) => a > b)(options.from), comparing((a, b) => a < b)(options.to)];
    return (value) => low(value) && high(value);
  }
  return Object.hasOwn(TESTS, id) ? TESTS[id]!(options.value) : null;
}

/** See Grafana's "Filter data by values". A filter of a column that a frame does not have fits none of its rows. */
export const filterByValue: Transform<FilterByValue> = (frames, { type = "include", match = "any", filters }) =>
  frames.map((frame) => {
    const tests = (filters ?? []).flatMap((filter): { field: Field | null; test: Test }[] => {
      const test = testOf(filter);
      return test ? [{ field: fieldNamed(frame, filter.fieldName, frames), test }] : [];
    });
    if (!tests.length) return frame;
    const rows: number[] = [];
    for (let row = 0; row < frame.length; row++) {
      const fits = ({ field, test }: (typeof tests)[number]): boolean => !!field && test(field.values[row]);
      if ((match === "all" ? tests.every(fits) : tests.some(fits)) === (type === "include")) rows.push(row);
    }
    return pickRows(frame, rows);
  });
