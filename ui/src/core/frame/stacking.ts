/** Columns put on top of each other. */

/** null is a gap, undefined a place that the column has nothing to say of. */
export type Numbers = (number | null | undefined)[];

export interface Stack {
  /** Which columns are stacked, the lowest first, by their place in the list given to `stacked`. */
  members: number[];
  mode: "normal" | "percent";
}

/**
 * Places that a column passes over, between two that it has, filled as the line between them runs: the columns on top of it
 * must not fall there. The same array where there are none.
 */
function bridged(values: Numbers, times: readonly number[]): Numbers {
  let made: Numbers | null = null;
  let last = -1;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (value === null) last = -1;
    if (value === null || value === undefined) continue;
    if (last >= 0 && i - last > 1) {
      made ??= [...values];
      const [from, start] = [values[last] as number, times[last]!];
      const slope = (value - from) / (times[i]! - start);
      for (let j = last + 1; j < i; j++) made[j] = from + slope * (times[j]! - start);
    }
    last = i;
  }
  return made ?? values;
}

/**
 * For each member of a stack the height that its top has: the sum of all below it and itself; with mode percent as a share (0 to 1, or
 * 0 to -1 below the axis) of the whole. Where a member has no value it adds nothing; where no member has one, all are gaps.
 * `times` are those of all columns.
 */
export function stacked(columns: readonly Numbers[], { members, mode }: Stack, times: readonly number[]): Map<number, Numbers> {
  const { length } = times;
  const filled = new Map(members.map((member) => [member, bridged(columns[member]!, times)]));
  const any = new Uint8Array(length);
  const total = mode === "percent" ? new Float64Array(length) : null;
  for (const member of members) {
    const values = filled.get(member)!;
    for (let i = 0; i < length; i++) {
      const value = values[i];
      if (value === null || value === undefined) continue;
      any[i] = 1;
      if (total) total[i]! += Math.abs(value);
    }
  }
  const heights = new Float64Array(length);
  const made = new Map<number, Numbers>();
  for (const member of members) {
    const values = filled.get(member)!;
    const tops: Numbers = Array<number | null>(length);
    for (let i = 0; i < length; i++) {
      const value = values[i] ?? 0;
      heights[i]! += total ? (total[i] ? value / total[i]! : 0) : value;
      tops[i] = any[i] ? heights[i] : null;
    }
    made.set(member, tops);
  }
  return made;
}
