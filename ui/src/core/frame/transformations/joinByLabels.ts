/** One table of series: a column for each value of one label, a row for each combination of others. */

import { frame as makeFrame } from "../frame.ts";
import { column } from "../rows.ts";
import type { Transform } from "./transformation.ts";

interface JoinByLabels {
  value: string;
  join: string[];
}

/** See Grafana's "Join by labels". `join` is all other labels where it is not said. */
export const joinByLabels: Transform<JoinByLabels> = (frames, { value, join }) => {
  if (!value) return frames;
  const series = frames.flatMap((frame) => frame.fields.filter((field) => field.type === "number" && field.labels && Object.hasOwn(field.labels, value)));
  if (!series.length) return frames;
  const labels = join?.length ? join : [...new Set(series.flatMap((field) => Object.keys(field.labels!)))].filter((label) => label !== value).sort();
  const columns = [...new Set(series.map((field) => field.labels![value]!))];
  const rows = new Map<string, { keys: string[]; cells: Map<string, unknown> }>();
  for (const field of series) {
    const keys = labels.map((label) => field.labels![label] ?? "");
    const key = JSON.stringify(keys);
    const row = rows.get(key) ?? { keys, cells: new Map() };
    rows.set(key, row);
    row.cells.set(field.labels![value]!, field.values.at(-1) ?? null);
  }
  const all = [...rows.values()];
  return [
    makeFrame([
      ...labels.map((label, i) => column(label, "string", all.map(({ keys }) => keys[i]))),
      ...columns.map((name) => column(name, "number", all.map(({ cells }) => cells.get(name) ?? null))),
    ]),
  ];
};
