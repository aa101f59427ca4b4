/** Time series in another form: a frame each, one wide frame, one long table. */

import { displayNames, VALUE_NAME } from "../display_name.ts";
import { type Field, type Frame, frame as makeFrame } from "../frame.ts";
import { column, timeField } from "../rows.ts";
import { joinByField } from "./joinByField.ts";
import type { Transform } from "./transformation.ts";

interface PrepareTimeSeries {
  format: "wide" | "multi" | "many" | "long";
}

/** A frame for each numeric column; columns of text become labels and cut the frame into series. */
function toMulti(frames: readonly Frame[]): Frame[] {
  return frames.flatMap((frame) => {
    const time = timeField(frame);
    if (!time) return [];
    const texts = frame.fields.filter((field) => field.type === "string");
    const more = { ...(frame.name !== undefined && { name: frame.name }), ...(frame.refId !== undefined && { refId: frame.refId }), meta: { ...frame.meta, kind: "timeseries" as const } };
    return frame.fields.filter((field) => field.type === "number").flatMap((value): Frame[] => {
      if (!texts.length) return [makeFrame([time, value], more)];
      const series = new Map<string, { labels: Record<string, string>; rows: number[] }>();
      for (let row = 0; row < frame.length; row++) {
        const labels = texts.map((field) => [field.name, String(field.values[row] ?? "")] as const);
        const key = JSON.stringify(labels);
        const known = series.get(key);
        if (known) known.rows.push(row);
        else series.set(key, { labels: Object.fromEntries(labels), rows: [row] });
      }
      return [...series.values()].map(({ labels, rows }) => {
        const pick = (field: Field): Field => ({ ...field, values: rows.map((row) => field.values[row]) });
        return makeFrame([pick(time), { ...pick(value), labels: { ...value.labels, ...labels } }], more);
      });
    });
  });
}

function toLong(frames: readonly Frame[]): Frame[] {
  const all = toMulti(frames);
  const labels = [...new Set(all.flatMap((frame) => Object.keys(frame.fields[1]?.labels ?? {})))].sort();
  const names = displayNames(all);
  const rows = all.flatMap((frame) => {
    const [time, value] = frame.fields as [Field, Field];
    return time.values.map((at, row) => ({ at: at as number, value: value.values[row] ?? null, field: value }));
  });
  rows.sort((a, b) => a.at - b.at);
  const keys = labels.length
    ? labels.map((label) => column(label, "string", rows.map(({ field }) => field.labels?.[label] ?? "")))
    : [column("Metric", "string", rows.map(({ field }) => names.get(field) ?? field.name))];
  return [makeFrame([column("Time", "time", rows.map(({ at }) => at)), ...keys, column(VALUE_NAME, "number", rows.map(({ value }) => value))])];
}

/** See Grafana's "Prepare time series". Frames without times are left out, where there are any with. */
export const prepareTimeSeries: Transform<PrepareTimeSeries> = (frames, { format = "wide" }) => {
  const series = toMulti(frames);
  if (!series.length) return frames;
  if (format === "long") return toLong(frames);
  if (format !== "wide") return series;
  const [wide] = joinByField(series, { mode: "outer" });
  return wide ? [{ ...wide, meta: { ...wide.meta, kind: "timeseries" } }] : frames;
};
