/** Rows of annotations, one for each kind. Pure. */

import type { AnnotationMark } from "./marks.ts";

/** The row of each mark, the lowest 0: one for each lane, in order of first sight; the lowest for those of none. */
export function laneRows(marks: readonly { mark: AnnotationMark }[]): number[] {
  const rows = new Map<string, number>();
  return marks.map(({ mark: { lane = "" } }) => {
    if (!rows.has(lane)) rows.set(lane, rows.size);
    return rows.get(lane)!;
  });
}
