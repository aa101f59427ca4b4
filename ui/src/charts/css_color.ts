/** Colours made see-through, turned or mixed, for fills and gradients. Pure. */

import { parseColor } from "../core/frame/colors.ts";

/** The colour with `alpha` (0 to 1) times its own opacity. */
export function faded(color: string, alpha: number): string {
  const parsed = parseColor(color);
  if (!parsed) return `color-mix(in srgb, ${color} ${Math.round(alpha * 100)}%, transparent)`;
  return `rgba(${parsed[0]}, ${parsed[1]}, ${parsed[2]}, ${Number((parsed[3] * alpha).toFixed(4))})`;
}

/** Towards white (share above 0) or black (below): -1 to 1. */
export function shade(color: string, share: number): string {
  const parsed = parseColor(color);
  if (!parsed) return color;
  const goal = share < 0 ? 0 : 255;
  const [r, g, b] = parsed.slice(0, 3).map((part) => Math.round(part + (goal - part) * Math.abs(share)));
  return `rgba(${r}, ${g}, ${b}, ${parsed[3]})`;
}

/** A mix of two colours; `share` 0 is the first, 1 the second. */
export function mix(from: string, to: string, share: number): string {
  const a = parseColor(from);
  const b = parseColor(to);
  if (!a || !b) return share < 0.5 ? from : to;
  const [r, g, blue, alpha] = a.map((part, index) => part + (b[index]! - part) * share);
  return `rgba(${Math.round(r!)}, ${Math.round(g!)}, ${Math.round(blue!)}, ${Number(alpha!.toFixed(3))})`;
}
