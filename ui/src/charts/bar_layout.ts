/** Where the bars of categories stand. Pure. Shares of the plotting area: 0 to 1, along from the first category, up from the lowest value. */

export interface BarRect {
  series: number;
  category: number;
  /** Along the axis of categories. */
  start: number;
  size: number;
  /** Along the axis of values. */
  low: number;
  high: number;
  /** What is drawn: the value, or its share of the whole. */
  value: number;
}

export type BarStack = "none" | "normal" | "percent";

/** Bars of one chart at most. */
export const BARS_DRAWN = 5000;

/** Lowest and highest that the bars reach, 0 among them. */
export function barReach(values: readonly (readonly (number | null)[])[], stack: BarStack): [number, number] {
  let low = 0;
  let high = 0;
  const count = values[0]?.length ?? 0;
  for (let category = 0; category < count; category++) {
    let up = 0;
    let down = 0;
    let total = 0;
    for (const column of values) total += Math.abs(column[category] ?? 0);
    for (const column of values) {
      const value = column[category];
      if (value === null || value === undefined || !Number.isFinite(value)) continue;
      const size = stack === "percent" ? (total ? value / total : 0) : value;
      if (stack === "none") {
        low = Math.min(low, size);
        high = Math.max(high, size);
      } else if (size < 0) {
        down += size;
      } else {
        up += size;
      }
    }
    low = Math.min(low, down);
    high = Math.max(high, up);
  }
  return [low, high];
}

/**
 * The bars of all series (columns of one length) between `range`: groups take `groupWidth` of a category, bars `barWidth` of
 * their place in the group; in a stack all stand on the same place.
 */
export function layBars(
  values: readonly (readonly (number | null)[])[],
  { stack, range, groupWidth, barWidth }: { stack: BarStack; range: [number, number]; groupWidth: number; barWidth: number },
): BarRect[] {
  const count = values[0]?.length ?? 0;
  const rects: BarRect[] = [];
  const [from, to] = range;
  const place = (value: number) => Math.min(1, Math.max(0, (value - from) / (to - from)));
  const slots = stack === "none" ? values.length : 1;
  for (let category = 0; category < count; category++) {
    let up = 0;
    let down = 0;
    let total = 0;
    if (stack === "percent") for (const column of values) total += Math.abs(column[category] ?? 0);
    for (let series = 0; series < values.length && rects.length < BARS_DRAWN; series++) {
      const given = values[series]![category];
      if (given === null || given === undefined || !Number.isFinite(given)) continue;
      const value = stack === "percent" ? (total ? given / total : 0) : given;
      let base = 0;
      if (stack !== "none") {
        base = value < 0 ? down : up;
        if (value < 0) down += value;
        else up += value;
      }
      const slot = (1 / count) * (groupWidth / slots);
      const left = category / count + (1 / count) * ((1 - groupWidth) / 2) + slot * (stack === "none" ? series : 0);
      rects.push({
        series, category, start: left + (slot * (1 - barWidth)) / 2, size: slot * barWidth,
        low: place(Math.min(base, base + value)), high: place(Math.max(base, base + value)), value,
      });
    }
  }
  return rects;
}
