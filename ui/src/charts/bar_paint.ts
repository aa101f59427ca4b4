/** How bars are filled, and the thresholds behind them. Pure. */

import { cssColor, type Theme } from "../core/frame/colors.ts";
import type { FieldConfig } from "../core/frame/config.ts";
import { faded, shade } from "./css_color.ts";
import { numberOr, oneOf } from "./series_style.ts";

export interface BarPaint {
  /** 0 to 1. */
  fill: number;
  lineWidth: number;
  gradient: "none" | "opacity" | "hue" | "scheme";
}

/** The paint of a column's bars, as its config says. */
export function barPaint({ custom = {} }: FieldConfig): BarPaint {
  return {
    fill: numberOr(custom.fillOpacity, 80, 0, 100) / 100,
    lineWidth: numberOr(custom.lineWidth, 1, 0, 10),
    gradient: oneOf(custom.gradientMode, ["none", "opacity", "hue", "scheme"]),
  };
}

/** Colours from the base of a bar to its end; null where it has one colour. */
export function barStops(color: string, { fill, gradient }: BarPaint): [from: string, to: string] | null {
  if (gradient === "opacity") return [faded(color, fill * 0.1), faded(color, fill)];
  if (gradient === "hue") return [faded(shade(color, -0.35), fill), faded(shade(color, 0.35), fill)];
  return null;
}

/** A line, an area up to the next step, or both. Shares of the axis, 0 to 1. */
export interface BarThreshold {
  from: number;
  to: number;
  color: string;
  line: boolean;
  area: boolean;
  dashed: boolean;
}

/** The thresholds of a config between the ends of an axis, as far as its `thresholdsStyle` shows them. */
export function barThresholds(config: FieldConfig, [low, high]: readonly [number, number], theme: Theme): BarThreshold[] {
  const mode = String((config.custom?.thresholdsStyle as { mode?: unknown } | null | undefined)?.mode ?? "off");
  const [line, area] = [/^(?:line|dashed)/.test(mode), mode.includes("area")];
  const { thresholds } = config;
  if (!thresholds || (!line && !area)) return [];
  const share = (value: number) => (thresholds.mode === "percentage" ? value / 100 : (value - low) / (high - low));
  return thresholds.steps.flatMap((step, index) => {
    const from = index === 0 || step.value === null ? -Infinity : share(step.value);
    const next = thresholds.steps[index + 1]?.value;
    const to = Math.min(1, next === undefined || next === null ? 1 : share(next));
    if (to < 0 || from > 1) return [];
    return [{ from: Math.max(0, from), to, color: cssColor(step.color, theme), line: line && from >= 0, area, dashed: mode.startsWith("dashed") }];
  });
}
