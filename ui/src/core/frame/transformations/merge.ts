/** Tables made one: rows that agree in all columns which the frames share become one row. */

import { type Field, type Frame, frame as makeFrame } from "../frame.ts";
import { joinedRefId, keyOf } from "../rows.ts";
import type { Transform } from "./transformation.ts";

/** The same column of several frames; its name comes of the data, so what was made for one series alone goes. */
function mergedConfig(same: readonly Field[]): Field["config"] {
  const config = { ...same[0]!.config };
  if (same.some((field) => field.config.displayNameFromDS !== config.displayNameFromDS)) delete config.displayNameFromDS;
  if (same.some((field) => field.config.displayName !== config.displayName)) delete config.displayName;
  return config;
}

function agree(known: Map<string, unknown>, values: Map<string, unknown>): boolean {
  for (const [name, value] of values) if (known.has(name) && !Object.is(known.get(name), value)) return false;
  return true;
}

/** See Grafana's "Merge series/tables". */
export const merge: Transform<unknown> = (frames) => {
  const tables = frames.filter((frame) => frame.fields.length);
  if (tables.length < 2) return tables;
  const columns = new Map<string, { same: Field[]; frames: Set<Frame> }>();
  for (const table of tables) {
    for (const field of table.fields) {
      const known = columns.get(field.name);
      if (known) {
        known.same.push(field);
        known.frames.add(table);
      } else columns.set(field.name, { same: [field], frames: new Set([table]) });
    }
  }
  const shared = [...columns].filter(([, column]) => column.frames.size === tables.length).map(([name]) => name);
  const rows: Map<string, unknown>[] = [];
  const byKey = new Map<string, Map<string, unknown>[]>();
  for (const { fields, length } of tables) {
    // Rows of one table never become one, so those that it has filled already need not be looked at again.
    const tried = new Map<string, number>();
    for (let row = 0; row < length; row++) {
      const values = new Map(fields.map((field) => [field.name, field.values[row] ?? null]));
      const key = keyOf(shared.map((name) => values.get(name)));
      let candidates = byKey.get(key);
      if (!candidates) byKey.set(key, (candidates = []));
      // Into the first row that has no other value where this one has one.
      let at = tried.get(key) ?? 0;
      while (at < candidates.length && !agree(candidates[at]!, values)) at++;
      tried.set(key, at + 1);
      if (at < candidates.length) for (const [name, value] of values) candidates[at]!.set(name, value);
      else {
        rows.push(values);
        candidates.push(values);
      }
    }
  }
  const fields = [...columns].map(([name, { same }]): Field => {
    const { type } = same[0]!;
    return { name, type, config: mergedConfig(same), values: rows.map((row) => row.get(name) ?? null) };
  });
  return [makeFrame(fields, { refId: joinedRefId("merge", tables) })];
};
