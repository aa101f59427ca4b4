/** Exemplars: single samples with a trace, drawn over the series that they are of. Pure. */

import type { Frame } from "../core/frame/frame.ts";
import type { PlotSpan } from "./plot_host.ts";

export interface Exemplar {
  frame: Frame;
  row: number;
  /** ms */
  time: number;
  value: number;
}

/** Exemplars drawn at most: two of each of so many parts of the range. */
export const EXEMPLAR_PARTS = 150;

/** The frames of a panel that hold exemplars. */
export function exemplarFrames(frames: readonly Frame[]): Frame[] {
  return frames.filter((frame) => frame.meta?.kind === "exemplars");
}

/** The exemplars in a range, in order of time; where many are close the largest are kept, as those are looked for. */
export function exemplarsIn(frames: readonly Frame[], { from, to }: PlotSpan): Exemplar[] {
  const parts = new Map<number, Exemplar[]>();
  for (const frame of frames) {
    const times = frame.fields.find((field) => field.type === "time")?.values ?? [];
    const values = frame.fields.find((field) => field.type === "number")?.values ?? [];
    for (let row = 0; row < times.length; row++) {
      const [time, value] = [times[row], values[row]];
      if (typeof time !== "number" || typeof value !== "number" || !Number.isFinite(value) || !(time >= from && time <= to)) continue;
      const part = Math.floor(((time - from) / (to - from || 1)) * EXEMPLAR_PARTS);
      const kept = parts.get(part);
      if (!kept) parts.set(part, [{ frame, row, time, value }]);
      else {
        kept.push({ frame, row, time, value });
        if (kept.length > 2) kept.sort((a, b) => b.value - a.value).pop();
      }
    }
  }
  return [...parts.values()].flat().sort((a, b) => a.time - b.time || a.value - b.value);
}
