/** What is drawn over and under the series of a chart: thresholds and annotations. */

import type uPlot from "uplot";
import { faded } from "./css_color.ts";

export type ThresholdStyle = "off" | "line" | "dashed" | "area" | "line+area" | "dashed+area";

/** Thresholds of one scale: steps from low to high, the first from minus infinity; CSS colours. */
export interface ThresholdMark {
  scale: string;
  style: ThresholdStyle;
  percentage: boolean;
  steps: readonly { value: number | null; color: string }[];
}

/** An event on the time axis: a line, or a region where it has an end. Times in ms. */
export interface AnnotationMark {
  id?: string | undefined;
  time: number;
  timeEnd?: number | undefined;
  title?: string | undefined;
  text?: string | undefined;
  tags?: readonly string[] | undefined;
  /** What it is of, where each kind has a row of its own. */
  lane?: string | undefined;
  /** CSS. */
  color: string;
  /** What its tooltip's button does, where the person may change it. */
  change?: (() => void) | undefined;
}

/** Annotations drawn at most: the newest; more would hide the data. */
export const ANNOTATIONS_DRAWN = 500;

function limits(plot: uPlot, key: string): [number, number] | null {
  const scale = plot.scales[key];
  return scale?.min === undefined || scale.max === undefined || scale.min === null || scale.max === null ? null : [scale.min, scale.max];
}

function inScale(mark: ThresholdMark, value: number | null, [low, high]: [number, number]): number {
  if (value === null) return -Infinity;
  return mark.percentage ? low + ((high - low) * value) / 100 : value;
}

/** Areas of thresholds, under the series. */
export function drawThresholdAreas(plot: uPlot, marks: readonly ThresholdMark[]): void {
  const { ctx, bbox } = plot;
  for (const mark of marks) {
    if (!mark.style.includes("area")) continue;
    const range = limits(plot, mark.scale);
    if (!range) continue;
    mark.steps.forEach((step, index) => {
      const from = Math.max(range[0], inScale(mark, step.value, range));
      const next = mark.steps[index + 1];
      const to = next ? Math.min(range[1], inScale(mark, next.value, range)) : range[1];
      if (!(to > from)) return;
      const top = plot.valToPos(to, mark.scale, true);
      const bottom = plot.valToPos(from, mark.scale, true);
      ctx.fillStyle = faded(step.color, 0.12);
      ctx.fillRect(bbox.left, top, bbox.width, bottom - top);
    });
  }
}

/** Lines of thresholds, over the series. */
export function drawThresholdLines(plot: uPlot, marks: readonly ThresholdMark[], pxRatio: number): void {
  const { ctx, bbox } = plot;
  for (const mark of marks) {
    if (!mark.style.startsWith("line") && !mark.style.startsWith("dashed")) continue;
    const range = limits(plot, mark.scale);
    if (!range) continue;
    ctx.save();
    ctx.lineWidth = 2 * pxRatio;
    ctx.setLineDash(mark.style.startsWith("dashed") ? [10 * pxRatio, 10 * pxRatio] : []);
    for (const step of mark.steps) {
      const value = inScale(mark, step.value, range);
      if (!(value >= range[0] && value <= range[1])) continue;
      const y = Math.round(plot.valToPos(value, mark.scale, true));
      ctx.strokeStyle = faded(step.color, 0.7);
      ctx.beginPath();
      ctx.moveTo(bbox.left, y);
      ctx.lineTo(bbox.left + bbox.width, y);
      ctx.stroke();
    }
    ctx.restore();
  }
}

/** The annotations that are in view, at most `ANNOTATIONS_DRAWN`, oldest first. */
export function annotationsIn(marks: readonly AnnotationMark[], from: number, to: number): AnnotationMark[] {
  const seen = marks.filter((mark) => mark.time <= to && (mark.timeEnd ?? mark.time) >= from);
  seen.sort((a, b) => a.time - b.time);
  return seen.slice(-ANNOTATIONS_DRAWN);
}

/** Regions and lines of annotations, over the series. */
export function drawAnnotations(plot: uPlot, marks: readonly AnnotationMark[], pxRatio: number): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  for (const mark of marks) {
    // In rows there would be too many lines.
    if (mark.lane) continue;
    const x = plot.valToPos(mark.time, "x", true);
    const ends = mark.timeEnd !== undefined && mark.timeEnd > mark.time ? [x, plot.valToPos(mark.timeEnd, "x", true)] : [x];
    if (ends.length === 2) {
      ctx.fillStyle = faded(mark.color, 0.1);
      ctx.fillRect(ends[0]!, bbox.top, ends[1]! - ends[0]!, bbox.height);
    }
    ctx.strokeStyle = mark.color;
    ctx.lineWidth = pxRatio;
    ctx.setLineDash([4 * pxRatio, 4 * pxRatio]);
    for (const at of ends) {
      ctx.beginPath();
      ctx.moveTo(Math.round(at) + 0.5, bbox.top);
      ctx.lineTo(Math.round(at) + 0.5, bbox.top + bbox.height);
      ctx.stroke();
    }
  }
  ctx.restore();
}
