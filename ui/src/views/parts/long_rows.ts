/** Where rows of different heights stand below each other, and which of them are in view. Pure. */

/** The top of each row, px, and at the end the height of all. `heightOf` is asked once for each index. */
export function tops(count: number, heightOf: (index: number) => number): Float64Array {
  const all = new Float64Array(count + 1);
  for (let at = 0; at < count; at++) all[at + 1] = all[at]! + heightOf(at);
  return all;
}

/** Rows that touch `from` to `to`: the first, and the one after the last. Nothing where the window is beyond them. */
export function rowsBetween(all: Float64Array, from: number, to: number): [first: number, end: number] {
  const count = all.length - 1;
  if (count <= 0 || to <= 0 || from >= all[count]!) return to <= 0 ? [0, 0] : [count, count];
  return [Math.max(0, firstAbove(all, from) - 1), Math.min(count, firstAtLeast(all, to))];
}

/** The first index whose top is above `value`. */
function firstAbove(all: Float64Array, value: number): number {
  let [low, high] = [0, all.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (all[middle]! > value) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The first index whose top is at least `value`. */
function firstAtLeast(all: Float64Array, value: number): number {
  let [low, high] = [0, all.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (all[middle]! >= value) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Keys that differ: of equal ones the second and later are told apart by a number. */
export function distinctKeys(keys: readonly string[]): string[] {
  const seen = new Set<string>();
  return keys.map((key) => {
    let own = key;
    for (let times = 1; seen.has(own); times++) own = `${key} #${times}`;
    seen.add(own);
    return own;
  });
}
