/** Frames to what a time chart draws: one time axis, a column for each series, colours, styles, scales, stacks. Pure. */

import type { FieldConfig } from "../core/frame/config.ts";
import type { Display } from "../core/frame/display.ts";
import type { Field, Frame } from "../core/frame/frame.ts";
import { formatValue } from "../core/frame/units.ts";
import { displayProcessor } from "../core/frame/display_processor.ts";
import { seriesColor } from "../core/frame/series_color.ts";
import { withDefaults } from "./field_display.ts";
import { buildScales, type ScaleSpec } from "./scales.ts";
import { type SeriesStyle, seriesStyle } from "./series_style.ts";
import type { ThresholdMark, ThresholdStyle } from "./marks.ts";
import { cssColor, type Theme } from "../core/frame/colors.ts";
import { chartData } from "../core/frame/series.ts";
import { uniqueIds } from "./unique_ids.ts";

/** null is a gap in the line; undefined only means that this series has no value at that time. */
export type Column = (number | null | undefined)[];

export interface ChartSeries {
  /** Display name, with a number where two are the same: the key of what is hidden. */
  id: string;
  name: string;
  field: Field;
  frame: Frame;
  color: string;
  style: SeriesStyle;
  scale: string;
  /** On the shared time axis, as the query gave them: null is a gap, undefined no value of this series. */
  raw: readonly unknown[];
  /** Index into the field's values at a place of the shared axis; -1 where it has none. */
  rowAt: (index: number) => number;
  display: Display;
  /** The text of a tick of its axis. */
  tick: (value: number, decimals?: number) => string;
  colorOf: (value: number) => string;
}

export interface StackBand {
  /** uPlot's numbers of the upper and the lower series. */
  series: [number, number];
  dir: 1 | -1;
}

export interface ChartModel {
  times: readonly number[];
  series: ChartSeries[];
  scales: ScaleSpec[];
  thresholds: ThresholdMark[];
  /** Series that are too many to be drawn. */
  left: number;
  /** What uPlot draws, without hidden series in the stacks. */
  data: (hidden: ReadonlySet<string>) => [readonly number[], ...Column[]];
  bands: (hidden: ReadonlySet<string>) => StackBand[];
}

/** Series of one chart at most, where nobody asked for more: they are one colour of noise, and slow. */
export const SERIES_DRAWN = 1000;

/** How dense an area down to another series is, of which nothing is said, percent. */
const FILL_BELOW = 35;

const AREA_STYLES: readonly ThresholdStyle[] = ["line", "dashed", "area", "line+area", "dashed+area"];

function thresholdMarks(series: readonly ChartSeries[], theme: Theme): ThresholdMark[] {
  const marks = new Map<string, ThresholdMark>();
  for (const { field, scale } of series) {
    const style = ((field.config.custom?.thresholdsStyle ?? {}) as { mode?: unknown }).mode;
    const known = AREA_STYLES.find((each) => each === style);
    const { thresholds } = field.config;
    if (!known || !thresholds || marks.has(scale)) continue;
    marks.set(scale, {
      scale, style: known, percentage: thresholds.mode === "percentage",
      steps: thresholds.steps.map((step, index) => ({ value: index === 0 ? null : step.value, color: cssColor(step.color, theme) })),
    });
  }
  return [...marks.values()];
}

/** Config of a column as its axis sees it: shares of a stack are percent. */
function axisConfig(config: FieldConfig): FieldConfig {
  const stacking = (config.custom?.stacking ?? {}) as { mode?: unknown };
  if (stacking.mode !== "percent") return config;
  return { ...config, unit: "percentunit", max: config.max ?? 1, custom: { ...config.custom, axisSoftMin: 0 } };
}

/** Frames of which each numeric column has a colour mode, with at most `most` such columns, and how many more there were. */
function prepared(frames: readonly Frame[], most: number): { frames: Frame[]; left: number } {
  let place = 0;
  let left = 0;
  // Exemplars are single samples of other series: no lines of this chart.
  const made = frames.filter((frame) => frame.meta?.kind !== "exemplars").map((frame): Frame => {
    const fields = frame.fields.flatMap((field): Field[] => {
      if (field.type !== "number" && field.type !== "boolean") return [field];
      if (place < most) return [withDefaults(field, "palette-classic", place++)];
      left++;
      return [];
    });
    return { ...frame, fields };
  });
  return { frames: made, left };
}

/** Everything that a time chart of at most `most` series of the frames needs. Columns of other types than number (and boolean) are left out. */
export function chartModel(given: readonly Frame[], theme: Theme, zone: string, most = SERIES_DRAWN): ChartModel {
  const { frames, left } = prepared(given, most);
  const whole = chartData(frames);
  const { times } = whole;
  const configs = whole.series.map(({ field }) => axisConfig(field.config));
  const styles = whole.series.map(({ field }) => seriesStyle(field.config));
  const { scales, keys } = buildScales(configs, styles.map((style) => style.draw === "bars"));
  const names = whole.series.map(({ field }) => field.display ?? field.name);
  const ids = uniqueIds(names);
  const series = whole.series.map(({ field, frame, raw }, index): ChartSeries => {
    const name = names[index]!;
    const display = displayProcessor(field, theme, zone);
    const config = configs[index]!;
    const time = frame.fields.find((each) => each.type === "time");
    return {
      id: ids[index]!, name, field, frame, raw, display,
      color: seriesColor(field, theme),
      style: styles[index]!,
      scale: keys[index]!,
      rowAt: (at) => time?.values.indexOf(times[at]) ?? -1,
      tick: (value, decimals) => {
        const shown = decimals === undefined && config === field.config && config.mappings?.length ? display(value) : formatValue(config.unit, value, decimals, zone);
        return (shown.prefix ?? "") + shown.text + (shown.suffix ?? "");
      },
      colorOf: (value) => display(value).color ?? cssColor("text", theme),
    };
  });
  const lower = series.map(({ style, field }, index): number => {
    if (!style.fillBelowTo) return -1;
    const found = series.findIndex((other) => other.field !== field && (other.name === style.fillBelowTo || other.field.name === style.fillBelowTo));
    // Without the other one there is nothing to fill.
    series[index]!.style = { ...style, fillOpacity: found < 0 ? 0 : style.fillOpacity || FILL_BELOW };
    return found;
  });
  const idOf = new Map(series.map((each) => [each.field, each.id]));
  let cached: { hidden: ReadonlySet<string>; drawn: typeof whole } | null = null;
  const drawnWithout = (hidden: ReadonlySet<string>) => {
    if (cached?.hidden !== hidden) cached = { hidden, drawn: hidden.size === 0 ? whole : chartData(frames, (field) => hidden.has(idOf.get(field) ?? "")) };
    return cached.drawn;
  };
  return {
    times, series, scales, thresholds: thresholdMarks(series, theme), left,
    data: (hidden) => [
      times,
      // A bar of no height would leave a dash on the axis.
      ...drawnWithout(hidden).series.map(({ values, below }, index) => (styles[index]!.draw === "bars" && below === null ? values.map((value) => (value === 0 ? null : value)) : values)),
    ],
    bands: (hidden) =>
      drawnWithout(hidden).series.flatMap(({ below, values }, index): StackBand[] => {
        // Where the lower one is hidden uPlot fills nothing.
        if (lower[index]! >= 0) return [{ series: [index + 1, lower[index]! + 1], dir: -1 }];
        if (below === null) return [];
        const negative = values.some((value) => typeof value === "number" && value < 0);
        return [{ series: [index + 1, below + 1], dir: negative ? 1 : -1 }];
      }),
  };
}
