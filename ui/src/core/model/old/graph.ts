/** The graph panel of before Grafana 7.4, as the time series that draws the same. */

import type { DataLink, Override, Threshold } from "../../frame/config.ts";
import { type Json, number, present, record, records, text, without } from "../part.ts";
import { oldNames } from "./names.ts";

const KEYS = [
  "aliasColors", "bars", "dashLength", "dashes", "decimals", "fill", "fillGradient", "hiddenSeries", "legend", "lines", "linewidth", "nullPointMode",
  "percentage", "pointradius", "points", "renderer", "seriesOverrides", "spaceLength", "stack", "steppedLine", "thresholds", "timeRegions",
  "tooltip", "xaxis", "yaxes", "yaxis", "x-axis", "y-axis", "y_formats", "grid", "leftYAxisLabel", "rightYAxisLabel", "format",
];

const CALCS: readonly (readonly [string, string, string])[] = [
  ["min", "min", "Min"], ["max", "max", "Max"], ["avg", "mean", "Mean"], ["current", "lastNotNull", "Last *"], ["total", "sum", "Total"],
];

/** The panel in today's form. An x axis of series becomes bars of one value each, one of values a histogram. */
export function fromGraph(raw: Json): Json {
  const axes = axesOf(raw);
  const legend = record(raw.legend);
  const mode = record(raw.xaxis).mode;
  // Since 7.0 it had a field config beside its own settings, with links and names.
  const config = record(raw.fieldConfig);
  const kept = record(config.defaults);
  const defaults = present({
    ...kept,
    ...axisDefaults(axes[0]),
    decimals: number(raw.decimals) ?? axes[0]?.decimals,
    color: { mode: "palette-classic" },
    links: linksOf(raw) ?? kept.links,
    custom: { ...drawing(raw), ...axisCustom(axes[0]), ...stacking(raw) } as Json,
  });
  const thresholds = thresholdsOf(raw.thresholds);
  if (thresholds) {
    defaults.custom.thresholdsStyle = { mode: thresholds.style };
    Object.assign(defaults, { thresholds: { mode: "absolute", steps: thresholds.steps } });
  }
  const overrides = [...records(config.overrides), ...aliasColors(raw.aliasColors), ...records(raw.seriesOverrides).flatMap((each) => seriesOverride(each, axes[1], raw)), ...hidden(legend)];
  const shared = { ...without(raw, KEYS), fieldConfig: { defaults, overrides } };
  if (mode === "histogram") {
    return { ...shared, type: "histogram", options: present({ legend: legendOf(legend), tooltip: tooltipOf(raw.tooltip), bucketCount: number(record(raw.xaxis).buckets) }) };
  }
  if (mode === "series") {
    const calc = CALCS.find(([old]) => Array.isArray(record(raw.xaxis).values) && (record(raw.xaxis).values as unknown[])[0] === old)?.[1] ?? "sum";
    return {
      ...shared, type: "bargauge",
      options: { reduceOptions: { calcs: [calc], fields: "", values: false }, displayMode: "basic", orientation: "vertical", showUnfilled: false },
    };
  }
  return { ...shared, type: "timeseries", options: { legend: legendOf(legend), tooltip: tooltipOf(raw.tooltip) } };
}

interface Axis {
  unit?: string;
  min?: number;
  max?: number;
  decimals?: number;
  label?: string;
  log: number;
  show: boolean;
}

function axesOf(raw: Json): Axis[] {
  const axes = records(raw.yaxes).map((axis) => ({
    ...present({ unit: text(axis.format), min: number(axis.min), max: number(axis.max), decimals: number(axis.decimals), label: text(axis.label) }),
    log: number(axis.logBase) ?? 1,
    show: axis.show !== false,
  }));
  // Before version 9 the axes were spread over the panel.
  if (!axes.length && Array.isArray(raw.y_formats)) {
    const grid = record(raw.grid);
    return [["left", "leftYAxisLabel"], ["right", "rightYAxisLabel"]].map(([side, label], i) => ({
      ...present({ unit: text((raw.y_formats as unknown[])[i]), min: number(grid[`${side}Min`]), max: number(grid[`${side}Max`]), label: text(raw[label!]) }),
      log: number(grid[`${side}LogBase`]) ?? 1,
      show: raw["y-axis"] !== false,
    }));
  }
  return axes;
}

function axisDefaults(axis: Axis | undefined): { unit?: string; min?: number; max?: number } {
  return present({ unit: axis?.unit, min: axis?.min, max: axis?.max });
}

function axisCustom(axis: Axis | undefined): Json {
  return present({
    axisLabel: axis?.label,
    axisPlacement: axis && !axis.show ? "hidden" : "auto",
    scaleDistribution: axis && axis.log > 1 ? { type: "log", log: axis.log } : { type: "linear" },
  });
}

function drawing(raw: Json): Json {
  const lines = raw.lines !== false;
  const bars = raw.bars === true;
  const points = raw.points === true;
  const fill = Math.min(100, (number(raw.fill) ?? 1) * 10);
  return {
    drawStyle: bars && !lines ? "bars" : !lines && points ? "points" : bars ? "bars" : "line",
    lineWidth: lines ? (number(raw.linewidth) ?? 1) : bars ? 1 : 0,
    fillOpacity: bars ? 100 : lines ? fill : 0,
    gradientMode: (number(raw.fillGradient) ?? 0) > 0 ? "opacity" : "none",
    lineInterpolation: raw.steppedLine === true ? "stepAfter" : "linear",
    showPoints: points ? "always" : "never",
    pointSize: 2 + (number(raw.pointradius) ?? 2) * 2,
    ...(raw.dashes === true ? { lineStyle: { fill: "dash", dash: [number(raw.dashLength) ?? 10, number(raw.spaceLength) ?? 10] } } : {}),
    ...nulls(raw.nullPointMode),
  };
}

/** Nulls as zeros have no setting in Grafana's time series; ours draws them where `nullsAsZero` is set. */
function nulls(mode: unknown): Json {
  if (mode === "connected") return { spanNulls: true };
  return mode === "null as zero" ? { spanNulls: false, nullsAsZero: true } : { spanNulls: false };
}

function stacking(raw: Json): Json {
  const mode = raw.stack !== true ? "none" : raw.percentage === true ? "percent" : "normal";
  return { stacking: { mode, group: "A" } };
}

/** Also of other old panels with a legend like the graph's. */
export function legendOf(legend: Json): Json {
  const calcs = legend.values === true ? CALCS.filter(([old]) => legend[old] === true) : [];
  const sort = CALCS.find(([old]) => old === legend.sort);
  return present({
    displayMode: legend.alignAsTable === true ? "table" : "list",
    placement: legend.rightSide === true ? "right" : "bottom",
    showLegend: legend.show !== false,
    calcs: calcs.map(([, calc]) => calc),
    sortBy: sort?.[2],
    sortDesc: sort ? legend.sortDesc !== false : undefined,
    width: legend.rightSide === true ? number(legend.sideWidth) : undefined,
  });
}

function tooltipOf(value: unknown): Json {
  const tooltip = record(value);
  return { mode: tooltip.shared === false ? "single" : "multi", sort: tooltip.sort === 1 ? "asc" : tooltip.sort === 2 ? "desc" : "none" };
}

function aliasColors(value: unknown): Override[] {
  return Object.entries(record(value)).flatMap(([name, color]) =>
    typeof color === "string" ? [{ matcher: { id: "byName", options: name }, properties: [{ id: "color", value: { mode: "fixed", fixedColor: color } }] }] : []);
}

/** What one rule by alias comes to; of a series on the right axis also all that this axis says. */
function seriesOverride(rule: Json, right: Axis | undefined, raw: Json): Override[] {
  const alias = text(rule.alias);
  if (!alias) return [];
  const properties: Override["properties"] = [];
  const custom = (id: string, value: unknown) => value !== undefined && properties.push({ id: `custom.${id}`, value });
  const bars = rule.bars ?? raw.bars;
  const lines = rule.lines ?? raw.lines;
  const points = rule.points ?? raw.points;
  if (rule.bars !== undefined || rule.lines !== undefined || rule.points !== undefined) {
    custom("drawStyle", bars === true ? "bars" : lines === false ? "points" : "line");
    if (bars !== true && lines === false && points !== true) custom("lineWidth", 0);
    if (rule.points !== undefined) custom("showPoints", rule.points === true ? "always" : "never");
  }
  const fill = number(rule.fill);
  if (fill !== undefined) custom("fillOpacity", Math.min(100, fill * 10));
  custom("lineWidth", number(rule.linewidth));
  const radius = number(rule.pointradius);
  if (radius !== undefined) custom("pointSize", 2 + radius * 2);
  if (rule.fillGradient !== undefined) custom("gradientMode", (number(rule.fillGradient) ?? 0) > 0 ? "opacity" : "none");
  if (rule.steppedLine !== undefined) custom("lineInterpolation", rule.steppedLine === true ? "stepAfter" : "linear");
  if (rule.dashes !== undefined) {
    const dash = [number(rule.dashLength ?? raw.dashLength) ?? 10, number(rule.spaceLength ?? raw.spaceLength) ?? 10];
    custom("lineStyle", rule.dashes === true ? { fill: "dash", dash } : { fill: "solid" });
  }
  if (rule.nullPointMode !== undefined) for (const [id, value] of Object.entries(nulls(rule.nullPointMode))) custom(id, value);
  if (rule.stack !== undefined) {
    const mode = rule.stack === false ? "none" : raw.percentage === true ? "percent" : "normal";
    custom("stacking", { mode, group: rule.stack === false ? false : typeof rule.stack === "string" ? rule.stack : "A" });
  }
  if (rule.transform === "negative-Y" || rule.transform === "constant") custom("transform", rule.transform);
  if (typeof rule.fillBelowTo === "string") {
    custom("fillBelowTo", rule.fillBelowTo);
    if (rule.lines === false) custom("lineWidth", 0);
  }
  if (rule.hiddenSeries === true || rule.legend === false || rule.hideTooltip === true) {
    custom("hideFrom", { viz: rule.hiddenSeries === true, legend: rule.legend === false, tooltip: rule.hideTooltip === true });
  }
  if (typeof rule.color === "string") properties.push({ id: "color", value: { mode: "fixed", fixedColor: rule.color } });
  if (number(rule.yaxis) === 2) {
    for (const [id, value] of Object.entries(axisDefaults(right))) properties.push({ id, value });
    if (right?.decimals !== undefined) properties.push({ id: "decimals", value: right.decimals });
    for (const [id, value] of Object.entries(axisCustom(right))) custom(id, id === "axisPlacement" ? (value === "hidden" ? "hidden" : "right") : value);
  }
  if (!properties.length) return [];
  return [{ matcher: { id: /^\/.*\/[a-z]*$/s.test(alias) ? "byRegexp" : "byName", options: alias }, properties }];
}

function hidden(legend: Json): Override[] {
  const rule = (reducer: string): Override => ({
    matcher: { id: "byValue", options: { reducer, op: "gte", value: 0 } },
    properties: [{ id: "custom.hideFrom", value: { tooltip: true, viz: false, legend: true } }],
  });
  return [...(legend.hideEmpty === true ? [rule("allIsNull")] : []), ...(legend.hideZero === true ? [rule("allIsZero")] : [])];
}

const THRESHOLD_COLORS: Record<string, string> = { critical: "red", warning: "orange", ok: "green" };

function thresholdsOf(value: unknown): { steps: Threshold[]; style: string } | null {
  const list = records(value).flatMap((each) => {
    const at = number(each.value);
    return at === undefined ? [] : [{ at, below: each.op === "lt", fill: each.fill === true, line: each.line === true, color: thresholdColor(each) }];
  });
  if (!list.length) return null;
  list.sort((a, b) => a.at - b.at);
  const steps: Threshold[] = [{ value: null, color: "transparent" }];
  for (const { at, below, color } of list) {
    // "Below 10" colours the step that ends at 10.
    if (below) steps[steps.length - 1] = { ...steps[steps.length - 1]!, color };
    steps.push({ value: at, color: below ? "transparent" : color });
  }
  const fill = list.some((each) => each.fill);
  return { steps, style: fill ? (list.some((each) => each.line) ? "line+area" : "area") : "line" };
}

function thresholdColor(each: Json): string {
  const own = each.fill === true ? (text(each.fillColor) ?? text(each.lineColor)) : (text(each.lineColor) ?? text(each.fillColor));
  return THRESHOLD_COLORS[String(each.colorMode ?? "critical")] ?? own ?? "red";
}

function linksOf(raw: Json): DataLink[] | undefined {
  const links = records(record(raw.options).dataLinks).map((link) =>
    present({ title: text(link.title), url: oldNames(text(link.url) ?? ""), targetBlank: link.targetBlank === true ? true : undefined }));
  return links.length ? links : undefined;
}
