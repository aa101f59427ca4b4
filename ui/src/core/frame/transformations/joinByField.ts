/** Frames joined side by side where a column has the same values. */

import { displayNames, VALUE_NAME } from "../display_name.ts";
import { type Field, type Frame, frame as makeFrame } from "../frame.ts";
import { joinedRefId } from "../rows.ts";
import type { Transform } from "./transformation.ts";

interface JoinByField {
  byField: string;
  mode: "outer" | "inner" | "outerTabular";
}

interface Side {
  frame: Frame;
  key: Field;
  others: Field[];
}

/** A joined column keeps its labels (none become an empty set: numbered names need that), and its frame's name in place of Value. */
function joinedField(field: Field, frame: Frame, values: unknown[]): Field {
  const name = field.name === VALUE_NAME && frame.name ? frame.name : field.name;
  return { ...field, name, labels: { ...field.labels }, values };
}

function keyField(frame: Frame, byField: string | undefined, frames: readonly Frame[]): Field | undefined {
  if (!byField) return frame.fields.find((field) => field.type === "time");
  const names = displayNames(frames);
  return frame.fields.find((field) => field.name === byField || names.get(field) === byField);
}

function sortedKeys(keys: Iterable<unknown>): unknown[] {
  const list = [...keys];
  return list.every((key) => typeof key === "number") ? (list as number[]).sort((a, b) => a - b) : list;
}

function sameValues(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a === b || (a.length === b.length && a.every((value, row) => value === b[row]));
}

/** Whether they are in order as they are; texts always are. */
function ascending(values: readonly unknown[]): boolean {
  return values.every((value, row) => typeof value !== "number" || row === 0 || value >= (values[row - 1] as number));
}

/** One row for each value; where a frame has a value twice, its last row counts. */
function outer(sides: readonly Side[]): { keys: unknown[]; rows: Map<unknown, number>[] } {
  const rows = sides.map(({ key }) => new Map(key.values.map((value, row) => [value, row])));
  const all = new Set<unknown>();
  for (const of of rows) for (const value of of.keys()) all.add(value);
  return { keys: sortedKeys(all), rows };
}

/** All pairs of rows that have the same value; with `keepAll`, those that have no partner too. */
function tabular(sides: readonly Side[], keepAll: boolean): { keys: unknown[]; picked: (number | undefined)[][] } {
  let keys: unknown[] = [...sides[0]!.key.values];
  let picked: (number | undefined)[][] = keys.map((_, row) => [row]);
  for (let s = 1; s < sides.length; s++) {
    const rows = new Map<unknown, number[]>();
    sides[s]!.key.values.forEach((value, row) => {
      const list = rows.get(value);
      if (list) list.push(row);
      else rows.set(value, [row]);
    });
    const used = new Set<unknown>();
    const nextKeys: unknown[] = [];
    const next: (number | undefined)[][] = [];
    keys.forEach((key, i) => {
      const partners = rows.get(key);
      used.add(key);
      if (!partners && keepAll) {
        nextKeys.push(key);
        next.push([...picked[i]!, undefined]);
      }
      for (const row of partners ?? []) {
        nextKeys.push(key);
        next.push([...picked[i]!, row]);
      }
    });
    if (keepAll) {
      for (const [key, list] of rows) {
        if (used.has(key)) continue;
        for (const row of list) {
          nextKeys.push(key);
          next.push([...Array<undefined>(s), row]);
        }
      }
    }
    [keys, picked] = [nextKeys, next];
  }
  return { keys, picked };
}

/** See Grafana's "Join by field": outer (the default) by each value once, inner and outerTabular by all pairs of rows. */
export const joinByField: Transform<JoinByField> = (frames, { byField, mode = "outer" }) => {
  if (frames.length < 2) return frames;
  const sides: Side[] = [];
  for (const frame of frames) {
    const key = keyField(frame, byField, frames);
    if (key) sides.push({ frame, key, others: frame.fields.filter((field) => field !== key) });
  }
  const refId = joinedRefId("joinByField", frames);
  if (!sides.length) return [makeFrame([], { refId })];
  const fields: Field[] = [];
  if (mode === "outer" && ascending(sides[0]!.key.values) && sides.every(({ key }) => sameValues(key.values, sides[0]!.key.values))) {
    // Nothing to put together, though a value be there twice.
    fields.push(sides[0]!.key);
    for (const { frame, others } of sides) for (const field of others) fields.push(joinedField(field, frame, [...field.values]));
  } else if (mode === "outer") {
    const { keys, rows } = outer(sides);
    fields.push({ ...sides[0]!.key, values: keys });
    sides.forEach(({ frame, others }, s) => {
      const places = keys.map((key) => rows[s]!.get(key));
      for (const field of others) fields.push(joinedField(field, frame, places.map((row) => (row === undefined ? null : (field.values[row] ?? null)))));
    });
  } else {
    const { keys, picked } = tabular(sides, mode === "outerTabular");
    fields.push({ ...sides[0]!.key, values: keys });
    sides.forEach(({ frame, others }, s) => {
      for (const field of others) {
        fields.push(joinedField(field, frame, picked.map((rows) => (rows[s] === undefined ? null : (field.values[rows[s]] ?? null)))));
      }
    });
  }
  return [makeFrame(fields, { refId })];
};
