/** Frames and options that nobody means to send and that come all the same: for what draws them must not fail. */

import type { FieldConfigSource } from "../../src/core/frame/config.ts";
import type { Field, FieldType, Frame } from "../../src/core/frame/frame.ts";
import type { Panel } from "../../src/core/model/dashboard.ts";

const START = Date.UTC(2026, 10, 28);

const time = (values: unknown[]): Field => ({ name: "Time", type: "time", values, config: {} });
const column = (values: unknown[], more: Partial<Field> = {}): Field => ({ name: "Value", type: "number", values, config: {}, ...more });
const of = (fields: Field[], length = fields[0]?.values.length ?? 0, more: Partial<Frame> = {}): Frame => ({ fields, length, refId: "A", ...more });
const minutes = (count: number) => Array.from({ length: count }, (_, index) => START + index * 60_000);
const waves = (count: number, by = 1) => Array.from({ length: count }, (_, index) => Math.sin(index / 5) * by);

/** Odd frames, each with the name of what is odd in it. */
export const ODD_FRAMES: Record<string, () => Frame[]> = {
  "no frames": () => [],
  "no fields": () => [of([])],
  "no rows": () => [of([time([]), column([])])],
  "only a time": () => [of([time(minutes(3))])],
  "no time": () => [of([column([1, 2, 3])])],
  "all null": () => [of([time(minutes(4)), column([null, null, null, null])])],
  "all undefined": () => [of([time(minutes(4)), column([undefined, undefined, undefined, undefined])])],
  "NaN and infinities": () => [of([time(minutes(6)), column([NaN, Infinity, -Infinity, 1, NaN, 2])])],
  "only infinities": () => [of([time(minutes(2)), column([Infinity, -Infinity])])],
  "one point": () => [of([time([START]), column([5])])],
  "two points, one number": () => [of([time(minutes(2)), column([null, 7])])],
  "equal times": () => [of([time([START, START, START, START]), column([1, 2, 3, 4])])],
  "unsorted times": () => [of([time([START + 5000, START, START + 9000, START + 1000]), column([1, 2, 3, 4])])],
  "times that are none": () => [of([time([NaN, null, "x", START]), column([1, 2, 3, 4])])],
  "times far away": () => [of([time([-8.64e15, 0, 8.64e15, 1e300]), column([1, 2, 3, 4])])],
  "mixed lengths": () => [of([time(minutes(5)), column([1, 2]), column([1, 2, 3, 4, 5, 6, 7, 8], { name: "Long" })], 5)],
  "length that is none": () => [of([time(minutes(2)), column([1, 2])], 50)],
  "several frames, other times": () => [of([time(minutes(9)), column(waves(9))]), of([time(minutes(5).map((each) => each + 30_000)), column(waves(5))]), of([])],
  "the same name": () => Array.from({ length: 5 }, () => of([time(minutes(3)), column([1, 2, 3], { labels: { a: "b" } })])),
  "texts as numbers": () => [of([time(minutes(3)), column(["1", "x", ""])])],
  "objects as numbers": () => [of([time(minutes(3)), column([{}, [], () => 1])])],
  "zeros": () => [of([time(minutes(8)), column([0, 0, 0, 0, -0, 0, 0, 0])])],
  "one value always": () => [of([time(minutes(8)), column(Array(8).fill(42))])],
  "huge and tiny": () => [of([time(minutes(4)), column([1e308, -1e308, 5e-324, 0])])],
  "negative": () => [of([time(minutes(6)), column([-1, -10, -100, 0, -0.1, -5])])],
  "long labels": () => [50, 5000].map((length) => of([time(minutes(3)), column([1, 2, 3], { labels: { name: "w".repeat(length), other: "w ".repeat(length / 2) } })])),
  "markup in names": () => [of([time(minutes(2)), column([1, 2], { labels: { name: "<img src=x onerror=alert(1)>" }, config: { displayName: "<b>${__field.labels.name}</b>" } })])],
  "texts and numbers": () => [of([{ name: "name", type: "string", values: ["a", "", null, "a"], config: {} }, column([1, null, NaN, -4]), { name: "ok", type: "boolean", values: [true, false, null, true], config: {} }])],
  "only texts": () => [of([time(minutes(2)), { name: "Line", type: "string", values: ["level=error x=1", "\u001b[31m{\"a\":{\"b\":[1]}}"], config: {} }])],
  "log lines with one id": () => [
    of([time(minutes(3)), { name: "Line", type: "string", values: ["a", "a", null], config: {} }, { name: "id", type: "string", values: ["1", "1", "1"], config: {} }, { name: "labels", type: "other", values: [{ a: "b" }, null, undefined], config: {} }], 3, { meta: { kind: "logs" } }),
  ],
  "nested values": () => [of([{ name: "trend", type: "other", values: [[1, 2, 3], { fields: [] }, null, "x", { fields: [{ type: "number", values: [1, 2] }] }], config: {} }])],
  "buckets": () => [of([time(minutes(3)), ...["0.1", "+Inf", "x", ""].map((le) => column([1, 0, null], { name: le, labels: { le } }))], 3, { meta: { kind: "heatmap" } })],
  "exemplars alone": () => [of([time([START]), column([1]), { name: "trace_id", type: "string", values: ["abc"], config: {} }], 1, { meta: { kind: "exemplars" } })],
  "thresholds without steps": () => [of([time(minutes(3)), column([1, 2, 3], { config: { thresholds: { mode: "absolute", steps: [] }, color: { mode: "thresholds" } } })])],
  "many columns": () => [of([time(minutes(2)), ...Array.from({ length: 300 }, (_, index) => column([index, null], { name: `c${index}` }))])],
};

/** A thousand times more series than a chart shows. */
export function manySeries(count = 10_000): Frame[] {
  const at = minutes(5);
  return Array.from({ length: count }, (_, index) => of([time(at), column(waves(5, index), { labels: { pod: `pod-${index}` } })]));
}

/** Options of all panels together, each of the right type and odd. */
export const ODD_CONFIGS: Record<string, { defaults?: Record<string, unknown>; options?: Record<string, unknown> }> = {
  plain: {},
  "logarithmic": { defaults: { custom: { scaleDistribution: { type: "log", log: 2 } } } },
  "symmetric logarithmic": { defaults: { custom: { scaleDistribution: { type: "symlog", log: 10, linearThreshold: 0 } } } },
  "min above max": { defaults: { min: 10, max: -10 } },
  "min is max": { defaults: { min: 5, max: 5 }, options: { legend: { calcs: ["mean", "diffperc", "allValues"], displayMode: "table", placement: "right" } } },
  "soft limits crossed": { defaults: { custom: { axisSoftMin: 100, axisSoftMax: -100, axisCenteredZero: true } } },
  "percent stack of bars": { defaults: { custom: { drawStyle: "bars", stacking: { mode: "percent", group: "A" }, fillOpacity: 100, gradientMode: "scheme" } }, options: { stacking: "percent", mergeValues: true } },
  "negative stack": { defaults: { custom: { transform: "negative-Y", stacking: { mode: "normal" }, spanNulls: 3_600_000, insertNulls: 1 } } },
  "what few have": {
    defaults: { custom: { cellOptions: { type: "pill" }, tooltip: { field: "Value" }, styleField: "Value", wrapHeaderText: true, hideHeader: true, axisPlacement: "hidden", gradientMode: "hue", thresholdsStyle: { mode: "dashed+area" } } },
    options: { shape: "circle", effects: { gradient: true, barGlow: true, centerGlow: true }, neutral: 1e308, segmentCount: 1, barShape: "rounded", endpointMarker: "point", sparkline: true, textMode: "value_and_name", legend: { showLegend: true, displayMode: "table", calcs: ["mean", "allValues"] }, frozenColumns: { left: 99 }, maxRowHeight: 1, rowsFrame: { layout: "ge", value: "<b>" }, yAxis: { min: 1e308, max: -1e308, axisWidth: 1e9 }, calculate: true, calculation: { xBuckets: { mode: "size", value: "1ms" }, yBuckets: { mode: "count", value: "1e9", scale: { type: "symlog", log: 2, linearThreshold: 1e-300 } } }, cellRadius: 50, cellGap: 25, text: { titleSize: 99, valueSize: 399 }, annotations: { multiLane: true }, fullHighlight: true },
  },
  "segments, limits without numbers": {
    options: { segmentCount: 100, segmentSpacing: 0.9, neutral: -5, showThresholdLabels: true, rowsFrame: { layout: "unknown" }, yAxis: { min: 0.5, max: 0.6, reverse: true }, color: { mode: "scheme", scheme: "constructor", min: 5, max: 5 }, perPage: 1 },
  },
  "everything": {
    defaults: { unit: "bytes", decimals: 20, noValue: "-", color: { mode: "continuous-GrYlRd" }, custom: { cellOptions: { type: "gauge", mode: "lcd" }, thresholdsStyle: { mode: "dashed+area" }, lineInterpolation: "smooth", axisColorMode: "series" } },
    options: { reduceOptions: { values: true, calcs: ["lastNotNull"], limit: 3, fields: "/.*/" }, colorMode: "background", showPercentChange: true, calculate: true, displayMode: "lcd", orientation: "vertical", pieType: "donut", displayLabels: ["name", "value", "percent"], showThresholdLabels: true, footer: { show: true, reducer: ["sum"] }, showSearch: true, combine: true, bucketSize: 1e-9, yAxis: { unit: "s" }, xTickLabelRotation: -45 },
  },
};

/** Random numbers in [0, 1), the same for the same seed. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 4_294_967_296;
  };
}

const KEYS = [
  "legend", "tooltip", "reduceOptions", "orientation", "text", "yAxis", "color", "cellGap", "filterValues", "calculate", "calculation", "footer", "sortBy", "frameIndex", "showHeader", "cellHeight", "mergeValues", "rowHeight", "colWidth", "showValue", "alignValue", "bucketSize",
  "bucketCount", "bucketOffset", "combine", "pieType", "displayLabels", "stacking", "xField", "colorByField", "groupWidth", "barWidth", "barRadius", "xTickLabelRotation", "displayMode", "valueMode", "namePlacement", "showUnfilled", "graphMode", "colorMode", "textMode", "justifyMode",
  "wideLayout", "showPercentChange", "sortOrder", "dedupStrategy", "showTime", "fontSize", "mode", "content", "maxItems", "stateFilter", "showThresholdLabels", "showThresholdMarkers", "minVizWidth", "sizing", "cellValues", "enablePagination", "showSearch", "sort",
  "shape", "barShape", "effects", "neutral", "segmentCount", "segmentSpacing", "sparkline", "endpointMarker", "barWidthFactor", "rowsFrame", "cellRadius", "exemplars", "frozenColumns", "maxRowHeight", "displayedFields", "code", "annotations", "perPage", "fullHighlight", "timezone",
];
const DEFAULTS = ["unit", "decimals", "min", "max", "noValue", "displayName", "color", "thresholds", "mappings", "links", "custom", "fieldMinMax", "nullValueMode", "description"];
const CUSTOM = [
  "drawStyle", "lineWidth", "fillOpacity", "stacking", "lineInterpolation", "spanNulls", "insertNulls", "showPoints", "pointSize", "gradientMode", "thresholdsStyle", "axisPlacement", "axisSoftMin", "axisSoftMax", "axisCenteredZero", "axisLabel", "axisWidth", "axisGridShow", "axisBorderShow",
  "scaleDistribution", "hideFrom", "barAlignment", "barWidthFactor", "barMaxWidth", "lineStyle", "fillBelowTo", "transform", "cellOptions", "displayMode", "align", "width", "minWidth", "filterable", "footer", "hidden", "tooltip", "styleField", "wrapHeaderText", "hideHeader", "wrapText",
];
const WORDS = ["", "none", "normal", "auto", "always", "table", "list", "right", "bottom", "bars", "points", "scheme", "opacity", "percent", "log", "symlog", "area", "line+area", "multi", "desc", "horizontal", "vertical", "thresholds", "continuous-GrYlRd", "palette-classic", "gauge", "sparkline", "color-background", "json-view", "image", "markdown", "pill", "bytes", "percentunit", "s", "dateTimeFromNow", "lastNotNull", "allValues", "mean", "negative-Y", "Value", "/(/", "constructor", "__proto__", "<b>"];

/** Anything that JSON may hold. */
export function anything(random: () => number, depth = 0): unknown {
  const kind = Math.floor(random() * (depth > 3 ? 6 : 8));
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!;
  switch (kind) {
    case 0:
      return null;
    case 1:
      return random() < 0.5;
    case 2:
      return pick([0, -1, 1, 0.5, 100, 1e9, 1e308, -1e-9, 3]);
    case 3:
    case 4:
      return pick(WORDS);
    case 5:
      return String(Math.round(random() * 100) - 50);
    case 6:
      return Array.from({ length: Math.floor(random() * 4) }, () => anything(random, depth + 1));
    default:
      return Object.fromEntries(Array.from({ length: Math.floor(random() * 4) }, () => [pick(["mode", "type", "value", "calcs", "fields", "values", "steps", "color", "fixedColor", "group", "options", "placement", "displayMode", "showLegend", "sortBy", "width", "viz", "legend", "unit", "show", "reducer", "title", "url", "fill", "dash", "log", "scale", "le", "xBuckets", "yBuckets", "result", "from", "to", "match", "text", "id"]), anything(random, depth + 1)]));
  }
}

/** A panel of random options and config, of right and of wrong types. */
export function randomPanel(type: string, random: () => number): Panel {
  const some = (keys: readonly string[]) => Object.fromEntries(keys.filter(() => random() < 0.35).map((key) => [key, anything(random)]));
  const defaults: Record<string, unknown> = some(DEFAULTS);
  if (random() < 0.8) defaults.custom = some(CUSTOM);
  const overrides = random() < 0.4 ? [{ matcher: { id: "byName", options: anything(random) }, properties: [{ id: "custom.hideFrom", value: anything(random) }, { id: "unit", value: anything(random) }] }] : [];
  return panelOf(type, { defaults, overrides } as FieldConfigSource, some(KEYS));
}

/** A panel of a type with options and config. */
export function panelOf(type: string, fieldConfig: FieldConfigSource, options: Record<string, unknown>): Panel {
  return { type, title: type, gridPos: { x: 0, y: 0, w: 12, h: 8 }, targets: [], fieldConfig, options, transformations: [], links: [] };
}

/** A frame of random columns, some of other lengths than they should have. */
export function randomFrame(random: () => number): Frame {
  const types: FieldType[] = ["time", "number", "number", "string", "boolean", "other"];
  const length = Math.floor(random() * 12);
  const fields = Array.from({ length: Math.floor(random() * 5) }, (_, index): Field => {
    // Most have what a chart needs, else little would be drawn.
    const type = index < 2 && random() < 0.7 ? types[index]! : types[Math.floor(random() * types.length)]!;
    const count = random() < 0.1 ? Math.floor(random() * 20) : length;
    const value = (): unknown => {
      const dice = random();
      if (dice < 0.1) return [null, undefined, NaN, Infinity, -Infinity, "", {}][Math.floor(random() * 7)];
      if (type === "time") return START + Math.floor(random() * 4) * (random() < 0.5 ? 60_000 : 1);
      if (type === "number") return (random() - 0.5) * 10 ** Math.floor(random() * 8 - 3);
      if (type === "boolean") return random() < 0.5;
      return type === "string" ? WORDS[Math.floor(random() * WORDS.length)] : anything(random);
    };
    return { name: ["Time", "Value", "Line", "id", "le", "labels", ""][Math.floor(random() * 7)] ?? `c${index}`, type, values: Array.from({ length: count }, value), config: {}, ...(random() < 0.5 ? { labels: { pod: "a", le: WORDS[index]! } } : {}) };
  });
  const kinds = ["timeseries", "table", "logs", "heatmap", "exemplars"] as const;
  return { fields, length: random() < 0.9 ? length : 30, refId: "A", ...(random() < 0.5 ? { meta: { kind: kinds[Math.floor(random() * kinds.length)]!, stepMs: random() < 0.5 ? 60_000 : 0 } } : {}) };
}
