/** Gauges that are more than an arc from the lowest value: pieces, a neutral value, a whole circle. Pure. */

import { numberOr, oneOf } from "../../charts/series_style.ts";
import { filledShare, type Range } from "../bargauge/bars.ts";
import { START, SWEEP } from "./arc.ts";

export interface RichOptions {
  /** Degrees, 0 at the top, clockwise. */
  start: number;
  sweep: number;
  /** Of the radius, 0 to 1. */
  thickness: number;
  rounded: boolean;
  /** 1 is one whole bar. */
  segments: number;
  /** Share of a segment that is left empty. */
  spacing: number;
  /** Where the bar begins; the lowest value where there is none. */
  neutral: number | undefined;
  /** Colours along the bar as the values along it have them. */
  gradient: boolean;
  barGlow: boolean;
  centerGlow: boolean;
  endpoint: "none" | "point" | "glow";
  sparkline: boolean;
}

/** A panel's options, every key given a value. */
export function richOptions(options: Record<string, unknown>): RichOptions {
  const effects = (options.effects ?? {}) as Record<string, unknown>;
  const circle = options.shape === "circle";
  const segments = Math.round(numberOr(options.segmentCount, 1, 1, 100));
  return {
    start: circle ? 0 : START, sweep: circle ? 360 : SWEEP,
    thickness: numberOr(options.barWidthFactor, 0.5, 0.05, 1) * 0.56,
    // Segments are flat.
    rounded: options.barShape === "rounded" && segments === 1,
    segments,
    spacing: numberOr(options.segmentSpacing, 0.3, 0, 0.9),
    neutral: Number.isNaN(numberOr(options.neutral, NaN)) ? undefined : numberOr(options.neutral, 0),
    gradient: effects.gradient === true, barGlow: effects.barGlow === true, centerGlow: effects.centerGlow === true,
    endpoint: options.barShape !== "rounded" ? "none" : oneOf(options.endpointMarker, ["none", "point", "glow"]),
    sparkline: options.sparkline === true,
  };
}

/** Angles from and to, degrees; `at` is the value in its middle, `lit` whether the bar reaches it. */
export interface Piece {
  from: number;
  to: number;
  at: number;
  lit: boolean;
}

/** Pieces of one colour each that a gradient is drawn as. */
const SHADES = 48;

/** The pieces of a gauge in their order: those of the bar and those that are left empty. */
export function gaugePieces(value: number, range: Range, options: RichOptions): { pieces: Piece[]; end: number } {
  const { start, sweep, segments, spacing, neutral, gradient } = options;
  const reach = filledShare(value, range);
  const base = neutral === undefined ? 0 : filledShare(neutral, range);
  const [low, high] = Number.isFinite(value) || value === Infinity ? [Math.min(base, reach), Math.max(base, reach)] : [base, base];
  const angle = (share: number) => start + sweep * share;
  const valueAt = (share: number) => range.min + (range.max - range.min) * share;
  const pieces: Piece[] = [];
  const put = (from: number, to: number, lit: boolean) => {
    if (to > from) pieces.push({ from: angle(from), to: angle(to), at: valueAt((from + to) / 2), lit });
  };
  if (segments > 1) {
    for (let index = 0; index < segments; index++) {
      const [from, to] = [(index + spacing / 2) / segments, (index + 1 - spacing / 2) / segments];
      // A segment that the bar reaches into is lit as a whole.
      put(from, to, high > low && (index + 1) / segments > low + 1e-9 && index / segments < high - 1e-9);
    }
  } else {
    put(0, 1, false);
    const shades = gradient ? Math.max(1, Math.ceil((high - low) * SHADES)) : 1;
    for (let index = 0; index < shades; index++) put(low + ((high - low) * index) / shades, low + ((high - low) * (index + 1)) / shades, true);
  }
  return { pieces, end: angle(reach) };
}
