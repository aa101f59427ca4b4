/** Rows with the same values made one, the other columns reduced. */

import { displayNames } from "../display_name.ts";
import { type Field, type FieldType, type Frame, frame as makeFrame } from "../frame.ts";
import { reduce } from "../reducers.ts";
import { column, keyOf, typeOfValues, withoutNames } from "../rows.ts";
import type { Transform } from "./transformation.ts";

export interface GroupBy {
  fields: Record<string, { aggregations?: string[]; operation?: "groupby" | "aggregate" | null }>;
}

const OF_SAME_TYPE = new Set(["last", "lastNotNull", "first", "firstNotNull"]);

function reducedType(field: Field, aggregation: string, values: readonly unknown[]): FieldType {
  if (aggregation === "allIsNull" || aggregation === "allIsZero") return "boolean";
  return OF_SAME_TYPE.has(aggregation) ? field.type : typeOfValues(values);
}

/** Rows of each group, groups in the order of their first row. */
export function groupRows(fields: readonly Field[], length: number): number[][] {
  const groups = new Map<string, number[]>();
  for (let row = 0; row < length; row++) {
    const key = keyOf(fields.map((field) => field.values[row]));
    const group = groups.get(key);
    if (group) group.push(row);
    else groups.set(key, [row]);
  }
  return [...groups.values()];
}

/** What is to be done with a column: by what its series is called, and the name below that. */
export function settingOf(field: Field, { fields: wanted = {} }: Partial<GroupBy>, names: ReadonlyMap<Field, string>): GroupBy["fields"][string] | undefined {
  const name = [names.get(field) ?? field.name, field.name].find((each) => Object.hasOwn(wanted, each));
  return name === undefined ? undefined : wanted[name];
}

/** See Grafana's "Group by": columns that are neither grouped by nor reduced are dropped, and so are frames without a column to group by, unless nothing is to be grouped by at all. */
export const groupBy: Transform<GroupBy> = (frames, options) => {
  const names = displayNames(frames);
  const wanted = options.fields ?? {};
  if (!Object.values(wanted).some((setting) => setting?.operation === "groupby")) return frames;
  const made: Frame[] = [];
  for (const frame of frames) {
    const keys = frame.fields.filter((field) => settingOf(field, options, names)?.operation === "groupby");
    if (!keys.length) continue;
    const groups = groupRows(keys, frame.length);
    const fields = keys.map((field): Field => ({ ...field, values: groups.map(([first]) => field.values[first!]) }));
    for (const field of frame.fields) {
      const setting = settingOf(field, options, names);
      if (setting?.operation !== "aggregate") continue;
      const parts = groups.map((rows) => rows.map((row) => field.values[row]));
      for (const aggregation of setting.aggregations ?? []) {
        const values = parts.map((part) => reduce({ values: part, type: field.type }, aggregation));
        const name = `${field.config.displayName ?? (field.config.displayNameFromDS ? field.name : (names.get(field) ?? field.name))} (${aggregation})`;
        fields.push(column(name, reducedType(field, aggregation, values), values, { config: withoutNames(field.config) }));
      }
    }
    made.push(makeFrame(fields, frame.refId === undefined ? {} : { refId: frame.refId }));
  }
  return made;
};
