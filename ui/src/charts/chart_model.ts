/** Frames to what a time chart draws: one time axis, a column for each series, colours, styles, scales, stacks. Pure. */

import type { FieldConfig } from "../core/frame/config.ts";
import type { Display, DisplayValue } from "../core/frame/display.ts";
import type { Field, Frame } from "../core/frame/frame.ts";
import { formatValue } from "../core/frame/units.ts";
import { displayProcessor } from "../core/frame/display_processor.ts";
import { seriesColor } from "../core/frame/series_color.ts";
import { withDefaults } from "./field_display.ts";
import { buildScales, type ScaleSpec } from "./scales.ts";
import { type SeriesStyle, seriesStyle } from "./series_style.ts";
import type { ThresholdMark, ThresholdStyle } from "./marks.ts";
import { cssColor, type Theme } from "../core/frame/colors.ts";
import { alignFrames, type Column, stackColumns } from "./columns.ts";

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
  raw: Column;
  /** Index into the field's values at a place of the shared axis; -1 where it has none. */
  rowAt: (index: number) => number;
  display: Display;
  /** The text of a tick of its axis. */
  tick: (value: number, decimals?: number) => string;
  colorOf: (value: number) => string;
  /** Changes when the colours by value change. */
  gradientKey: string;
}

export interface StackBand {
  /** uPlot's numbers of the upper and the lower series. */
  series: [number, number];
  dir: 1 | -1;
}

export interface ChartModel {
  times: number[];
  series: ChartSeries[];
  scales: ScaleSpec[];
  thresholds: ThresholdMark[];
  /** Series beyond `SERIES_DRAWN` that are not drawn. */
  left: number;
  /** What uPlot draws, without hidden series in the stacks. */
  data: (hidden: ReadonlySet<string>) => [number[], ...Column[]];
  bands: (hidden: ReadonlySet<string>) => StackBand[];
}

/** Series of one chart at most: more are one colour of noise, and slow. */
export const SERIES_DRAWN = 1000;

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
  return stacking.mode === "percent" ? { ...config, unit: "percentunit", min: config.min ?? 0, max: config.max ?? 1 } : config;
}

/** Everything that a time chart of the frames needs. Columns of other types than number (and boolean) are left out. */
export function chartModel(frames: readonly Frame[], theme: Theme, zone: string): ChartModel {
  const aligned = alignFrames(frames, SERIES_DRAWN);
  for (const column of aligned.columns) column.field = withDefaults(column.field, "palette-classic", column.place);
  const taken = new Map<string, number>();
  const configs = aligned.columns.map(({ field }) => axisConfig(field.config));
  const styles = aligned.columns.map(({ field }) => seriesStyle(field.config));
  const { scales, keys } = buildScales(configs, styles.map((style) => style.draw === "bars"));
  const series = aligned.columns.map(({ field, frame, values, rowAt }, index): ChartSeries => {
    const name = field.display ?? field.name;
    const count = taken.get(name) ?? 0;
    taken.set(name, count + 1);
    const display = displayProcessor(field, theme, zone);
    const config = configs[index]!;
    const plain: Display = config === field.config ? display : (value): DisplayValue => ({ ...formatValue(config.unit, Number(value)), numeric: Number(value) });
    return {
      id: count ? `${name} (${count + 1})` : name, name, field, frame,
      color: seriesColor(field, theme),
      style: styles[index]!,
      scale: keys[index]!,
      raw: values, rowAt, display,
      tick: (value, decimals) => {
        if (decimals === undefined && config.mappings?.length) {
          const shown = plain(value);
          return (shown.prefix ?? "") + shown.text + (shown.suffix ?? "");
        }
        const shown = formatValue(config.unit, value, decimals, zone);
        return (shown.prefix ?? "") + shown.text + (shown.suffix ?? "");
      },
      colorOf: (value) => display(value).color ?? cssColor("text", theme),
      gradientKey: styles[index]!.gradient === "scheme" ? JSON.stringify([field.config.thresholds, field.config.color, field.config.min, field.config.max]) : "",
    };
  });
  const stacked = (hidden: ReadonlySet<string>) =>
    stackColumns(series.map((each) => ({
      values: each.raw, config: each.field.config, hidden: hidden.has(each.id) || each.style.hideFrom.viz, scale: each.scale,
      bars: each.style.draw === "bars", log: scales.find((scale) => scale.key === each.scale)?.distribution === "log",
    })));
  let cached: { hidden: ReadonlySet<string>; made: ReturnType<typeof stackColumns> } | null = null;
  const stackOf = (hidden: ReadonlySet<string>) => {
    if (cached?.hidden !== hidden) cached = { hidden, made: stacked(hidden) };
    return cached.made;
  };
  return {
    times: aligned.times, series, scales, thresholds: thresholdMarks(series, theme), left: aligned.left,
    data: (hidden) => [aligned.times, ...stackOf(hidden).columns],
    bands: (hidden) => stackOf(hidden).bands,
  };
}
