/** Answers of Prometheus' API (Loki's metric queries too) to frames. */

import { VALUE_NAME } from "./display_name.ts";
import { type Field, type Frame, frame as makeFrame, type FrameMeta, type Labels } from "./frame.ts";
import { seriesNames } from "./legend.ts";
import { averageOf, bucketRows, type HistogramSample } from "./native_histogram.ts";
import { column } from "./column.ts";

type Sample = readonly [seconds: number, value: string];

export interface MatrixSeries {
  metric: Labels;
  values?: readonly Sample[];
  histograms?: readonly HistogramSample[];
}

export interface VectorSample {
  metric: Labels;
  value?: Sample;
  histogram?: HistogramSample;
}

/** `data` of an answer of /query or /query_range. */
export type PrometheusData =
  | { resultType: "matrix"; result: readonly MatrixSeries[] }
  | { resultType: "vector"; result: readonly VectorSample[] }
  | { resultType: "scalar" | "string"; result: Sample };

/** What is known of the query whose answer it is. */
export interface AnsweredQuery {
  refId: string;
  /** Variables put in. */
  expr: string;
  format?: string;
  legendFormat?: string;
  /** Distance of a range query's samples; wider ones are gaps. */
  stepMs?: number;
  /** Whether other queries of the panel give tables too: then the value's column is `Value #A`. */
  severalTables?: boolean;
}

/** A sample's text as a number: "NaN", "+Inf" and "-Inf" too. */
export function sampleValue(text: string): number {
  const number = Number(text);
  if (!Number.isNaN(number)) return number;
  return text === "+Inf" || text === "Inf" ? Infinity : text === "-Inf" ? -Infinity : NaN;
}

const milliseconds = (seconds: number): number => Math.round(seconds * 1000);

interface Series {
  labels: Labels;
  times: number[];
  values: (number | string)[];
}

/** Times of samples; `last` itself where they are the same, so that series which share their times share one array. */
function timesOf(samples: readonly (readonly [number, unknown])[], last: number[] | undefined): number[] {
  if (last?.length === samples.length && samples.every(([seconds], i) => last[i] === milliseconds(seconds))) return last;
  return samples.map(([seconds]) => milliseconds(seconds));
}

/** All series of an answer. A native histogram counts as the average of what it observed. */
function seriesOf(data: PrometheusData): Series[] {
  switch (data.resultType) {
    case "matrix": {
      let last: number[] | undefined;
      return data.result.map(({ metric, values, histograms = [] }) => {
        const samples = values?.length ? values : histograms;
        last = timesOf(samples, last);
        return { labels: metric, times: last, values: values?.length ? values.map(([, text]) => sampleValue(text)) : histograms.map(([, histogram]) => averageOf(histogram)) };
      });
    }
    case "vector": {
      let last: number[] | undefined;
      return data.result.filter(({ value, histogram }) => value ?? histogram).map(({ metric, value, histogram }) => {
        last = timesOf([value ?? histogram!], last);
        return { labels: metric, times: last, values: [value ? sampleValue(value[1]) : averageOf(histogram![1])] };
      });
    }
    case "scalar":
      return [{ labels: {}, times: [milliseconds(data.result[0])], values: [sampleValue(data.result[1])] }];
    case "string":
      return [{ labels: {}, times: [milliseconds(data.result[0])], values: [data.result[1]] }];
    default:
      return [];
  }
}

/** Samples of all series that are native histograms. */
function nativeOf(data: PrometheusData): (readonly HistogramSample[])[] {
  if (data.resultType === "matrix") return data.result.flatMap(({ values, histograms }) => (!values?.length && histograms?.length ? [histograms] : []));
  if (data.resultType === "vector") return data.result.flatMap(({ value, histogram }) => (!value && histogram ? [[histogram]] : []));
  return [];
}

function metaOf(query: AnsweredQuery, kind: NonNullable<FrameMeta["kind"]>, data: PrometheusData): FrameMeta {
  const meta: FrameMeta = { kind, executed: query.expr };
  if (query.stepMs !== undefined && data.resultType === "matrix") meta.stepMs = query.stepMs;
  if (kind !== "heatmap" && nativeOf(data).length) meta.notices = [{ severity: "info", text: "Native histograms are shown by the average of what they observed" }];
  return meta;
}

function timeSeries(series: readonly Series[], query: AnsweredQuery, meta: FrameMeta): Frame[] {
  const names = seriesNames(series.map(({ labels }) => labels), query.legendFormat, query.expr);
  // One column object for one array of times: whoever aligns them sees at once that they are the same.
  const times = new Map<number[], Field>();
  return series.map(({ labels, times: own, values }, i) => {
    let time = times.get(own);
    if (!time) times.set(own, (time = column("Time", "time", own)));
    const type = typeof values[0] === "string" ? "string" : "number";
    const value = column(VALUE_NAME, type, values, { labels, config: { displayNameFromDS: names[i]! } });
    return makeFrame([time, value], { refId: query.refId, name: names[i]!, meta });
  });
}

function table(series: readonly Series[], query: AnsweredQuery, meta: FrameMeta): Frame[] {
  const labels = [...new Set(series.flatMap((one) => Object.keys(one.labels)))].sort();
  const rows = series.flatMap(({ labels: own, times, values }) => times.map((at, i) => ({ at, own, value: values[i]! })));
  const text = typeof rows[0]?.value === "string";
  const fields = [
    column("Time", "time", rows.map(({ at }) => at)),
    ...labels.map((label) =>
      label === "le"
        ? column(label, "number", rows.map(({ own }) => (own[label] === undefined ? null : sampleValue(own[label]))))
        : column(label, "string", rows.map(({ own }) => own[label] ?? "")),
    ),
    column(query.severalTables ? `${VALUE_NAME} #${query.refId}` : VALUE_NAME, text ? "string" : "number", rows.map(({ value }) => value)),
  ];
  return [makeFrame(fields, { refId: query.refId, meta })];
}

/** All times of the series in order, and each one's values at them; where several series are of one bucket, their sum. */
function heatmap(series: readonly Series[], native: readonly (readonly HistogramSample[])[], query: AnsweredQuery, meta: FrameMeta): Frame[] {
  const buckets = new Map<string, Series[]>();
  const names = seriesNames(series.map(({ labels }) => labels), query.legendFormat, query.expr);
  series.forEach((one, i) => {
    const name = one.labels.le ?? names[i]!;
    buckets.set(name, [...(buckets.get(name) ?? []), one]);
  });
  const cumulative = series.length > 0 && series.every(({ labels }) => labels.le !== undefined);
  const ordered = [...buckets];
  if (cumulative) ordered.sort(([a], [b]) => sampleValue(a) - sampleValue(b));
  const distinct = new Set(series.map(({ times }) => times));
  const times = distinct.size === 1 ? series[0]!.times : [...new Set([...distinct].flat())].sort((a, b) => a - b);
  const places = new Map(times.map((at, i) => [at, i]));
  if (native.length === series.length) {
    const fields = bucketRows(native, places, times.length).map(({ upper, counts }) => column(upper, "number", counts, { labels: { le: upper } }));
    return [makeFrame([column("Time", "time", times), ...fields], { refId: query.refId, meta })];
  }
  let below: (number | null)[] | null = null;
  const fields = ordered.map(([name, own]) => {
    const sums = Array<number | null>(times.length).fill(null);
    for (const one of own) {
      one.times.forEach((at, i) => {
        const place = places.get(at)!;
        const value = one.values[i] as number;
        if (!Number.isNaN(value)) sums[place] = (sums[place] ?? 0) + value;
      });
    }
    const under = below;
    below = sums;
    // Buckets of Prometheus hold all that is less; what rounding leaves below zero is nothing.
    const values = cumulative && under ? sums.map((sum, i) => (sum === null ? null : Math.max(0, sum - (under[i] ?? 0)))) : sums;
    return column(name, "number", values, cumulative ? { labels: { le: name } } : {});
  });
  return [makeFrame([column("Time", "time", times), ...fields], { refId: query.refId, meta })];
}

/**
 * Frames of an answer, by the query's `format`:
 *
 * time_series  a frame for each series: Time, Value (labels, and its name by legendFormat in `displayNameFromDS`)
 * table        one frame: Time, labels in alphabetical order (`le` as numbers), Value or `Value #A`
 * heatmap      one frame: Time, a column for each bucket from the lowest, with what is in that bucket alone
 */
export function framesOfPrometheus(data: PrometheusData, query: AnsweredQuery): Frame[] {
  const series = seriesOf(data);
  if (query.format === "table") return table(series, query, metaOf(query, "table", data));
  if (query.format === "heatmap") return series.length ? heatmap(series, nativeOf(data), query, metaOf(query, "heatmap", data)) : [];
  return timeSeries(series, query, metaOf(query, "timeseries", data));
}
