/** The geometry and colours of a bar that is filled up to a value. Pure. */

import { faded } from "../../charts/css_color.ts";
import type { Display } from "../../core/frame/display.ts";

export interface Range {
  min: number;
  max: number;
}

/** How much of the bar is filled, 0 to 1; nothing for what is no number. */
export function filledShare(value: number, { min, max }: Range): number {
  if (!Number.isFinite(value)) return value === Infinity ? 1 : 0;
  if (!(max > min)) return value >= max ? 1 : 0;
  return Math.min(1, Math.max(0, (value - min) / (max - min)));
}

/** Cells of an LCD bar of `length` px: the colour of each, and whether the value reaches it. */
export function lcdCells(length: number, value: number, range: Range, display: Display, step = 10): { color: string; lit: boolean }[] {
  const count = Math.max(1, Math.min(200, Math.floor(length / step)));
  return Array.from({ length: count }, (_, index) => {
    const at = range.min + ((range.max - range.min) * index) / count;
    const lit = Number.isFinite(value) && value > at;
    return { color: display(at).color ?? "", lit };
  });
}

/** Stops of a CSS gradient along the whole bar, by the colours of the values along it. */
export function barGradient(range: Range, display: Display, samples = 24): string {
  const stops: string[] = [];
  let last = "";
  for (let index = 0; index <= samples; index++) {
    const color = display(range.min + ((range.max - range.min) * index) / samples).color ?? "";
    if (color !== last || index === samples) stops.push(`${color} ${((index / samples) * 100).toFixed(1)}%`);
    last = color;
  }
  return stops.join(", ");
}

/** The faint colour of what is not filled. */
export function unfilled(color: string): string {
  return faded(color, 0.12);
}
