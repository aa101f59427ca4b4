/** Panels with data, one for each thing that a panel can look like. */

import type { FieldConfig, Override } from "../../src/core/frame/config.ts";
import { applyFieldConfig } from "../../src/core/frame/overrides.ts";
import { standardConfig } from "../../src/core/frame/standard_config.ts";
import { frame, type Field, type Frame } from "../../src/core/frame/frame.ts";
import type { Panel } from "../../src/core/model/dashboard.ts";
import { seeded, walk } from "./random.ts";

export const NOW = Date.UTC(2026, 10, 28, 12, 0, 0);
export const SPAN = { from: NOW - 6 * 3_600_000, to: NOW };

export interface Case {
  name: string;
  panel: Panel;
  frames: Frame[];
  /** In grid units: 24 wide, 38 px high. */
  w: number;
  h: number;
}

const COUNT = 360;
export const times = (count = COUNT) => Array.from({ length: count }, (_, index) => SPAN.from + ((SPAN.to - SPAN.from) * index) / Math.max(1, count - 1));

export function series(name: string, values: (number | null)[], labels: Record<string, string> = {}, at = times(values.length)): Frame {
  const value: Field = { name: "Value", type: "number", values, labels, config: { displayNameFromDS: name } };
  return frame([{ name: "Time", type: "time", values: at, config: {} }, value], { refId: "A", meta: { kind: "timeseries" } });
}

export function table(columns: Record<string, unknown[]>): Frame {
  return frame(Object.entries(columns).map(([name, values]): Field => ({
    name, values, config: {}, type: name === "Time" ? "time" : typeof values[0] === "number" ? "number" : typeof values[0] === "boolean" ? "boolean" : typeof values[0] === "object" && values[0] !== null ? "other" : "string",
  })), { refId: "A", meta: { kind: "table" } });
}

interface Made {
  name: string;
  type: string;
  frames: Frame[];
  options?: Record<string, unknown>;
  defaults?: FieldConfig;
  overrides?: Override[];
  w?: number;
  h?: number;
}

export function made({ name, type, frames, options = {}, defaults = {}, overrides = [], w = 12, h = 8 }: Made): Case {
  const panel: Panel = {
    type, title: name, gridPos: { x: 0, y: 0, w, h }, targets: [], fieldConfig: { defaults, overrides }, options, transformations: [], links: [],
  };
  return { name, panel, frames: applyFieldConfig(frames, panel.fieldConfig, (text) => text, standardConfig(type)), w, h };
}

const pods = ["api", "web", "worker", "cache", "db"];
const cpu = () => pods.map((pod, index) => series(pod, walk(index + 1, COUNT, 0.4 + index * 0.3, 0.25), { pod, instance: `10.0.0.${index}:9100` }));
const legendTable = { displayMode: "table", placement: "right", showLegend: true, calcs: ["mean", "lastNotNull", "max"], sortBy: "Last *", sortDesc: true };
const gappy = () => walk(9, COUNT, 5, 2).map((value, index) => (index % 60 > 45 ? null : value));

export function cases(): Case[] {
  const list: Case[] = [];
  const add = (spec: Made) => list.push(made(spec));

  add({ name: "Lines, legend list", type: "timeseries", frames: cpu(), defaults: { unit: "percentunit" }, options: { legend: { displayMode: "list", placement: "bottom", showLegend: true }, tooltip: { mode: "multi", sort: "desc" } } });
  add({ name: "Stacked areas, legend table right", type: "timeseries", frames: cpu(), defaults: { unit: "bytes", custom: { fillOpacity: 30, stacking: { mode: "normal", group: "A" }, lineWidth: 1 } }, options: { legend: legendTable, tooltip: { mode: "multi" } } });
  add({ name: "Network in and out", type: "timeseries", frames: [...cpu().slice(0, 2), ...[0, 1].map((n) => series(`out ${n}`, walk(20 + n, COUNT, 0.5, 0.3)))], defaults: { unit: "Bps", custom: { fillOpacity: 20, gradientMode: "opacity", stacking: { mode: "normal", group: "A" } } }, overrides: [{ matcher: { id: "byRegexp", options: "/out/" }, properties: [{ id: "custom.transform", value: "negative-Y" }] }], options: { legend: { displayMode: "list", placement: "bottom", calcs: ["mean", "max"] } } });
  add({ name: "Thresholds, gaps, points", type: "timeseries", frames: [series("latency", gappy())], defaults: { unit: "s", custom: { showPoints: "always", pointSize: 4, thresholdsStyle: { mode: "line+area" }, lineInterpolation: "smooth" }, thresholds: { mode: "absolute", steps: [{ value: null, color: "green" }, { value: 5, color: "orange" }, { value: 6, color: "red" }] } }, options: { legend: { showLegend: false } } });
  add({ name: "Bars, two axes", type: "timeseries", frames: [series("requests", walk(4, 40, 100, 60)), series("errors", walk(5, 40, 0.04, 0.03))], defaults: { unit: "reqps", custom: { drawStyle: "bars", fillOpacity: 60, axisLabel: "Requests" } }, overrides: [{ matcher: { id: "byName", options: "errors" }, properties: [{ id: "unit", value: "percentunit" }, { id: "custom.drawStyle", value: "line" }, { id: "custom.lineWidth", value: 2 }, { id: "color", value: { mode: "fixed", fixedColor: "red" } }, { id: "custom.lineStyle", value: { fill: "dash", dash: [10, 10] } }] }] });
  add({ name: "Colours by scheme, step, log", type: "timeseries", frames: [series("size", walk(6, COUNT, 400, 900, 1))], defaults: { unit: "short", color: { mode: "continuous-GrYlRd" }, custom: { gradientMode: "scheme", fillOpacity: 40, lineInterpolation: "stepAfter", lineWidth: 2, scaleDistribution: { type: "log", log: 10 } } } });
  add({ name: "Percent stack", type: "timeseries", frames: cpu(), defaults: { custom: { fillOpacity: 80, lineWidth: 0, stacking: { mode: "percent", group: "A" } } } });
  add({ name: "Two hundred series", type: "timeseries", frames: Array.from({ length: 200 }, (_, n) => series(`pod-${n}`, walk(n, 120, n, 10))), options: { legend: { displayMode: "table", placement: "bottom", calcs: ["lastNotNull"] } } });
  add({ name: "Too many series", type: "timeseries", frames: Array.from({ length: 1400 }, (_, n) => series(`pod-${n}`, walk(n, 20, n, 10))), options: { legend: { displayMode: "list", placement: "bottom" } } });
  const traced = frame(
    [
      { name: "Time", type: "time", values: times(60), config: {} }, { name: "Value", type: "number", values: walk(77, 60, 5, 12), config: {} },
      { name: "job", type: "string", values: times(60).map(() => "api"), config: {} },
      { name: "trace_id", type: "string", values: times(60).map((_, index) => `4bf92f3577b34da6a3ce929d0e0e47${index}`), config: { links: [{ title: "Open the trace", url: "https://traces.example/${__value.raw}", targetBlank: true }] } },
    ],
    { refId: "A", meta: { kind: "exemplars" } },
  );
  add({ name: "Exemplars", type: "timeseries", frames: [series("latency", walk(78, COUNT, 4, 2)), traced], defaults: { unit: "s" } });
  add({ name: "Nothing", type: "timeseries", frames: [] });

  const thresholds = { mode: "absolute" as const, steps: [{ value: null, color: "green" }, { value: 0.7, color: "orange" }, { value: 1.2, color: "red" }] };
  add({ name: "Stat", type: "stat", w: 6, h: 4, frames: [cpu()[1]!], defaults: { unit: "percentunit", thresholds }, options: { reduceOptions: { calcs: ["lastNotNull"] }, colorMode: "value", graphMode: "area" } });
  add({ name: "Stat background", type: "stat", w: 6, h: 4, frames: [cpu()[3]!], defaults: { unit: "percentunit", thresholds }, options: { reduceOptions: { calcs: ["lastNotNull"] }, colorMode: "background", graphMode: "area", showPercentChange: true } });
  add({ name: "Stat mapped", type: "stat", w: 6, h: 4, frames: [series("up", [0, 1, 1])], defaults: { mappings: [{ type: "value", options: { 1: { text: "UP", color: "green" }, 0: { text: "DOWN", color: "red" } } }] }, options: { reduceOptions: { calcs: ["lastNotNull"] }, colorMode: "background", graphMode: "none" } });
  add({ name: "Stat nothing", type: "stat", w: 6, h: 4, frames: [], options: { reduceOptions: { calcs: ["lastNotNull"] } } });
  add({ name: "Stat many", type: "stat", w: 12, h: 6, frames: cpu(), defaults: { unit: "decbytes", thresholds }, options: { reduceOptions: { calcs: ["mean"] }, graphMode: "area", textMode: "auto", colorMode: "value" } });
  add({ name: "Stat horizontal names", type: "stat", w: 12, h: 6, frames: cpu(), defaults: { unit: "s", thresholds }, options: { reduceOptions: { calcs: ["max"] }, graphMode: "none", orientation: "horizontal", colorMode: "background", textMode: "value_and_name" } });

  const random = seeded(3);
  const rows = 5000;
  add({ name: "Table", type: "table", w: 24, h: 10, frames: [table({
    Time: Array.from({ length: rows }, (_, n) => NOW - n * 60_000), namespace: Array.from({ length: rows }, (_, n) => ["kube-system", "monitoring", "default"][n % 3]),
    pod: Array.from({ length: rows }, (_, n) => `pod-${n}`), cpu: Array.from({ length: rows }, () => random() * 1.5), memory: Array.from({ length: rows }, () => random() * 4e9),
    state: Array.from({ length: rows }, (_, n) => (n % 7 ? "Running" : "Pending")), ready: Array.from({ length: rows }, (_, n) => n % 7 !== 0),
  })], defaults: { custom: { filterable: true } }, options: { showHeader: true, sortBy: [{ displayName: "CPU", desc: true }], footer: { show: true, reducer: ["mean"], fields: ["cpu", "memory"] }, cellHeight: "sm" }, overrides: [
    { matcher: { id: "byName", options: "cpu" }, properties: [{ id: "displayName", value: "CPU" }, { id: "unit", value: "percentunit" }, { id: "max", value: 1.5 }, { id: "min", value: 0 }, { id: "thresholds", value: thresholds }, { id: "custom.cellOptions", value: { type: "gauge", mode: "gradient" } }] },
    { matcher: { id: "byName", options: "memory" }, properties: [{ id: "unit", value: "bytes" }, { id: "color", value: { mode: "continuous-GrYlRd" } }, { id: "custom.cellOptions", value: { type: "color-background", mode: "gradient" } }] },
    { matcher: { id: "byName", options: "state" }, properties: [{ id: "custom.cellOptions", value: { type: "color-text" } }, { id: "mappings", value: [{ type: "value", options: { Running: { color: "green" }, Pending: { color: "orange" } } }] }] },
    { matcher: { id: "byName", options: "pod" }, properties: [{ id: "links", value: [{ title: "Open ${__value.text}", url: "/d/pod?var-pod=${__value.raw}&var-namespace=${__data.fields.namespace}" }] }] },
  ] });
  add({ name: "Table of time series", type: "table", w: 12, h: 6, frames: cpu().slice(0, 2), options: { showHeader: true } });
  return list;
}
