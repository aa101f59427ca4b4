/** Series made one long table of time, series and value, newest first. */

import { frameName, VALUE_NAME } from "../display_name.ts";
import { frame as makeFrame } from "../frame.ts";
import { column, joinedRefId, timeField, withoutNames } from "../rows.ts";
import type { Transform } from "./transformation.ts";

/** See Grafana's "Series to rows"; frames without a time and a value are left out. */
export const seriesToRows: Transform<unknown> = (frames) => {
  const series = frames.flatMap((frame) => {
    const time = timeField(frame);
    const value = frame.fields.find((field) => field.type !== "time");
    return time && value ? [{ time, value, name: frameName(frame, frames) }] : [];
  });
  if (!series.length) return frames;
  const rows = series.flatMap(({ time, value, name }) => time.values.map((at, row) => [at as number, name, value.values[row] ?? null] as const));
  rows.sort((a, b) => b[0] - a[0]);
  const [{ value }] = series as [(typeof series)[0]];
  return [
    makeFrame(
      [
        column("Time", "time", rows.map(([at]) => at)),
        column("Metric", "string", rows.map(([, name]) => name)),
        column(VALUE_NAME, value.type, rows.map(([, , got]) => got), { config: withoutNames(value.config) }),
      ],
      { refId: joinedRefId("seriesToRows", frames) },
    ),
  ];
};
