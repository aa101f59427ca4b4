/** Exemplars of Prometheus' API to frames. */

import { column } from "./column.ts";
import { VALUE_NAME } from "./display_name.ts";
import { type Frame, frame as makeFrame, type Labels } from "./frame.ts";
import { sampleValue } from "./from_prometheus.ts";

/** One series' exemplars of /query_exemplars. */
export interface SeriesExemplars {
  seriesLabels: Labels;
  exemplars: readonly { labels: Labels; value: string; timestamp: number }[];
}

/** One frame of all exemplars in order of time: Time, Value, and their labels as columns. */
export function framesOfExemplars(data: readonly SeriesExemplars[], refId: string): Frame[] {
  const all = data.flatMap(({ seriesLabels, exemplars }) => exemplars.map((exemplar) => ({ ...exemplar, labels: { ...seriesLabels, ...exemplar.labels } })));
  if (!all.length) return [];
  all.sort((a, b) => a.timestamp - b.timestamp);
  const labels = [...new Set(all.flatMap((exemplar) => Object.keys(exemplar.labels)))].sort();
  return [
    makeFrame(
      [
        column("Time", "time", all.map(({ timestamp }) => Math.round(timestamp * 1000))),
        column(VALUE_NAME, "number", all.map(({ value }) => sampleValue(value))),
        ...labels.map((label) => column(label, "string", all.map((exemplar) => exemplar.labels[label] ?? ""))),
      ],
      { refId, name: "exemplar", meta: { kind: "exemplars" } },
    ),
  ];
}
