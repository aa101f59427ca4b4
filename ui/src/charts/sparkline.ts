/** A small line without axes, as an SVG path. Pure. */

export interface Sparkline {
  /** The line, and the same closed to the bottom. */
  line: string;
  area: string;
}

/**
 * The path of numbers over times (ms) in a box; null where fewer than two are numbers. Of more values than px the smallest and
 * largest of each px are kept, so that no peak is lost. `low` and `high` are the box's bottom and top.
 */
export function sparkline(
  times: ArrayLike<number>,
  values: ArrayLike<unknown>,
  box: { width: number; height: number },
  limits: { low?: number | undefined; high?: number | undefined } = {},
): Sparkline | null {
  let low = limits.low ?? Infinity;
  let high = limits.high ?? -Infinity;
  let first = -1;
  let last = -1;
  let count = 0;
  for (let index = 0; index < values.length; index++) {
    const value = values[index];
    if (typeof value !== "number" || !Number.isFinite(value) || !Number.isFinite(times[index])) continue;
    if (limits.low === undefined && value < low) low = value;
    if (limits.high === undefined && value > high) high = value;
    if (first < 0) first = index;
    last = index;
    count++;
  }
  if (count < 2 || box.width <= 0 || box.height <= 0) return null;
  const from = times[first]!;
  const spanMs = times[last]! - from || 1;
  // Halves, as the whole of it may be more than a number can be.
  const height = high / 2 - low / 2;
  const x = (index: number) => ((times[index]! - from) / spanMs) * box.width;
  const y = (value: number) => (height > 0 ? box.height - Math.min(1, Math.max(0, (value / 2 - low / 2) / height)) * box.height : box.height / 2);
  const points: [number, number][] = [];
  let column = -1;
  let least: [number, number] | null = null;
  let most: [number, number] | null = null;
  const flush = () => {
    if (!least || !most) return;
    if (least[0] === most[0]) points.push(least);
    else if (least[0] < most[0]) points.push(least, most);
    else points.push(most, least);
  };
  for (let index = first; index <= last; index++) {
    const value = values[index];
    if (typeof value !== "number" || !Number.isFinite(value) || !Number.isFinite(times[index])) continue;
    const point: [number, number] = [x(index), y(value)];
    const place = Math.floor(point[0]);
    if (place !== column) {
      flush();
      column = place;
      least = point;
      most = point;
      continue;
    }
    if (point[1] > least![1]) least = point;
    if (point[1] < most![1]) most = point;
  }
  flush();
  const line = points.map(([left, top], index) => `${index ? "L" : "M"}${left.toFixed(1)} ${top.toFixed(1)}`).join("");
  return { line, area: `${line}L${points.at(-1)![0].toFixed(1)} ${box.height}L${points[0]![0].toFixed(1)} ${box.height}Z` };
}
