/** The slices of a pie. Pure. */

import { uniqueIds } from "../../charts/unique_ids.ts";
import type { PanelValue } from "../values.ts";

export interface Slice {
  /** Unique in the chart. */
  id: string;
  value: PanelValue;
  number: number;
  /** Of the sum of what is shown, 0 to 1; 0 where it is hidden. */
  share: number;
  /** Degrees, 0 at the top, clockwise. */
  from: number;
  to: number;
}

/** Slices of values above zero, largest first unless `sort` says otherwise; hidden ones have no angle. */
export function pieSlices(values: readonly PanelValue[], hidden: ReadonlySet<string>, sort: unknown): Slice[] {
  const ids = uniqueIds(values.map((value) => value.name));
  const slices = values.flatMap((value, index): Slice[] => {
    const number = value.display.numeric;
    if (!(number > 0) || !Number.isFinite(number)) return [];
    return [{ id: ids[index]!, value, number, share: 0, from: 0, to: 0 }];
  });
  if (sort !== "none") slices.sort((a, b) => (sort === "asc" ? a.number - b.number : b.number - a.number));
  const sum = slices.reduce((total, slice) => total + (hidden.has(slice.id) ? 0 : slice.number), 0);
  let at = 0;
  for (const slice of slices) {
    slice.share = hidden.has(slice.id) || sum === 0 ? 0 : slice.number / sum;
    slice.from = at;
    at += slice.share * 360;
    slice.to = at;
  }
  return slices;
}
