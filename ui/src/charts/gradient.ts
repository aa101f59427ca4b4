/** Fills and strokes of series that change with height. */

import type uPlot from "uplot";
import { faded, shade } from "./css_color.ts";

/** Colours by value along a scale, sampled: thresholds come out as steps, continuous schemes as smooth changes. */
export function schemeStops(low: number, high: number, colorOf: (value: number) => string, samples = 48): [offset: number, color: string][] {
  const stops: [number, string][] = [];
  let last = "";
  for (let index = 0; index <= samples; index++) {
    // Offset 0 is the top of the plot, where the highest value is.
    const offset = index / samples;
    const color = colorOf(high - (high - low) * offset);
    if (color !== last && last !== "") {
      const edge = Math.max(0, offset - 0.5 / samples);
      stops.push([edge, last], [edge, color]);
    } else if (last === "") {
      stops.push([0, color]);
    }
    last = color;
  }
  stops.push([1, last]);
  return stops;
}

function vertical(plot: uPlot, stops: readonly [number, string][]): CanvasGradient | string {
  const { top, height } = plot.bbox;
  // Before the first layout there is no height, and a gradient of none is an error.
  if (!(height > 0)) return stops[0]?.[1] ?? "transparent";
  const gradient = plot.ctx.createLinearGradient(0, top, 0, top + height);
  for (const [offset, color] of stops) gradient.addColorStop(offset, color);
  return gradient;
}

/** From `alpha` at the top to nothing at the bottom. */
export function opacityFill(plot: uPlot, color: string, alpha: number): CanvasGradient | string {
  return vertical(plot, [[0, faded(color, alpha)], [1, faded(color, alpha * 0.04)]]);
}

/** From a lighter to a darker tone of the colour. */
export function hueFill(plot: uPlot, color: string, alpha: number): CanvasGradient | string {
  return vertical(plot, [[0, faded(shade(color, 0.35), alpha)], [1, faded(shade(color, -0.35), alpha)]]);
}

/** By the colours of the values at each height of the scale. */
export function schemeFill(plot: uPlot, scale: string, colorOf: (value: number) => string, alpha: number): CanvasGradient | string {
  const { min, max } = plot.scales[scale] ?? {};
  if (typeof min !== "number" || typeof max !== "number" || !(max > min)) return faded(colorOf(0), alpha);
  return vertical(plot, schemeStops(min, max, (value) => (alpha < 1 ? faded(colorOf(value), alpha) : colorOf(value))));
}
