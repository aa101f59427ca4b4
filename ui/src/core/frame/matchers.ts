/** Matchers: which columns an override or a transformation is for. */

import { displayNames } from "./display_name.ts";
import type { Field, Frame } from "./frame.ts";
import { reduce } from "./reducers.ts";

/** Whether `field` of `frame`, one of `frames`, is meant. */
export type FieldMatcher = (field: Field, frame: Frame, frames: readonly Frame[]) => boolean;

const never: FieldMatcher = () => false;
const always: FieldMatcher = () => true;

const patterns = new Map<string, RegExp | null>();
const MOST_PATTERNS = 1000;

/**
 * The expression of a text as dashboards hold them: `/…/flags`, or bare, and then it is of the whole text. Null where it cannot be
 * read. Flags g and y are left out: they would make the expression remember where it was.
 */
export function pattern(text: string): RegExp | null {
  const source = String(text ?? "");
  let made = patterns.get(source);
  if (made === undefined) {
    const [, inside, flags = ""] = /^\/(.*)\/([a-z]*)$/s.exec(source) ?? [];
    try {
      made = inside === undefined ? new RegExp(`^${source}$`) : new RegExp(inside, flags.replace(/[gy]/g, ""));
    } catch {
      made = null;
    }
    if (patterns.size >= MOST_PATTERNS) patterns.clear();
    patterns.set(source, made);
  }
  return made;
}

/** As `pattern`, for replacing: with flag g where the text has it. */
export function replacing(text: string): RegExp | null {
  const made = pattern(text);
  return made && /^\/.*\/[a-z]*g[a-z]*$/s.test(text) ? new RegExp(made.source, `${made.flags}g`) : made;
}

/** By what people call it, by what the query did, and every time by "Time". */
function nameMatches(test: (name: string) => boolean): FieldMatcher {
  return (field, _frame, frames) => test(displayNames(frames).get(field) ?? field.name) || test(field.name) || (field.type === "time" && test("Time"));
}

function byNames(options: unknown): FieldMatcher {
  const { names = [], mode = "include" } = (Array.isArray(options) ? { names: options } : (options ?? {})) as {
    names?: unknown;
    mode?: string;
  };
  const wanted = new Set(Array.isArray(names) ? names.map(String) : String(names).split(",").map((name) => name.trim()));
  const match = nameMatches((name) => wanted.has(name));
  return mode === "exclude" ? (field, frame, frames) => !match(field, frame, frames) : match;
}

function byRegexp(options: unknown): FieldMatcher {
  const regex = pattern(String(options ?? ""));
  // Of the display name alone: `^Value` must not find what its legend calls otherwise.
  return regex ? (field, _frame, frames) => regex.test(displayNames(frames).get(field) ?? field.name) : never;
}

const COMPARE: Record<string, (a: number, b: number) => boolean> = {
  ">": (a, b) => a > b, ">=": (a, b) => a >= b, "<": (a, b) => a < b, "<=": (a, b) => a <= b,
  "=": (a, b) => a === b, "==": (a, b) => a === b, "!=": (a, b) => a !== b,
  gt: (a, b) => a > b, gte: (a, b) => a >= b, lt: (a, b) => a < b, lte: (a, b) => a <= b, eq: (a, b) => a === b, neq: (a, b) => a !== b,
};

function byValue(options: unknown): FieldMatcher {
  const { reducer = "allIsNull", op = "=", value } = (options ?? {}) as { reducer?: string; op?: string; value?: unknown };
  return (field) => {
    const got = reduce(field, reducer);
    // "All zeros" and "all nulls" are questions: dashboards hold an operator and a value beside them that mean nothing.
    if (typeof got === "boolean") return got;
    if (typeof got !== "number") return false;
    return COMPARE[op]?.(got, Number(value ?? 0)) ?? false;
  };
}

const inner = (options: unknown): { id: string; options?: unknown }[] => (Array.isArray(options) ? options : [options]).filter(Boolean);

const MAKERS: Record<string, (options: unknown) => FieldMatcher> = {
  byName: (options) => nameMatches((name) => name === options),
  byNames,
  byRegexp,
  byRegexpOrNames: (options) => {
    const { pattern: text, names } = (options ?? {}) as { pattern?: string; names?: string[] };
    const [regex, named] = [text ? byRegexp(text) : never, byNames({ names: names ?? [] })];
    return (field, frame, frames) => regex(field, frame, frames) || named(field, frame, frames);
  },
  byType: (options) => {
    const type = typeof options === "object" && options !== null ? (options as { type?: string }).type : options;
    return (field) => field.type === type;
  },
  byTypes: (options) => {
    const types = new Set(options as string[]);
    return (field) => types.has(field.type);
  },
  byFrameRefID: (options) => (_field, frame) => frame.refId === options,
  byFramesRefID: (options) => {
    const regex = pattern(String(options ?? ""));
    return (_field, frame) => !!regex?.test(frame.refId ?? "");
  },
  byLabel: (options) => {
    const { label = "", value } = (options ?? {}) as { label?: string; value?: string };
    return (field) => field.labels !== undefined && Object.hasOwn(field.labels, label) && (value === undefined || field.labels[label] === value);
  },
  byValue,
  numeric: () => (field) => field.type === "number",
  time: () => (field) => field.type === "time",
  first: () => (field, frame) => field === frame.fields[0],
  firstTimeField: () => (field, frame) => field === frame.fields.find((other) => other.type === "time"),
  anyMatch: (options) => {
    const matchers = inner(options).map(fieldMatcher);
    return (field, frame, frames) => matchers.some((match) => match(field, frame, frames));
  },
  allMatch: (options) => {
    const matchers = inner(options).map(fieldMatcher);
    return (field, frame, frames) => matchers.every((match) => match(field, frame, frames));
  },
  invertMatch: (options) => {
    const match = fieldMatcher(options as { id: string });
    return (field, frame, frames) => !match(field, frame, frames);
  },
  alwaysMatch: () => always,
  neverMatch: () => never,
};

/** The matcher of an id and its options; one that matches nothing where the id is not known or the options make no sense. */
export function fieldMatcher(matcher: { id: string; options?: unknown } | null | undefined): FieldMatcher {
  const make = matcher && Object.hasOwn(MAKERS, matcher.id) ? MAKERS[matcher.id] : undefined;
  try {
    return make ? make(matcher!.options) : never;
  } catch {
    return never;
  }
}

/** Whether `frame` is meant by a transformation's filter: byRefId (letters, `A|C` or `/…/`), byName, byIndex. */
export function frameMatcher(matcher: { id: string; options?: unknown }): (frame: Frame, index: number) => boolean {
  const { id, options } = matcher;
  if (id === "byIndex") return (_frame, index) => index === Number(options);
  const regex = pattern(String(options ?? ""));
  if (id === "byRefId") return (frame) => frame.refId === options || !!regex?.test(frame.refId ?? "");
  if (id === "byName") return (frame) => frame.name === options || !!regex?.test(frame.name ?? "");
  return () => id !== "neverMatch";
}
