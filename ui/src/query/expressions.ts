/** Expressions over a panel's other queries (`__expr__`): reduce, resample, threshold, and math of numbers and series. */

import type { Target } from "../core/model/dashboard.ts";
import type { Field, Frame } from "../core/frame/frame.ts";
import { frame } from "../core/frame/frame.ts";
import { parseDuration } from "../core/time/duration.ts";
import { inputsOf } from "./expression_kind.ts";

/** Expressions after those that they are of; those of a circle last, as they stand. */
export function inOrder(expressions: readonly Target[]): Target[] {
  const made: Target[] = [];
  for (let left = [...expressions]; left.length; ) {
    const ready = left.filter((target) => !left.some((other) => inputsOf(target).includes(other.refId)));
    if (!ready.length) return [...made, ...left];
    made.push(...ready);
    left = left.filter((target) => !ready.includes(target));
  }
  return made;
}

/** The frames that an expression gives, of those found for other letters. Raises an Error that says what can't be done. */
export function evaluateExpression(target: Target, found: ReadonlyMap<string, Frame[]>): Frame[] {
  const text = String(target.expression ?? "").trim();
  switch (target.type) {
    case "reduce":
      return map(input(text, found), target.refId, (values) => [reduced(values, String(target.reducer ?? "last"))], true);
    case "threshold": {
      const test = thresholdOf(target);
      return map(input(text, found), target.refId, (values) => values.map((value) => (value === null ? null : test(value) ? 1 : 0)), false);
    }
    case "math":
      return math(text, target.refId, found);
    case "resample":
      return resample(target, input(text, found));
  }
  throw new Error(`expressions of type "${String(target.type)}" are not known here`);
}

function input(text: string, found: ReadonlyMap<string, Frame[]>): Frame[] {
  const name = text.replace(/^\$\{?|\}$/g, "");
  const frames = found.get(name);
  if (!frames) throw new Error(`there is no query "${name}" before this expression`);
  return frames;
}

function numbers(field: Field): (number | null)[] {
  return field.values.map((value) => (typeof value === "number" ? value : null));
}

function map(frames: Frame[], refId: string, change: (values: (number | null)[]) => (number | null)[], one: boolean): Frame[] {
  return frames.flatMap((from) => {
    const time = from.fields.find((field) => field.type === "time");
    return from.fields
      .filter((field) => field.type === "number")
      .map((field) => {
        const times = one ? (time ? [time.values.at(-1) ?? 0] : [0]) : (time?.values ?? []);
        return frame(
          [{ name: "Time", type: "time", values: times, config: {} }, { ...field, values: change(numbers(field)) }],
          { refId, ...(from.name ? { name: from.name } : {}) },
        );
      });
  });
}

const MOST_RESAMPLED = 11_000;

/** Each series at steps of `window`: values of a step reduced, steps without any filled as `upsampler` says. */
function resample(target: Target, frames: Frame[]): Frame[] {
  const step = parseDuration(String(target.window ?? ""));
  if (step === null || step <= 0) throw new Error(`the window "${String(target.window ?? "")}" is no duration`);
  const down = String(target.downsampler ?? "mean");
  const up = String(target.upsampler ?? "fillna");
  return frames.flatMap((from) => {
    const times = (from.fields.find((field) => field.type === "time")?.values ?? []) as number[];
    if (!times.length) return [];
    const start = Math.floor(times[0]! / step) * step;
    const count = Math.floor((times.at(-1)! - start) / step) + 1;
    if (count > MOST_RESAMPLED) throw new Error(`the window "${String(target.window)}" makes more than ${MOST_RESAMPLED} points`);
    return from.fields.filter((field) => field.type === "number").map((field) => {
      const buckets = Array.from({ length: count }, (): (number | null)[] => []);
      numbers(field).forEach((value, row) => buckets[Math.floor((times[row]! - start) / step)]?.push(value));
      const values = buckets.map((bucket) => (bucket.some((value) => value !== null) ? reduced(bucket, down) : null));
      if (up === "pad") for (let at = 1; at < count; at++) values[at] ??= values[at - 1]!;
      if (up === "backfilling") for (let at = count - 2; at >= 0; at--) values[at] ??= values[at + 1]!;
      return frame([{ name: "Time", type: "time", values: values.map((_, at) => start + at * step), config: {} }, { ...field, values }], { refId: target.refId, ...(from.name ? { name: from.name } : {}) });
    });
  });
}

function reduced(values: (number | null)[], reducer: string): number | null {
  const known = values.filter((value): value is number => value !== null && !Number.isNaN(value));
  if (!known.length) return reducer === "count" ? 0 : null;
  switch (reducer) {
    case "min":
      return known.reduce((a, b) => Math.min(a, b));
    case "max":
      return known.reduce((a, b) => Math.max(a, b));
    case "sum":
      return known.reduce((a, b) => a + b, 0);
    case "mean":
      return known.reduce((a, b) => a + b, 0) / known.length;
    case "median": {
      const sorted = [...known].sort((a, b) => a - b);
      const middle = sorted.length >> 1;
      return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
    }
    case "count":
      return known.length;
    case "last":
      return known.at(-1)!;
  }
  throw new Error(`the reducer "${reducer}" is not known here`);
}

function thresholdOf(target: Target): (value: number) => boolean {
  const conditions = target.conditions as { evaluator?: { type?: string; params?: number[] } }[] | undefined;
  const { type = "gt", params = [] } = conditions?.[0]?.evaluator ?? {};
  const [a = 0, b = 0] = params;
  const tests: Record<string, (value: number) => boolean> = {
    gt: (value) => value > a, lt: (value) => value < a, gte: (value) => value >= a, lte: (value) => value <= a, eq: (value) => value === a, ne: (value) => value !== a,
    within_range: (value) => value > a && value < b, outside_range: (value) => value < a || value > b,
  };
  const test = tests[type];
  if (!test) throw new Error(`the threshold "${type}" is not known here`);
  return test;
}

type Operand = { number: number } | { frames: Frame[] };

/** Operators by rank, those that bind least first. */
const RANKS: readonly (readonly string[])[] = [["||"], ["&&"], ["==", "!=", "<", "<=", ">", ">="], ["+", "-"], ["*", "/", "%"], ["**"]];

const FUNCTIONS: Record<string, (value: number | null) => number | null> = {
  abs: (value) => value && Math.abs(value), log: (value) => (value === null ? null : Math.log(value)), round: (value) => value && Math.round(value),
  ceil: (value) => value && Math.ceil(value), floor: (value) => value && Math.floor(value),
  is_nan: (value) => Number(Number.isNaN(value)), is_inf: (value) => Number(Math.abs(value ?? 0) === Infinity), is_null: (value) => Number(value === null),
  is_number: (value) => Number(value !== null && Number.isFinite(value)),
};
const CONSTANTS: Record<string, number> = { inf: Infinity, infn: -Infinity, nan: NaN };

/** `$A / $B * 100 > 5`: by rank, equal ones from left to right, with brackets and functions; series are joined by their labels. */
function math(text: string, refId: string, found: ReadonlyMap<string, Frame[]>): Frame[] {
  const tokens = text.match(/\$\{[^}]+\}|\$\w+|\d+(?:\.\d+)?(?:e[-+]?\d+)?|\w+|\*\*|[=!<>]=|&&|\|\||[-+*/%()<>!]|\S/gi) ?? [];
  let at = 0;
  const primary = (): Operand => {
    const token = tokens[at++];
    if (token === undefined) throw new Error("the expression ends too soon");
    if (token === "(") {
      const inside = ranked(0);
      if (tokens[at++] !== ")") throw new Error("a bracket is not closed");
      return inside;
    }
    if (token === "-") return combine("*", { number: -1 }, primary(), refId);
    if (token === "!") return each(primary(), (value) => (value === null ? null : Number(!value)), refId);
    if (token.startsWith("$")) return { frames: input(token, found) };
    if (tokens[at] === "(" && tokens[at + 1] === ")" && Object.hasOwn(CONSTANTS, token)) {
      at += 2;
      return { number: CONSTANTS[token]! };
    }
    if (tokens[at] === "(" && Object.hasOwn(FUNCTIONS, token)) return each(primary(), FUNCTIONS[token]!, refId);
    const number = Number(token);
    if (Number.isNaN(number)) throw new Error(`"${token}" is not known in expressions here`);
    return { number };
  };
  const ranked = (rank: number): Operand => {
    const operators = RANKS[rank];
    if (!operators) return primary();
    let left = ranked(rank + 1);
    while (operators.includes(tokens[at] ?? "")) left = combine(tokens[at++]!, left, ranked(rank + 1), refId);
    return left;
  };
  const result = ranked(0);
  if (at < tokens.length) throw new Error(`"${tokens[at]}" is not expected here`);
  if ("number" in result) return [frame([{ name: "Value", type: "number", values: [result.number], config: {} }], { refId })];
  return result.frames.map((one) => ({ ...one, refId }));
}

function each(operand: Operand, change: (value: number | null) => number | null, refId: string): Operand {
  if ("number" in operand) return { number: change(operand.number) ?? NaN };
  return { frames: map(operand.frames, refId, (values) => values.map(change), false) };
}

const OPERATIONS: Record<string, (a: number, b: number) => number | boolean> = {
  "+": (a, b) => a + b, "-": (a, b) => a - b, "*": (a, b) => a * b, "/": (a, b) => a / b, "%": (a, b) => a % b, "**": (a, b) => a ** b,
  "==": (a, b) => a === b, "!=": (a, b) => a !== b, "<": (a, b) => a < b, "<=": (a, b) => a <= b, ">": (a, b) => a > b, ">=": (a, b) => a >= b,
  "&&": (a, b) => Boolean(a && b), "||": (a, b) => Boolean(a || b),
};

function apply(operator: string, a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : Number(OPERATIONS[operator]!(a, b));
}

function combine(operator: string, left: Operand, right: Operand, refId: string): Operand {
  if ("number" in left && "number" in right) return { number: apply(operator, left.number, right.number) ?? NaN };
  if ("number" in left) return { frames: map((right as { frames: Frame[] }).frames, refId, (values) => values.map((value) => apply(operator, left.number, value)), false) };
  if ("number" in right) return { frames: map(left.frames, refId, (values) => values.map((value) => apply(operator, value, right.number)), false) };
  const byLabels = new Map(right.frames.map((one) => [labelKey(one), one]));
  const only = right.frames.length === 1 ? right.frames[0] : undefined;
  return {
    frames: left.frames.flatMap((one) => {
      const other = byLabels.get(labelKey(one)) ?? only ?? (left.frames.length === 1 ? right.frames[0] : undefined);
      const value = other?.fields.find((field) => field.type === "number");
      if (!value) return [];
      const times = other!.fields.find((field) => field.type === "time")?.values ?? [];
      const at = new Map(times.map((time, row) => [time, value.values[row] as number | null]));
      const own = one.fields.find((field) => field.type === "time")?.values ?? [];
      const single = value.values.length === 1 ? (value.values[0] as number | null) : undefined;
      return map([one], refId, (values) => values.map((number, row) => apply(operator, number, single ?? at.get(own[row]) ?? null)), false);
    }),
  };
}

function labelKey(one: Frame): string {
  const labels = one.fields.find((field) => field.type === "number")?.labels ?? {};
  return Object.keys(labels).filter((name) => name !== "__name__").sort().map((name) => `${name}=${labels[name]}`).join(",");
}
