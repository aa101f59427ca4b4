/** The first rows, or the last. */

import { pickRows } from "../rows.ts";
import type { Transform } from "./transformation.ts";

interface Limit {
  limitField: number | string;
  limitMode: "first" | "last";
}

/** See Grafana's "Limit"; 10 rows where it is not said how many. */
export const limit: Transform<Limit> = (frames, { limitField, limitMode }) => {
  const most = limitField === undefined || limitField === "" ? 10 : Number(limitField);
  if (!(most >= 0)) return frames;
  return frames.map((frame) => {
    if (frame.length <= most) return frame;
    const start = limitMode === "last" ? frame.length - most : 0;
    return pickRows(frame, Array.from({ length: most }, (_, i) => start + i));
  });
};
