/** The heatmap of before Grafana 9.1. */

import { isRecord, type Json, number, present, record, text, without } from "../part.ts";

const KEYS = [
  "cards", "color", "dataFormat", "heatmap", "hideZeroBuckets", "highlightCards", "legend", "reverseYBuckets", "tooltip", "tooltipDecimals", "xAxis",
  "xBucketNumber", "xBucketSize", "yAxis", "yBucketBound", "yBucketNumber", "yBucketSize",
];

/** Whether the panel is of the old form. Some carry both: then the new one counts. */
export function isOldHeatmap(raw: Json): boolean {
  const options = record(raw.options);
  return options.calculate === undefined && !isRecord(options.color) && (isRecord(raw.yAxis) || raw.dataFormat !== undefined || isRecord(raw.cards));
}

/** The panel in today's form. */
export function fromOldHeatmap(raw: Json): Json {
  const color = record(raw.color);
  const y = record(raw.yAxis);
  const tooltip = record(raw.tooltip);
  const buckets = raw.dataFormat === "tsbuckets";
  const log = number(y.logBase) ?? 1;
  const bucketAxis = (size: unknown, count: unknown) =>
    size !== undefined && size !== null ? { mode: "size", value: String(size) } : count !== undefined && count !== null ? { mode: "count", value: String(count) } : undefined;
  const layout = { upper: "le", lower: "ge", middle: "unknown" }[String(raw.yBucketBound)] ?? "auto";
  return {
    ...without(raw, KEYS),
    type: "heatmap",
    fieldConfig: isRecord(raw.fieldConfig) ? raw.fieldConfig : { defaults: { custom: { scaleDistribution: { type: "linear" } } }, overrides: [] },
    options: {
      calculate: !buckets,
      calculation: present({
        xBuckets: bucketAxis(raw.xBucketSize, raw.xBucketNumber),
        yBuckets: log > 1 ? { mode: "size", value: "1", scale: { type: "log", log } } : bucketAxis(raw.yBucketSize, raw.yBucketNumber),
      }),
      color: present({
        mode: color.mode === "opacity" ? "opacity" : "scheme", scheme: schemeOf(color.colorScheme), fill: text(color.cardColor) ?? "dark-orange",
        scale: color.colorScale === "linear" ? "linear" : "exponential", exponent: number(color.exponent) ?? 0.5, steps: 128, reverse: false,
        min: number(color.min), max: number(color.max),
      }),
      yAxis: present({
        axisPlacement: y.show === false ? "hidden" : "left", unit: text(y.format), decimals: number(y.decimals), min: number(y.min), max: number(y.max),
        reverse: raw.reverseYBuckets === true,
      }),
      rowsFrame: { layout },
      cellGap: number(record(raw.cards).cardPadding) ?? 2,
      cellRadius: number(record(raw.cards).cardRound) ?? 0,
      filterValues: { le: 1e-9 },
      legend: { show: record(raw.legend).show === true },
      showValue: "never",
      tooltip: { mode: tooltip.show === false ? "none" : "single", yHistogram: tooltip.showHistogram === true },
      exemplars: { color: "rgba(255,0,255,0.7)" },
    },
  };
}

/** "interpolateSpectral" of the old one is "Spectral". */
function schemeOf(value: unknown): string {
  const name = text(value) ?? "interpolateSpectral";
  return name.startsWith("interpolate") ? name.slice("interpolate".length) : name;
}
