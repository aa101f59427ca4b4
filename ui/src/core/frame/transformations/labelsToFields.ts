/** Labels made columns, or rows of a table of names and values. */

import { displayNames } from "../display_name.ts";
import { type Field, type Frame, frame as makeFrame } from "../frame.ts";
import { column, withFields, withoutNames } from "../rows.ts";
import type { Transform } from "./transformation.ts";

interface LabelsToFields {
  mode: "columns" | "rows";
  keepLabels: string[];
  valueLabel: string;
}

function rows(frame: Frame, frames: Frame[], kept: (name: string) => boolean): Frame[] {
  const names = displayNames(frames);
  return frame.fields.filter((field) => field.labels).map((field) => {
    const entries = Object.entries(field.labels ?? {}).filter(([name]) => kept(name));
    const made = makeFrame([column("label", "string", entries.map(([name]) => name)), column("value", "string", entries.map(([, value]) => value))], {
      name: names.get(field) ?? field.name,
    });
    return frame.refId === undefined ? made : { ...made, refId: frame.refId };
  });
}

function columns(frame: Frame, kept: (name: string) => boolean, valueLabel: string | undefined): Frame {
  const found = new Map<string, Set<string>>();
  const fields = frame.fields.map((field): Field => {
    if (!field.labels) return field;
    const { labels, ...rest } = field;
    for (const [name, value] of Object.entries(labels)) {
      if (!kept(name) || name === valueLabel) continue;
      const values = found.get(name) ?? new Set();
      found.set(name, values.add(value));
    }
    return { ...rest, config: withoutNames(field.config), name: (valueLabel && labels[valueLabel]) || field.name };
  });
  for (const [name, values] of found) {
    for (const value of values) fields.push(column(name, "string", Array<string>(frame.length).fill(value)));
  }
  return withFields(frame, fields);
}

/** See Grafana's "Labels to fields". */
export const labelsToFields: Transform<LabelsToFields> = (frames, { mode = "columns", keepLabels, valueLabel }) => {
  const wanted = keepLabels?.length ? new Set(keepLabels) : null;
  const kept = (name: string): boolean => wanted === null || wanted.has(name);
  return mode === "rows" ? frames.flatMap((frame) => rows(frame, frames, kept)) : frames.map((frame) => columns(frame, kept, valueLabel));
};
