/** Every column reduced to one value: series to rows of a table, or each column to one row. */

import { displayNames } from "../display_name.ts";
import { type Field, type Frame, frame as makeFrame } from "../frame.ts";
import { fieldMatcher } from "../matchers.ts";
import { reduce as reduceField, reducerOf } from "../reducers.ts";
import { column, joinedRefId, typeOfValues, withFields } from "../rows.ts";
import type { Transform } from "./transformation.ts";

interface Reduce {
  mode: "seriesToRows" | "reduceFields";
  reducers: string[];
  fields: { id: string; options?: unknown };
  includeTimeField: boolean;
  labelsToFields: boolean;
}

function reducedType(field: Field, id: string, values: readonly unknown[]): Field["type"] {
  if (id === "allIsNull" || id === "allIsZero") return "boolean";
  return /^(last|first)/.test(id) ? field.type : typeOfValues(values);
}

function reduceFields(frame: Frame, fields: readonly Field[], reducers: readonly string[]): Frame {
  const made = fields.flatMap((field) =>
    reducers.map((id): Field => {
      const values = [reduceField(field, id)];
      const one: Field = { ...field, type: reducedType(field, id, values), values };
      return reducers.length > 1 ? { ...one, labels: { ...field.labels, reducer: reducerOf(id)?.name ?? id } } : one;
    }),
  );
  return withFields(frame, made);
}

function seriesToRows(frames: Frame[], picked: { field: Field; frame: Frame }[], reducers: readonly string[], withLabels: boolean): Frame {
  const names = displayNames(frames);
  const fields = [column("Field", "string", picked.map(({ field }) => (withLabels ? field.name : (names.get(field) ?? field.name))))];
  if (withLabels) {
    const labels = new Set(picked.flatMap(({ field }) => Object.keys(field.labels ?? {})));
    for (const label of labels) fields.push(column(label, "string", picked.map(({ field }) => field.labels?.[label] ?? null)));
  }
  for (const id of reducers) {
    const values = picked.map(({ field }) => reduceField(field, id));
    const types = new Set(picked.map(({ field }) => reducedType(field, id, values)));
    fields.push(column(reducerOf(id)?.name ?? id, types.size === 1 ? [...types][0]! : typeOfValues(values), values));
  }
  return makeFrame(fields, { refId: joinedRefId("reduce", frames) });
}

/** See Grafana's "Reduce". Times are left out unless includeTimeField. */
export const reduce: Transform<Reduce> = (frames, options) => {
  const reducers = (options.reducers ?? ["max"]).filter((id) => reducerOf(id));
  if (!reducers.length) return frames;
  const matches = options.fields?.id ? fieldMatcher(options.fields) : null;
  const wanted = (field: Field, frame: Frame): boolean =>
    (options.includeTimeField || field.type !== "time") && (!matches || matches(field, frame, frames));
  if (options.mode === "reduceFields") {
    return frames.map((frame) => reduceFields(frame, frame.fields.filter((field) => wanted(field, frame)), reducers)).filter((frame) => frame.fields.length);
  }
  const picked = frames.flatMap((frame) => frame.fields.filter((field) => wanted(field, frame)).map((field) => ({ field, frame })));
  return [seriesToRows(frames, picked, reducers, options.labelsToFields ?? false)];
};
