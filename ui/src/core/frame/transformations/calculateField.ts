/** A new column computed of others, row by row. */

import { displayNames } from "../display_name.ts";
import type { Field, Frame } from "../frame.ts";
import { fieldMatcher } from "../matchers.ts";
import { reduce, reducerOf } from "../reducers.ts";
import { column, fieldNamed, timeField, withFields } from "../rows.ts";
import { joinByField } from "./joinByField.ts";
import type { Transform } from "./transformation.ts";

type Operand = string | { fixed?: string | number; matcher?: { id: string; options?: unknown } };

interface CalculateField {
  mode: "binary" | "reduceRow" | "unary" | "cumulativeFunctions" | "windowFunctions" | "index";
  alias: string;
  replaceFields: boolean;
  /** False leaves series apart; else they are one table first. */
  timeSeries: boolean;
  binary: { left: Operand; operator: string; right: Operand };
  reduce: { include?: string[]; reducer?: string; nullValueFilters?: string[] };
  unary: { operator: string; fieldName: string };
  cumulative: { field?: string; reducer?: string };
  window: { field?: string; reducer?: string; windowAlignment?: string; windowSize?: number; windowSizeMode?: string };
  index: { asPercentile?: boolean };
}

type Numbers = (number | null)[];

const BINARY: Record<string, (a: number, b: number) => number> = {
  "+": (a, b) => a + b, "-": (a, b) => a - b, "*": (a, b) => a * b, "/": (a, b) => a / b, "**": (a, b) => a ** b, "%": (a, b) => a % b,
  "=": (a, b) => Number(a === b), "!=": (a, b) => Number(a !== b),
  ">": (a, b) => Number(a > b), ">=": (a, b) => Number(a >= b), "<": (a, b) => Number(a < b), "<=": (a, b) => Number(a <= b),
};

const UNARY: Record<string, (a: number) => number> = {
  abs: Math.abs, exp: Math.exp, ln: Math.log, log: Math.log10, floor: Math.floor, ceil: Math.ceil, round: Math.round, sign: Math.sign, sqrt: Math.sqrt,
};

function numberAt(field: Field, row: number): number | null {
  const value = field.values[row];
  if (value === null || value === undefined || value === "") return null;
  return typeof value === "number" ? value : Number(value);
}

const rowsOf = (frame: Frame): number[] => Array.from({ length: frame.length }, (_, row) => row);

/** What an operand is at a row, and what it is called. A missing value counts as 0, as in Grafana. */
interface At {
  name: string;
  at: (row: number) => number;
}

function operand(part: Operand | undefined, frame: Frame, frames: Frame[], names: Map<Field, string>): At[] {
  if (part === undefined || part === null) return [];
  const ofField = (field: Field): At => ({ name: names.get(field) ?? field.name, at: (row) => numberAt(field, row) ?? 0 });
  const fixed = (value: string | number): At[] => {
    const number = Number(value);
    return value === "" || Number.isNaN(number) ? [] : [{ name: String(value), at: () => number }];
  };
  if (typeof part === "string" || typeof part === "number") {
    const field = fieldNamed(frame, String(part), frames);
    return field ? [ofField(field)] : fixed(part);
  }
  if (part.matcher?.id) {
    const matches = fieldMatcher(part.matcher);
    return frame.fields.filter((field) => matches(field, frame, frames)).map(ofField);
  }
  return fixed(part.fixed ?? "");
}

function binary(frame: Frame, frames: Frame[], { left, operator, right }: CalculateField["binary"]): { name: string; values: Numbers }[] {
  const compute = Object.hasOwn(BINARY, operator) ? BINARY[operator]! : null;
  const names = displayNames(frames);
  const [second] = operand(right, frame, frames, names);
  if (!compute || !second) return [];
  return operand(left, frame, frames, names).map((first) => ({
    name: `${first.name} ${operator} ${second.name}`,
    values: rowsOf(frame).map((row) => compute(first.at(row), second.at(row))),
  }));
}

function reduceRow(frame: Frame, frames: Frame[], { include, reducer = "sum" }: CalculateField["reduce"]): Numbers {
  const fields = include?.length
    ? frame.fields.filter((field) => fieldMatcher({ id: "byNames", options: include })(field, frame, frames))
    : frame.fields.filter((field) => field.type === "number");
  return rowsOf(frame).map((row) => {
    const got = reduce({ type: "number", values: fields.map((field) => numberAt(field, row)) }, reducer, "null");
    return typeof got === "boolean" ? Number(got) : ((got ?? null) as number | null);
  });
}

function cumulative(values: Numbers, reducer: string): Numbers {
  let sum = 0;
  return values.map((value, row) => {
    sum += value || 0;
    return reducer === "mean" ? sum / (row + 1) : sum;
  });
}

function windowed(values: Numbers, { windowAlignment = "trailing", windowSize, windowSizeMode = "percentage", reducer = "mean" }: CalculateField["window"]): Numbers {
  const asked = windowSizeMode === "fixed" ? (windowSize ?? 1) : (windowSize ?? 0.1) * values.length;
  const size = Math.max(1, Math.min(values.length, Math.round(asked)));
  const ahead = windowAlignment === "centered" ? Math.floor(size / 2) : windowAlignment === "leading" ? size - 1 : 0;
  const behind = windowAlignment === "centered" ? size - 1 - ahead : windowAlignment === "leading" ? 0 : size - 1;
  // Sums up to each row, so that a window costs two look-ups, whatever its size.
  const [sums, squares, counts] = [[0], [0], [0]];
  values.forEach((value, i) => {
    const there = value !== null && !Number.isNaN(value);
    sums.push(sums[i]! + (there ? value : 0));
    squares.push(squares[i]! + (there ? value * value : 0));
    counts.push(counts[i]! + Number(there));
  });
  return values.map((_, i) => {
    const [lo, hi] = [Math.max(0, i - behind), Math.min(values.length, i + ahead + 1)];
    const count = counts[hi]! - counts[lo]!;
    if (!count) return null;
    const mean = (sums[hi]! - sums[lo]!) / count;
    if (reducer === "mean") return mean;
    const variance = Math.max(0, (squares[hi]! - squares[lo]!) / count - mean * mean);
    return reducer === "stdDev" ? Math.sqrt(variance) : variance;
  });
}

function ofOne(frame: Frame, frames: Frame[], name: string | undefined, compute: (values: Numbers) => Numbers): { name: string; values: Numbers }[] {
  const field = fieldNamed(frame, name, frames) ?? (name ? null : frame.fields.find((other) => other.type === "number"));
  if (!field) return [];
  return [{ name: displayNames(frames).get(field) ?? field.name, values: compute(rowsOf(frame).map((row) => numberAt(field, row))) }];
}

function computed(frame: Frame, frames: Frame[], options: Partial<CalculateField>): { name: string; values: Numbers }[] {
  switch (options.mode ?? "reduceRow") {
    case "binary":
      return options.binary ? binary(frame, frames, options.binary) : [];
    case "unary": {
      const { operator = "abs", fieldName } = options.unary ?? {};
      const compute = Object.hasOwn(UNARY, operator) ? UNARY[operator]! : null;
      if (!fieldName || (!compute && operator !== "percent")) return [];
      const each = (values: Numbers): Numbers => {
        const total = compute ? 1 : values.reduce<number>((sum, value) => sum + (value ?? 0), 0);
        return values.map((value) => (compute ? compute(value ?? 0) : (value ?? 0) / total));
      };
      return ofOne(frame, frames, fieldName, each).map((made) => ({ ...made, name: `${operator}(${made.name})` }));
    }
    case "cumulativeFunctions": {
      const { field, reducer = "sum" } = options.cumulative ?? {};
      return ofOne(frame, frames, field, (values) => cumulative(values, reducer)).map((made) => ({ ...made, name: `cumulative ${reducer}(${made.name})` }));
    }
    case "windowFunctions": {
      const window = options.window ?? {};
      const name = `${window.windowAlignment ?? "trailing"} moving ${window.reducer ?? "mean"}`;
      return ofOne(frame, frames, window.field, (values) => windowed(values, window)).map((made) => ({ ...made, name: `${name}(${made.name})` }));
    }
    case "index": {
      return [{ name: "Row", values: rowsOf(frame).map((row) => (options.index?.asPercentile ? row / frame.length : row)) }];
    }
    default: {
      const reducer = options.reduce?.reducer ?? "sum";
      return [{ name: reducerOf(reducer)?.name ?? reducer, values: reduceRow(frame, frames, options.reduce ?? {}) }];
    }
  }
}

/** Several frames whose times are called alike as one: what is computed may be of more than one query. */
function together(frames: Frame[]): Frame[] {
  const names = new Set(frames.map((frame) => timeField(frame)?.name));
  const [name] = names;
  return frames.length > 1 && names.size === 1 && name !== undefined ? joinByField(frames, { byField: name }) : frames;
}

/** See Grafana's "Add field from calculation". With replaceFields only the time and what was computed are left. */
export const calculateField: Transform<CalculateField> = (given, options) => {
  const frames = options.timeSeries === false ? given : together(given);
  return frames.map((frame) => {
    const made = computed(frame, frames, options);
    if (!made.length) return frame;
    const alias = made.length === 1 && options.alias;
    const fields = made.map(({ name, values }) => column(alias || name, "number", values, alias ? { config: { displayName: alias } } : {}));
    const time = timeField(frame);
    return withFields(frame, options.replaceFields ? [...(time ? [time] : []), ...fields] : [...frame.fields, ...fields]);
  });
};
