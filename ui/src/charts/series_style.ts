/** How one series is drawn: the `custom` part of a timeseries column's config, every key given a value. Pure. */

import type { FieldConfig } from "../core/frame/config.ts";

export type DrawStyle = "line" | "bars" | "points";
export type Interpolation = "linear" | "smooth" | "stepBefore" | "stepAfter";
export type GradientMode = "none" | "opacity" | "hue" | "scheme";
export type AxisPlacement = "auto" | "left" | "right" | "hidden";

export interface SeriesStyle {
  draw: DrawStyle;
  interpolation: Interpolation;
  lineWidth: number;
  /** Undefined is a whole line. */
  dash: number[] | undefined;
  /** 0 to 100. */
  fillOpacity: number;
  gradient: GradientMode;
  showPoints: "auto" | "always" | "never";
  pointSize: number;
  /** -1 before, 0 around, 1 after its time. */
  barAlignment: -1 | 0 | 1;
  barWidthFactor: number;
  barMaxWidth: number;
  hideFrom: { viz: boolean; legend: boolean; tooltip: boolean };
  /** Rounded ends of dashes: what makes dots of them. */
  dots: boolean;
  /** The name of the series down to which it is filled. */
  fillBelowTo: string;
}

const record = (value: unknown): Record<string, unknown> => (value !== null && typeof value === "object" ? (value as Record<string, unknown>) : {});

/** A finite number within limits, else the fallback. */
export function numberOr(value: unknown, fallback: number, low = -Infinity, high = Infinity): number {
  const read = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  return typeof read === "number" && Number.isFinite(read) ? Math.min(high, Math.max(low, read)) : fallback;
}

/** One of `allowed`, else the first of them. */
export function oneOf<const T extends string>(value: unknown, allowed: readonly [T, ...T[]]): T {
  return allowed.find((each) => each === value) ?? allowed[0];
}

function dashOf(style: unknown): number[] | undefined {
  const { fill, dash } = record(style);
  if (fill === "dot") return Array.isArray(dash) && dash.length > 0 ? dash.map((each) => numberOr(each, 0, 0)) : [0, 10];
  if (fill !== "dash") return undefined;
  return Array.isArray(dash) && dash.length > 0 ? dash.map((each) => numberOr(each, 10, 0)) : [10, 10];
}

/** The style of a column; what is missing or nonsense is as a new panel has it. */
export function seriesStyle(config: FieldConfig): SeriesStyle {
  const custom = record(config.custom);
  const draw = oneOf(custom.drawStyle, ["line", "bars", "points"]);
  const hide = record(custom.hideFrom);
  const alignment = numberOr(custom.barAlignment, 0);
  return {
    draw,
    interpolation: oneOf(custom.lineInterpolation, ["linear", "smooth", "stepBefore", "stepAfter"]),
    lineWidth: draw === "points" ? 0 : numberOr(custom.lineWidth, 1, 0, 20),
    dash: dashOf(custom.lineStyle),
    fillOpacity: draw === "points" ? 0 : numberOr(custom.fillOpacity, 0, 0, 100),
    gradient: oneOf(custom.gradientMode, ["none", "opacity", "hue", "scheme"]),
    showPoints: draw === "points" ? "always" : draw === "bars" ? "never" : oneOf(custom.showPoints, ["auto", "always", "never"]),
    pointSize: numberOr(custom.pointSize, 5, 1, 60),
    barAlignment: alignment < 0 ? -1 : alignment > 0 ? 1 : 0,
    barWidthFactor: numberOr(custom.barWidthFactor, 0.6, 0.05, 1),
    barMaxWidth: numberOr(custom.barMaxWidth, 100, 1, 1000),
    hideFrom: { viz: hide.viz === true, legend: hide.legend === true, tooltip: hide.tooltip === true },
    dots: record(custom.lineStyle).fill === "dot",
    fillBelowTo: typeof custom.fillBelowTo === "string" ? custom.fillBelowTo : "",
  };
}
