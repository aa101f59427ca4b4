/** A model of time series to uPlot's options: axes, scales, paths, fills, marks. */

import uPlot from "uplot";
import { timeTicks } from "../core/time/ticks.ts";
import type { ChartModel, ChartSeries } from "./chart_model.ts";
import { faded } from "./css_color.ts";
import { hueFill, opacityFill, schemeFill } from "./gradient.ts";
import { type AnnotationMark, drawAnnotations, drawThresholdAreas, drawThresholdLines, type ThresholdMark } from "./marks.ts";
import { type ScaleSpec, scaleRange, tickTexts, valueTicks } from "./scales.ts";
import { textWidth } from "./text_width.ts";
import type { ChartColors } from "./theme.svelte.ts";

/** What a plot reads each time it draws, so that it needs no new plot when it changes. */
export interface TimePlotState {
  model: ChartModel;
  colors: ChartColors;
  zone: string;
  /** Zones of the time axes, where the panel has its own; one axis for each. */
  zones?: readonly string[];
  annotations: readonly AnnotationMark[];
  thresholds: readonly ThresholdMark[];
  /** Of a y scale, set by a drag on its axis. */
  stretched: (scale: string) => [number, number] | null;
}

/** Labels one above the other need so much room each, px. */
const LABEL_PX = 13;
const FONT_PX = 11;
/** Series whose points light up under the crosshair, at most: each is an element of the page. */
const LIT_SERIES = 40;

/** A time axis at the bottom, labelled in the zone. */
export function timeAxis(state: () => Pick<TimePlotState, "colors" | "zone">, show: boolean): uPlot.Axis {
  const { colors } = state();
  let labels = new Map<number, string>();
  return {
    scale: "x",
    side: 2,
    show,
    font: `${FONT_PX}px ${colors.font}`,
    stroke: () => state().colors.weak,
    grid: { show: true, stroke: () => state().colors.grid, width: 1 },
    ticks: { show: true, stroke: () => state().colors.border, width: 1, size: 4 },
    size: 26,
    gap: 4,
    splits: (plot, _axis, from, to) => {
      const width = plot.bbox.width / uPlot.pxRatio;
      const long = to - from > 86_400_000;
      const ticks = timeTicks(from, to, Math.floor(width / (long ? 90 : 70)) || 1, state().zone);
      labels = new Map(ticks.values.map((value, index) => [value, ticks.labels[index] ?? ""]));
      return ticks.values;
    },
    values: (_plot, splits) => splits.map((split) => labels.get(split) ?? ""),
  };
}

/** One time axis, or one for each zone that the panel names, each with its name. */
function timeAxes(state: () => TimePlotState, show: boolean): uPlot.Axis[] {
  const { zones = [], colors } = state();
  if (zones.length === 0) return [timeAxis(state, show)];
  return zones.map((zone, at) => ({
    ...timeAxis(() => ({ colors: state().colors, zone: zone || state().zone }), show),
    ...(at ? { grid: { show: false } } : {}),
    ...(zones.length > 1 ? { label: zone || "default", labelSize: 14, labelGap: 0, labelFont: `10px ${colors.font}` } : {}),
  }));
}

function valueAxis(state: () => TimePlotState, spec: ScaleSpec, primary: boolean, compact: boolean): uPlot.Axis {
  const { colors } = state();
  const font = `${FONT_PX}px ${colors.font}`;
  const write = (value: number, decimals?: number) => {
    const owner = state().model.series[spec.first];
    return owner ? owner.tick(value, spec.decimals ?? decimals) : String(value);
  };
  const stroke = () => (spec.colored ? (state().model.series[spec.first]?.color ?? state().colors.weak) : state().colors.weak);
  const axis: uPlot.Axis = {
    scale: spec.key,
    show: spec.side !== "hidden" && !compact,
    side: spec.side === "right" ? 1 : 3,
    font,
    labelFont: font,
    stroke,
    border: { show: spec.border, stroke, width: 1 },
    grid: { show: spec.gridLines ?? primary, stroke: () => state().colors.grid, width: 1 },
    ticks: { show: false },
    gap: 6,
    size: spec.width ?? ((_plot, values) => (values ? Math.min(140, Math.ceil(textWidth(values, font)) + 12) : 30)),
    values: (_plot, splits) => tickTexts(splits.filter((split): split is number => split !== null), write),
    ...(spec.label ? { label: spec.label, labelSize: 18, labelGap: 0 } : {}),
  };
  if (spec.distribution === "linear") {
    axis.splits = (plot, _axis, from, to) => valueTicks(from, to, Math.max(2, Math.floor(plot.bbox.height / uPlot.pxRatio / 36)), spec.unit);
  } else {
    axis.filter = (plot, splits) => {
      // How often a number holds its power: 1 to 9 on a decade.
      const lead = (split: number) => Math.round((Math.abs(split) / spec.logBase ** Math.floor(Math.log(Math.abs(split)) / Math.log(spec.logBase) + 1e-9)) * 1e6) / 1e6;
      const only = (...leads: number[]) => splits.map((split) => (split === 0 || leads.includes(lead(split)) ? split : null));
      const fits = (shown: (number | null)[]) => {
        const places = shown.filter((split) => split !== null).map((split) => plot.valToPos(split, spec.key));
        return places.every((place, at) => at === 0 || Math.abs(place - places[at - 1]!) >= LABEL_PX);
      };
      // A crowded decade shows 1, 2 and 5 of it, or its power only.
      return (splits.length > 12 ? [] : [splits, only(1, 2, 5)]).find(fits) ?? only(1);
    };
    axis.values = (_plot, splits) => splits.map((split) => (split === null ? "" : write(split)));
  }
  return axis;
}

function scaleOf(state: () => TimePlotState, spec: ScaleSpec): uPlot.Scale {
  return {
    time: false,
    distr: spec.distribution === "log" ? 3 : spec.distribution === "symlog" ? 4 : 1,
    log: spec.logBase,
    asinh: spec.linearThreshold,
    range: (_plot, low, high) => state().stretched(spec.key) ?? scaleRange(spec, low, high),
  };
}

function pathsOf(series: ChartSeries): uPlot.Series.PathBuilder | null {
  const { style } = series;
  const paths = uPlot.paths;
  if (style.draw === "points") return () => null;
  if (style.draw === "bars") {
    return paths.bars!({ size: [style.barWidthFactor, style.barMaxWidth], align: style.barAlignment });
  }
  switch (style.interpolation) {
    case "smooth":
      return paths.spline!();
    case "stepBefore":
      return paths.stepped!({ align: -1 });
    case "stepAfter":
      return paths.stepped!({ align: 1 });
    default:
      return paths.linear!();
  }
}

/** A series as it is now: its colour may follow its data, and the plot stays. */
type Now = () => ChartSeries;

/** The colour of an area; the same function makes those between stacked series. */
function fillOf(now: Now): ((plot: uPlot) => CanvasGradient | string) | undefined {
  const alpha = now().style.fillOpacity / 100;
  if (alpha <= 0) return undefined;
  switch (now().style.gradient) {
    case "opacity":
      return (plot) => opacityFill(plot, now().color, alpha);
    case "hue":
      return (plot) => hueFill(plot, now().color, alpha);
    case "scheme":
      return (plot) => schemeFill(plot, now().scale, now().colorOf, alpha);
    default:
      return () => faded(now().color, alpha);
  }
}

function seriesOf(now: Now, hidden: boolean): uPlot.Series {
  const series = now();
  const { style } = series;
  const shown = !hidden && !style.hideFrom.viz;
  const fill = fillOf(now);
  const color = () => now().color;
  const stroke: uPlot.Series.Stroke = style.gradient === "scheme" ? (plot) => schemeFill(plot, now().scale, now().colorOf, 1) : color;
  return {
    label: series.id,
    scale: series.scale,
    show: shown,
    stroke,
    width: style.lineWidth,
    paths: pathsOf(series),
    spanGaps: false,
    pxAlign: style.draw === "bars" ? 1 : 0,
    ...(style.dash && style.draw === "line" ? { dash: style.dash, ...(style.dots ? { cap: "round" as const } : {}) } : {}),
    ...(fill !== undefined ? { fill } : {}),
    points: {
      size: style.pointSize,
      fill: color,
      stroke: color,
      width: 0,
      ...(style.showPoints === "auto" ? { space: style.pointSize * 2 } : { show: style.showPoints === "always" }),
    },
  } as uPlot.Series;
}

/** Everything that makes a new plot necessary when it changes, as text: no data, nor colours that follow it. */
export function plotShape(model: ChartModel, hidden: ReadonlySet<string>, theme: string, zone: string, compact: string): string {
  const parts: unknown[] = [theme, zone, compact, model.scales, model.bands(hidden)];
  for (const { id, style, scale } of model.series) parts.push([id, style, scale, hidden.has(id)]);
  return JSON.stringify(parts);
}

/** uPlot's options; what changes between draws is read through `state`. */
export function timePlotOptions(state: () => TimePlotState, hidden: ReadonlySet<string>, room: { width: number; height: number }): Omit<uPlot.Options, "width" | "height"> {
  const { model } = state();
  const noX = room.height < 70;
  const noY = room.width < 110;
  const ratio = () => uPlot.pxRatio;
  const at = (place: number): Now => () => state().model.series[place] ?? model.series[place]!;
  return {
    padding: [8, noY || model.scales.some((scale) => scale.side === "right") ? 4 : 22, noX ? 2 : 0, noY ? 2 : model.scales.some((scale) => scale.side === "left") ? 0 : 22],
    scales: Object.fromEntries(model.scales.map((spec) => [spec.key, scaleOf(state, spec)])),
    axes: [...timeAxes(state, !noX), ...model.scales.map((spec, index) => valueAxis(state, spec, index === 0, noY))],
    series: [{}, ...model.series.map((series, place) => seriesOf(at(place), hidden.has(series.id)))],
    bands: model.bands(hidden).map((band) => {
      const fill = fillOf(at(band.series[0] - 1));
      return { series: band.series, dir: band.dir, fill: (fill ?? "transparent") as uPlot.Band.Fill } as uPlot.Band;
    }),
    focus: { alpha: 0.2 },
    cursor: {
      y: true,
      points: model.series.length > LIT_SERIES
        ? { show: false }
        : { size: (_plot, index) => (model.series[index - 1]?.style.pointSize ?? 5) + 3, width: 2, fill: (_plot, index) => state().model.series[index - 1]?.color ?? "", stroke: () => state().colors.panel },
    },
    hooks: {
      drawAxes: [(plot) => drawThresholdAreas(plot, state().thresholds)],
      draw: [
        (plot) => {
          drawThresholdLines(plot, state().thresholds, ratio());
          drawAnnotations(plot, state().annotations, ratio());
        },
      ],
    },
  };
}
