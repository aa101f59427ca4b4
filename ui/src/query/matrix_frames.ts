/** Answers of Prometheus and of Loki's metric queries to frames. Times become milliseconds, values numbers. */

import { readNumber } from "../api/prometheus.ts";
import type { ExemplarSeries, LabelSet, NativeHistogram, QueryData, Sample } from "../api/prometheus.ts";
import type { Field, Frame, FrameMeta } from "../core/frame/frame.ts";
import { frame } from "../core/frame/frame.ts";
import { seriesName } from "./legend.ts";

/** What is known of the query besides its answer. `legend` has its variables put in; `several` says that the panel has more tables. */
export interface FrameContext {
  refId: string;
  expr: string;
  legend?: string | undefined;
  stepMs?: number;
  several?: boolean;
}

/** Samples of a result, whichever kind it is. */
export function samplesOf(data: QueryData): Sample[] {
  if (data.resultType === "matrix" || data.resultType === "vector") return data.result ?? [];
  return [{ metric: {}, value: data.result }];
}

interface Points {
  times: number[];
  values: (number | null)[];
}

/** Columns of one series. `before` are another's times: they are handed out again where they are equal, so that frames share them. */
function pointsOf(sample: Sample, before: number[] | null): Points {
  const pairs = sample.values ?? (sample.value ? [sample.value] : []);
  if (!pairs.length && (sample.histograms ?? sample.histogram)) return histogramSums(sample);
  const length = pairs.length;
  const values = new Array<number | null>(length);
  let same = before !== null && before.length === length;
  let times: number[] = same ? before! : new Array<number>(length);
  for (let at = 0; at < length; at++) {
    const pair = pairs[at]!;
    const time = Math.round(pair[0] * 1000);
    values[at] = readNumber(pair[1]);
    if (same) {
      if (times[at] === time) continue;
      times = before!.slice(0, at);
      same = false;
    }
    times[at] = time;
  }
  return { times, values };
}

/** A native histogram where a number is wanted: its average observation. */
function histogramSums(sample: Sample): Points {
  const list = sample.histograms ?? (sample.histogram ? [sample.histogram] : []);
  return {
    times: list.map(([time]) => Math.round(time * 1000)),
    values: list.map(([, histogram]) => readNumber(histogram.sum) / readNumber(histogram.count)),
  };
}

/** A frame of Time and Value for each series. */
export function seriesFrames(data: QueryData, context: FrameContext, meta: FrameMeta = {}): Frame[] {
  const shared: FrameMeta = { kind: "timeseries", ...meta, ...(context.stepMs ? { stepMs: context.stepMs } : {}) };
  let times: number[] | null = null;
  return samplesOf(data).map((sample) => {
    const points = pointsOf(sample, times);
    times = points.times;
    return seriesFrame(sample.metric, points, context, shared);
  });
}

function seriesFrame(labels: LabelSet, points: Points, context: FrameContext, meta: FrameMeta): Frame {
  const name = seriesName(labels, context.legend, context.expr);
  return frame(
    [
      { name: "Time", type: "time", values: points.times, config: {} },
      { name: "Value", type: "number", values: points.values, labels, config: name === null ? {} : { displayNameFromDS: name } },
    ],
    { refId: context.refId, ...(name === null ? {} : { name }), meta },
  );
}

/** One frame: Time, the labels in alphabetical order, Value; a row for each sample. `le` is a number. */
export function tableFrame(data: QueryData, context: FrameContext, meta: FrameMeta = {}): Frame {
  const samples = samplesOf(data);
  const names = [...new Set(samples.flatMap((sample) => Object.keys(sample.metric)))].sort();
  const times: number[] = [];
  const values: (number | null)[] = [];
  const columns = names.map(() => [] as (string | number | null)[]);
  for (const sample of samples) {
    const points = pointsOf(sample, null);
    for (let row = 0; row < points.times.length; row++) {
      times.push(points.times[row]!);
      values.push(points.values[row]!);
      for (let at = 0; at < names.length; at++) {
        const text = sample.metric[names[at]!] ?? "";
        columns[at]!.push(names[at] === "le" ? readNumber(text) : text);
      }
    }
  }
  const fields: Field[] = [
    { name: "Time", type: "time", values: times, config: {} },
    ...names.map((name, at): Field => ({ name, type: name === "le" ? "number" : "string", values: columns[at]!, config: { filterable: true } })),
    { name: context.several ? `Value #${context.refId}` : "Value", type: "number", values, config: {} },
  ];
  return frame(fields, { refId: context.refId, meta: { kind: "table", ...meta } });
}

/** One frame: Time, and a column for each bucket, from the lowest `le`; counts are of each bucket alone. */
export function heatmapFrame(data: QueryData, context: FrameContext, meta: FrameMeta = {}): Frame[] {
  const samples = samplesOf(data).filter((sample) => sample.values ?? sample.value);
  const native = samplesOf(data).find((sample) => sample.histograms ?? sample.histogram);
  if (!samples.length && native) return nativeHeatmap(native, context, meta);
  if (!samples.length) return [];
  if (samples.some((sample) => sample.metric.le === undefined)) return seriesFrames(data, context, { ...meta, kind: "heatmap" });
  const buckets = samples
    .map((sample) => ({ le: readNumber(sample.metric.le ?? "NaN"), sample, points: pointsOf(sample, null) }))
    .sort((a, b) => a.le - b.le);
  const times = [...new Set(buckets.flatMap((bucket) => bucket.points.times))].sort((a, b) => a - b);
  const row = new Map(times.map((time, at) => [time, at]));
  let below: (number | null)[] = new Array<number | null>(times.length).fill(0);
  const fields: Field[] = [{ name: "Time", type: "time", values: times, config: {} }];
  for (const { sample, points } of buckets) {
    const sums = new Array<number | null>(times.length).fill(null);
    points.times.forEach((time, at) => (sums[row.get(time)!] = points.values[at]!));
    const counts = sums.map((sum, at) => (sum === null ? null : Math.max(0, sum - (below[at] ?? 0))));
    below = sums.map((sum, at) => sum ?? below[at]!);
    const text = seriesName(sample.metric, context.legend === "__auto" ? "" : context.legend, context.expr);
    const name = context.legend && context.legend !== "__auto" && text ? text : (sample.metric.le ?? "");
    fields.push({ name, type: "number", values: counts, labels: sample.metric, config: { displayNameFromDS: name } });
  }
  const stepMs = context.stepMs;
  return [frame(fields, { refId: context.refId, meta: { ...meta, kind: "heatmap", ...(stepMs ? { stepMs } : {}) } })];
}

function nativeHeatmap(sample: Sample, context: FrameContext, meta: FrameMeta): Frame[] {
  const list = sample.histograms ?? (sample.histogram ? [sample.histogram] : []);
  const times = list.map(([time]) => Math.round(time * 1000));
  const bounds = new Map<string, { upper: number; counts: (number | null)[] }>();
  list.forEach(([, histogram]: [number, NativeHistogram], at) => {
    for (const [, , upper, count] of histogram.buckets ?? []) {
      let bucket = bounds.get(upper);
      if (!bucket) bounds.set(upper, (bucket = { upper: readNumber(upper), counts: new Array<number | null>(times.length).fill(null) }));
      bucket.counts[at] = readNumber(count);
    }
  });
  const buckets = [...bounds].sort(([, a], [, b]) => a.upper - b.upper);
  const fields: Field[] = [
    { name: "Time", type: "time", values: times, config: {} },
    ...buckets.map(([name, bucket]): Field => ({ name, type: "number", values: bucket.counts, config: { displayNameFromDS: name } })),
  ];
  return [frame(fields, { refId: context.refId, meta: { ...meta, kind: "heatmap", ...(context.stepMs ? { stepMs: context.stepMs } : {}) } })];
}

/** One frame of all exemplars: Time, Value, and a column for each label; by time. */
export function exemplarFrame(series: readonly ExemplarSeries[], refId: string): Frame | null {
  const rows = series
    .flatMap((one) => one.exemplars.map((exemplar) => ({ ...exemplar, labels: { ...one.seriesLabels, ...exemplar.labels } })))
    .sort((a, b) => a.timestamp - b.timestamp);
  if (!rows.length) return null;
  const names = [...new Set(rows.flatMap((row) => Object.keys(row.labels)))].sort();
  return frame(
    [
      { name: "Time", type: "time", values: rows.map((row) => Math.round(row.timestamp * 1000)), config: {} },
      { name: "Value", type: "number", values: rows.map((row) => readNumber(row.value)), config: {} },
      ...names.map((name): Field => ({ name, type: "string", values: rows.map((row) => row.labels[name] ?? ""), config: {} })),
    ],
    { refId, name: "exemplar", meta: { kind: "exemplars" } },
  );
}
