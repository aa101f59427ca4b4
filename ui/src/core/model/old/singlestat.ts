/** The singlestat panel of before Grafana 7, as stat or gauge, and the first forms of those two. */

import type { Threshold, ValueMapping } from "../../frame/config.ts";
import { isRecord, type Json, number, present, record, records, text, without } from "../part.ts";
import { mappingsOf } from "./mappings.ts";
import { mapsOf } from "./maps.ts";

const KEYS = [
  "cacheTimeout", "colorBackground", "colorPostfix", "colorPrefix", "colorValue", "colors", "decimals", "format", "gauge", "mappingType", "mappingTypes",
  "nullPointMode", "nullText", "postfix", "postfixFontSize", "prefix", "prefixFontSize", "rangeMaps", "sparkline", "tableColumn", "thresholds",
  "valueFontSize", "valueMaps", "valueName", "aliasColors", "bars", "dashLength", "dashes", "fill", "legend", "lines", "linewidth", "percentage",
  "pointradius", "points", "renderer", "seriesOverrides", "spaceLength", "stack", "steppedLine", "tooltip", "xaxis", "yaxes",
];

/** Names of one value of a series to reducers. */
const CALCS: Record<string, string> = {
  avg: "mean", current: "lastNotNull", first: "firstNotNull", min: "min", max: "max", total: "sum", delta: "delta", diff: "diff", range: "range", name: "lastNotNull",
  last_time: "lastNotNull",
};

const COLORS = ["#299c46", "rgba(237, 129, 40, 0.89)", "#d44a3a"];

/** The reducer that an old name of a value means. */
export function calcOf(name: unknown): string {
  return CALCS[String(name ?? "avg")] ?? "mean";
}

/** Steps of "70,80" and three colours. Null where there are no numbers in it. */
export function stepsOf(thresholds: unknown, colors: unknown): Threshold[] | null {
  const values = (Array.isArray(thresholds) ? thresholds : typeof thresholds === "string" ? thresholds.split(",") : []).map(number).filter((value) => value !== undefined);
  if (!values.length) return null;
  const given = Array.isArray(colors) ? colors.filter((color): color is string => typeof color === "string") : [];
  const hues = given.length ? given : COLORS;
  return [null, ...values].map((value, i) => ({ value, color: hues[Math.min(i, hues.length - 1)]! }));
}

/** The panel in today's form; `say` is told what has no place there. */
export function fromSinglestat(raw: Json, say: (text: string) => void): Json {
  const gauge = record(raw.gauge);
  const isGauge = gauge.show === true;
  const steps = stepsOf(raw.thresholds, raw.colors);
  const colored = raw.colorBackground === true || raw.colorValue === true || isGauge;
  const unit = unitOf(raw, say);
  const defaults = present({
    unit,
    decimals: number(raw.decimals),
    noValue: text(raw.nullText),
    min: isGauge ? number(gauge.minValue) ?? 0 : undefined,
    max: isGauge ? number(gauge.maxValue) ?? 100 : undefined,
    mappings: mapsOf(raw) as ValueMapping[],
    color: colored ? { mode: "thresholds" } : { mode: "fixed", fixedColor: text(record(raw.sparkline).lineColor) ?? "text" },
    thresholds: { mode: "absolute", steps: steps ?? [{ value: null, color: "green" }] },
  });
  const column = text(raw.tableColumn);
  const reduceOptions = { calcs: [calcOf(raw.valueName)], fields: column ? `/^${column.replace(/[\\^$*+?.()|[\]{}/]/g, "\\$&")}$/` : "", values: false };
  const rest = { ...without(raw, KEYS), fieldConfig: { defaults, overrides: [] } };
  if (isGauge) {
    return {
      ...rest, type: "gauge",
      options: { reduceOptions, orientation: "auto", showThresholdMarkers: gauge.thresholdMarkers !== false, showThresholdLabels: gauge.thresholdLabels === true },
    };
  }
  return {
    ...rest, type: "stat",
    options: {
      reduceOptions, orientation: "horizontal", justifyMode: "auto", graphMode: record(raw.sparkline).show === true ? "area" : "none",
      colorMode: raw.colorBackground === true ? "background" : raw.colorValue === true ? "value" : "none", textMode: raw.valueName === "name" ? "name" : "value",
    },
  };
}

function unitOf(raw: Json, say: (text: string) => void): string | undefined {
  const unit = text(raw.format);
  const prefix = text(raw.prefix);
  const postfix = text(raw.postfix);
  if (!prefix && !postfix) return unit;
  // A unit can carry one of them, and only where it is no unit of its own.
  if ((!unit || unit === "none" || unit === "short") && !(prefix && postfix)) return prefix ? `prefix:${prefix}` : `suffix:${postfix}`;
  say(`the text before or after the value ("${[prefix, postfix].filter(Boolean).join('", "')}") has no place beside a unit; it is left out`);
  return unit;
}

/** Stat, gauge and bar gauge of Grafana 6: what is of the field goes into `fieldConfig`, what reduces into `reduceOptions`. */
export function fromFieldOptions(raw: Json): Json {
  const options = record(raw.options);
  const old = record(options.fieldOptions);
  const first = record(options.valueOptions);
  if (!isRecord(options.fieldOptions) && !isRecord(options.valueOptions) && options.reduceOptions !== undefined) return raw;
  if (!isRecord(options.fieldOptions) && !isRecord(options.valueOptions)) return raw;
  const before = record(old.defaults);
  const steps = records(before.thresholds ?? old.thresholds ?? options.thresholds);
  const thresholds = isRecord(before.thresholds) ? before.thresholds : steps.length ? { mode: "absolute", steps: steps.map(stepOf) } : undefined;
  const config = record(raw.fieldConfig);
  const defaults = present({
    ...without(before, ["thresholds", "mappings", "title"]),
    unit: text(before.unit) ?? text(first.unit),
    decimals: number(before.decimals) ?? number(first.decimals),
    min: number(before.min) ?? number(options.minValue),
    max: number(before.max) ?? number(options.maxValue),
    displayName: text(before.displayName) ?? text(before.title),
    mappings: mappingsOf(before.mappings ?? old.mappings ?? options.valueMappings),
    thresholds,
    color: record(before.color).mode ? before.color : { mode: "thresholds" },
    ...record(config.defaults),
  });
  const calcs = Array.isArray(old.calcs) ? old.calcs.map((calc) => (calc === "current" || calc === "last" ? "lastNotNull" : calc)) : [first.stat ? calcOf(first.stat) : "mean"];
  return {
    ...raw,
    fieldConfig: { defaults, overrides: records(config.overrides).length ? config.overrides : (old.overrides ?? []) },
    options: {
      ...without(options, ["fieldOptions", "valueOptions", "thresholds", "valueMappings", "minValue", "maxValue"]),
      reduceOptions: { calcs, fields: "", values: old.values === true, ...(number(old.limit) === undefined ? {} : { limit: number(old.limit) }) },
    },
  };
}

function stepOf(step: Json, index: number): Threshold {
  return { value: index === 0 ? null : (number(step.value) ?? null), color: text(step.color) ?? "green" };
}
