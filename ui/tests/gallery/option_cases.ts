/** One small panel for each value of each option, to be compared by eye: `?only=options`. */

import type { FieldConfig, Override } from "../../src/core/frame/config.ts";
import { NESTED } from "../../src/core/frame/nested.ts";
import type { Frame } from "../../src/core/frame/frame.ts";
import { type Case, made, series, SPAN, table, times } from "./cases.ts";
import { heatBuckets } from "./more_cases.ts";
import { walk } from "./random.ts";

const few = (seed: number, level = 5) => walk(seed, 24, level, level);
const steps = { mode: "absolute" as const, steps: [{ value: null, color: "green" }, { value: 4, color: "orange" }, { value: 6, color: "red" }] };
const holes = few(3).map((value, index) => (index % 8 === 5 || index % 8 === 6 ? null : value));
const pair = (): Frame[] => [series("a", few(1)), series("b", few(2))];
const four = (): Frame[] => ["a", "b", "c", "d"].map((name, index) => series(name, few(index + 1)));

export function optionCases(): Case[] {
  const list: Case[] = [];
  const time = (name: string, frames: Frame[], custom: Record<string, unknown>, more: FieldConfig = {}, overrides: Override[] = [], options: Record<string, unknown> = {}) =>
    list.push(made({ name, type: "timeseries", w: 6, h: 5, frames, defaults: { ...more, custom }, overrides, options: { legend: { showLegend: false }, ...options } }));
  const by = (name: string, ...properties: [string, unknown][]): Override => ({ matcher: { id: "byName", options: name }, properties: properties.map(([id, value]) => ({ id, value })) });

  for (const lineInterpolation of ["linear", "smooth", "stepBefore", "stepAfter"]) time(`interpolation ${lineInterpolation}`, [series("a", few(1))], { lineInterpolation, fillOpacity: 20, showPoints: "always" });
  time("stacked, groups A and B", four(), { fillOpacity: 30, stacking: { mode: "normal", group: "A" } }, {}, [by("c", ["custom.stacking", { mode: "normal", group: "B" }]), by("d", ["custom.stacking", { mode: "none", group: false }], ["custom.fillOpacity", 0], ["custom.lineWidth", 3])]);
  time("stacked with negative-Y", four(), { fillOpacity: 30, stacking: { mode: "normal", group: "A" } }, {}, [by("c", ["custom.transform", "negative-Y"]), by("d", ["custom.transform", "negative-Y"])]);
  time("stacked percent bars", four(), { drawStyle: "bars", fillOpacity: 70, stacking: { mode: "percent", group: "A" } });
  time("stacked bars with zeros", [series("a", few(1).map((v, i) => (i % 3 ? v : 0))), series("b", few(2).map((v, i) => (i % 4 ? v : 0)))], { drawStyle: "bars", fillOpacity: 70, stacking: { mode: "normal", group: "A" } });
  time("fill below to b", pair(), { fillOpacity: 0 }, {}, [by("a", ["custom.fillBelowTo", "b"])]);
  time("transform constant", pair(), {}, {}, [by("b", ["custom.transform", "constant"], ["custom.lineStyle", { fill: "dash", dash: [10, 10] }])]);
  for (const barAlignment of [-1, 0, 1]) time(`bars, alignment ${barAlignment}`, [series("a", few(1))], { drawStyle: "bars", barAlignment, fillOpacity: 50 });
  for (const barWidthFactor of [0.2, 1]) time(`bars, width ${barWidthFactor}`, [series("a", few(1))], { drawStyle: "bars", barWidthFactor, fillOpacity: 50 });
  time("bars at zero", [series("a", few(1).map((v, i) => (i % 2 ? v : 0)))], { drawStyle: "bars", fillOpacity: 50 });
  time("points", pair(), { drawStyle: "points", pointSize: 6 });
  time("gaps: as they are", [series("a", holes)], {});
  time("gaps: connected", [series("a", holes)], { spanNulls: true });
  time("gaps: under 1.5 steps", [series("a", holes)], { spanNulls: ((SPAN.to - SPAN.from) / 23) * 2.5 });
  time("insertNulls 20 min", [series("a", few(4).filter((_, index) => index % 6 !== 3), {}, times(24).filter((_, index) => index % 6 !== 3))], { insertNulls: 1_300_000 });
  for (const showPoints of ["auto", "always", "never"]) time(`points ${showPoints}`, [series("a", few(1))], { showPoints });
  for (const gradientMode of ["none", "opacity", "hue", "scheme"]) time(`gradient ${gradientMode}`, [series("a", few(1))], { gradientMode, fillOpacity: 60, lineWidth: 2 }, { thresholds: steps, ...(gradientMode === "scheme" ? { color: { mode: "thresholds" } } : {}) });
  for (const mode of ["off", "line", "dashed", "area", "line+area", "dashed+area"]) time(`thresholds ${mode}`, [series("a", few(1))], { thresholdsStyle: { mode } }, { thresholds: steps });
  time("thresholds percent", [series("a", few(1))], { thresholdsStyle: { mode: "line" } }, { thresholds: { mode: "percentage", steps: [{ value: null, color: "green" }, { value: 50, color: "red" }] }, min: 0, max: 20 });
  for (const axisPlacement of ["left", "right", "hidden", "auto"]) time(`axis ${axisPlacement}`, [series("a", few(1))], { axisPlacement });
  time("axis soft 0 to 20", [series("a", few(1))], { axisSoftMin: 0, axisSoftMax: 20 });
  time("axis centred at zero", [series("a", few(1).map((v) => v - 3))], { axisCenteredZero: true });
  time("axis log 2", [series("a", few(1, 50))], { scaleDistribution: { type: "log", log: 2 } });
  time("axis log 10", [series("a", few(1, 500))], { scaleDistribution: { type: "log", log: 10 } });
  time("axis symlog", [series("a", few(1, 500).map((v, i) => (i % 2 ? v : -v)))], { scaleDistribution: { type: "symlog", log: 10, linearThreshold: 1 } });
  time("axis in the series' colour, border", [series("a", few(1))], { axisColorMode: "series", axisBorderShow: true });
  time("axis width 90, label", [series("a", few(1))], { axisWidth: 90, axisLabel: "Requests" });
  time("three units", [series("a", few(1)), series("b", few(2, 1e9)), series("c", few(3, 0.2))], {}, {}, [by("a", ["unit", "s"]), by("b", ["unit", "bytes"]), by("c", ["unit", "percentunit"])], { legend: { showLegend: true } });
  time("two zones", [series("a", few(1))], {}, {}, [], { timezone: ["utc", "Asia/Kolkata"] });
  time("no grid", [series("a", few(1))], { axisGridShow: false });
  time("line dots, dashes", pair(), { lineWidth: 3, lineStyle: { fill: "dot", dash: [0, 10] } }, {}, [by("b", ["custom.lineStyle", { fill: "dash", dash: [10, 10] }])]);
  time("one point", [series("a", [5])], {});
  time("negative on log", [series("a", few(1).map((v, i) => (i % 2 ? v : -v)))], { scaleDistribution: { type: "log", log: 10 } });
  time("min above max", [series("a", few(1))], {}, { min: 10, max: 2 });
  time("decimals 3, bytes", [series("a", few(1, 5e6))], {}, { unit: "bytes", decimals: 3 });

  const stat = (name: string, options: Record<string, unknown>, frames: Frame[] = pair(), defaults: FieldConfig = {}) => list.push(made({ name, type: "stat", w: 4, h: 4, frames, defaults: { unit: "s", thresholds: steps, ...defaults }, options: { reduceOptions: { calcs: ["lastNotNull"] }, ...options } }));
  for (const colorMode of ["value", "background", "background_solid", "none"]) stat(`stat ${colorMode}`, { colorMode, graphMode: "area" }, [series("a", few(1))]);
  for (const textMode of ["auto", "value", "value_and_name", "name", "none"]) stat(`stat text ${textMode}`, { textMode, graphMode: "none" });
  for (const orientation of ["auto", "horizontal", "vertical"]) stat(`stat ${orientation}`, { orientation, graphMode: "none", colorMode: "background" }, four());
  stat("stat narrow layout", { wideLayout: false, orientation: "horizontal", graphMode: "none", textMode: "value_and_name" });
  for (const justifyMode of ["auto", "center"]) stat(`stat justify ${justifyMode}`, { justifyMode, graphMode: "none", textMode: "value_and_name" });
  for (const percentChangeColorMode of ["standard", "inverted", "same_as_value"]) stat(`stat change ${percentChangeColorMode}`, { showPercentChange: true, percentChangeColorMode, graphMode: "none" }, [series("a", few(1))]);
  stat("stat sizes", { text: { valueSize: 20, titleSize: 30 }, textMode: "value_and_name", graphMode: "none" });

  const gauge = (name: string, options: Record<string, unknown>, defaults: FieldConfig = {}) => list.push(made({ name, type: "gauge", w: 4, h: 5, frames: pair(), defaults: { min: 0, max: 10, thresholds: steps, ...defaults }, options: { reduceOptions: { calcs: ["lastNotNull"] }, ...options } }));
  gauge("gauge labels", { showThresholdLabels: true });
  gauge("gauge without markers", { showThresholdMarkers: false });
  gauge("gauge horizontal", { orientation: "horizontal" });
  gauge("gauge vertical", { orientation: "vertical" });
  gauge("gauge wide at least 200", { sizing: "manual", minVizWidth: 200, minVizHeight: 75 });
  gauge("gauge negative", {}, { min: -10, max: 10 });

  gauge("gauge of segments, from 5", { segmentCount: 12, segmentSpacing: 0.3, neutral: 5, barShape: "rounded" });
  gauge("gauge circle, gradient, glow", { shape: "circle", effects: { gradient: true, barGlow: true, centerGlow: true }, endpointMarker: "point", sparkline: true });
  gauge("gauge thin, round ends", { barWidthFactor: 0.2, barShape: "rounded", showThresholdMarkers: false, endpointMarker: "glow" });
  gauge("gauge text sizes", { text: { titleSize: 20, valueSize: 14 } });

  const bar = (name: string, options: Record<string, unknown>) => list.push(made({ name, type: "bargauge", w: 6, h: 5, frames: four(), defaults: { min: 0, max: 10, thresholds: steps }, options: { reduceOptions: { calcs: ["lastNotNull"] }, ...options } }));
  for (const displayMode of ["gradient", "basic", "lcd"]) for (const orientation of ["horizontal", "vertical"]) bar(`bars ${displayMode} ${orientation}`, { displayMode, orientation });
  for (const valueMode of ["color", "text", "hidden"]) bar(`bars values ${valueMode}`, { valueMode, displayMode: "basic" });
  for (const namePlacement of ["left", "top", "hidden"]) bar(`bars names ${namePlacement}`, { namePlacement, orientation: "horizontal" });
  bar("bars without the unfilled", { showUnfilled: false, displayMode: "lcd", orientation: "horizontal" });
  bar("bars at most 20 high", { sizing: "manual", maxVizHeight: 20, orientation: "horizontal" });

  bar("bars with a legend, sizes", { legend: { showLegend: true, displayMode: "table", placement: "right", calcs: ["mean"] }, text: { titleSize: 18, valueSize: 12 }, orientation: "horizontal" });

  const heat = (name: string, options: Record<string, unknown>) => list.push(made({ name, type: "heatmap", w: 6, h: 6, frames: [heatBuckets()], options: { calculate: false, color: { scheme: "Oranges" }, filterValues: { le: 1e-9 }, ...options } }));
  for (const layout of ["le", "ge", "unknown"]) heat(`heatmap names are ${layout}`, { rowsFrame: { layout, value: "Requests" }, yAxis: { unit: "s" } });
  heat("heatmap 0.1 s to 1 s, upside down", { yAxis: { min: 0.1, max: 1, unit: "s", decimals: 2, reverse: true, axisLabel: "Took", axisWidth: 80 } });
  heat("heatmap opacity, gaps, round", { color: { mode: "opacity", fill: "blue", exponent: 0.5 }, cellGap: 3, cellRadius: 4, showValue: "auto" });
  heat("heatmap colours 0 to 500, reversed", { color: { scheme: "Turbo", reverse: true, min: 0, max: 500, steps: 8 } });
  const counted = (name: string, options: Record<string, unknown>) => list.push(made({ name, type: "heatmap", w: 6, h: 6, frames: Array.from({ length: 20 }, (_, n) => series(`s${n}`, walk(n + 90, 360, 50 + n * 4, 30))), options: { calculate: true, color: { scheme: "Spectral" }, ...options } }));
  counted("heatmap 20 to 200", { yAxis: { min: 20, max: 200 }, calculation: { xBuckets: { mode: "size", value: "10m" }, yBuckets: { mode: "size", value: "15" } } });
  counted("heatmap powers of 2", { calculation: { xBuckets: { mode: "count", value: "20" }, yBuckets: { mode: "size", value: "2", scale: { type: "log", log: 2 } } } });

  const trends = [[1, 5, 2, 8], [4, 4, 3, 1], [2, 9, 4, 7]];
  const cells = table({ name: ["one", "two", "three"], auto: [2, 5, 8], text: [2, 5, 8], solid: [2, 5, 8], gradient: [2, 5, 8], basic: [2, 5, 8], lcd: [2, 5, 8], bar: [2, 5, 8], trend: trends, json: [{ a: 1 }, { b: [2] }, { c: null }], image: ["/favicon.svg", "javascript:alert(1)", ""], pills: ["a,b", "c", ""], note: ["**bold** and [a link](https://example.org)", "<img src=x onerror=alert(1)>", "plain"] });
  const cell = (name: string, value: unknown, ...more: [string, unknown][]): Override => by(name, ["custom.cellOptions", value], ...more);
  list.push(made({ name: "cells", type: "table", w: 24, h: 6, frames: [cells], defaults: { thresholds: steps, min: 0, max: 10 }, overrides: [
    cell("text", { type: "color-text" }), cell("solid", { type: "color-background", mode: "basic" }), cell("gradient", { type: "color-background", mode: "gradient" }), cell("basic", { type: "gauge", mode: "basic" }), cell("lcd", { type: "gauge", mode: "lcd" }), cell("bar", { type: "gauge", mode: "gradient", valueDisplayMode: "hidden" }),
    cell("trend", { type: "sparkline" }), cell("json", { type: "json-view" }, ["custom.inspect", true]), cell("image", { type: "image" }), cell("pills", { type: "pill" }), cell("note", { type: "markdown" }), by("name", ["custom.tooltip", { field: "solid" }], ["custom.wrapHeaderText", true], ["displayName", "Name of the row, long"]), by("auto", ["custom.width", 60], ["custom.align", "center"], ["links", [{ title: "One", url: "/one" }, { title: "Two", url: "/two" }]]),
  ], options: { frozenColumns: { left: 1 }, footer: { show: true, reducer: ["sum", "max"], fields: ["auto", "text"] } } }));
  const inner = (name: string, count: number) => table({ pod: Array.from({ length: count }, (_, index) => `${name}-${index}`), cpu: Array.from({ length: count }, (_, index) => index + 1) });
  const nested = table({ job: ["api", "db", "web"], pods: [3, 2, 40] });
  nested.fields.push({ name: NESTED, type: "other", values: [inner("api", 3), inner("db", 2), inner("web", 40)], config: { custom: { headers: true } } });
  list.push(made({ name: "nested tables", type: "table", w: 12, h: 7, frames: [nested], defaults: { thresholds: steps }, overrides: [cell("cpu", { type: "color-text" })] }));
  list.push(made({ name: "row in colour, pages", type: "table", w: 12, h: 7, frames: [table({ name: Array.from({ length: 95 }, (_, index) => `row ${index}`), value: Array.from({ length: 95 }, (_, index) => index % 10) })], defaults: { thresholds: steps }, overrides: [cell("value", { type: "color-background", mode: "basic", applyToRow: true })], options: { footer: { enablePagination: true }, sortBy: [{ displayName: "value", desc: true }, { displayName: "name", desc: false }] } }));

  const code = (language: string, content: string) => list.push(made({ name: `code ${language}`, type: "text", w: 6, h: 5, frames: [], options: { mode: "code", content, code: { language, showLineNumbers: true } } }));
  code("json", '{\n  "name": "api",\n  "replicas": 3,\n  "ready": true\n}');
  code("yaml", "# An alert\ngroups:\n  - name: api\n    rules:\n      - alert: Down\n        expr: up == 0\n        for: 5m");
  code("go", 'func main() {\n\t// says it\n\tfmt.Println("hello", 42)\n}');
  code("html", '<a href="https://example.org" class="x">it\'s &amp; <b>here</b></a>\n<!-- not <script>alert(1)</script> -->');

  list.push(made({ name: "states, three at a time", type: "state-timeline", w: 12, h: 6, frames: Array.from({ length: 8 }, (_, index) => series(`row ${index}`, few(index + 1).map((value) => Math.round(value)))), defaults: { thresholds: steps }, options: { perPage: 3, legend: { showLegend: true }, showValue: "auto" } }));

  const groups = table({ zone: ["europe-west-1", "europe-north-2", "america-1", "asia-south-3"], reads: [12, 8, 14, -6], writes: [4, 3, 6, 9] });
  const bars = (name: string, options: Record<string, unknown>, custom: Record<string, unknown> = {}) => list.push(made({ name, type: "barchart", w: 6, h: 6, frames: [groups], defaults: { thresholds: steps, custom }, options: { legend: { showLegend: false }, ...options } }));
  for (const stacking of ["none", "normal", "percent"]) for (const orientation of ["vertical", "horizontal"]) bars(`bar chart ${stacking} ${orientation}`, { stacking, orientation });
  for (const xTickLabelRotation of [-45, 45, 90]) bars(`bar chart ticks ${xTickLabelRotation}`, { xTickLabelRotation });
  for (const showValue of ["auto", "always", "never"]) bars(`bar chart values ${showValue}`, { showValue });
  bars("bar chart widths", { groupWidth: 0.9, barWidth: 0.5, barRadius: 0.3 });
  bars("bar chart labelled at the right", { fullHighlight: true, text: { valueSize: 9 } }, { axisLabel: "Requests", axisPlacement: "right", gradientMode: "opacity", axisBorderShow: true });
  bars("bar chart thresholds, no grid", {}, { thresholdsStyle: { mode: "line+area" }, axisGridShow: false, gradientMode: "hue", axisLabel: "Reads" });
  bars("bar chart short ticks", { xTickLabelMaxLength: 5 });
  return list;
}
