/** Series made rows of a table: labels, and the series itself reduced to its last value. */

import { frame as makeFrame } from "../frame.ts";
import { reduce } from "../reducers.ts";
import { column } from "../rows.ts";
import type { Transform } from "./transformation.ts";

/** One table for each query: its series' labels, and `Trend #A`, by the query's `stat` (lastNotNull where it is not said). */
export const timeSeriesTable: Transform<Record<string, { stat?: string }>> = (frames, options) => {
  const queries = new Map<string, typeof frames>();
  for (const frame of frames) queries.set(frame.refId ?? "", [...(queries.get(frame.refId ?? "") ?? []), frame]);
  return [...queries].map(([refId, own]) => {
    const series = own.flatMap((frame) => frame.fields.filter((field) => field.type === "number"));
    const labels = [...new Set(series.flatMap((field) => Object.keys(field.labels ?? {})))];
    const stat = (Object.hasOwn(options, refId) ? options[refId]?.stat : undefined) ?? "lastNotNull";
    return makeFrame(
      [
        ...labels.map((label) => column(label, "string", series.map((field) => field.labels?.[label] ?? ""))),
        column(refId ? `Trend #${refId}` : "Trend", "number", series.map((field) => reduce(field, stat))),
      ],
      { refId },
    );
  });
};
