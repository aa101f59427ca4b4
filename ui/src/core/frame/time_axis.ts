/** Times of many columns made one axis. */

/** An axis of times (ms, ascending), and for each source the row that each of its places holds; -1 is a gap, -2 is nothing. */
export const GAP = -1;
export const NOTHING = -2;

/** Places of rows on an axis; null means that row i is at place i. */
export type Places = Int32Array | null;

/** Whether it is a time at all: what is further away no calendar knows. */
const isTime = (time: unknown) => typeof time === "number" && Math.abs(time) <= 8.64e15;

function isAscending(times: ArrayLike<number>): boolean {
  for (let i = 0; i < times.length; i++) if (!isTime(times[i]) || (i > 0 && !(times[i]! > times[i - 1]!))) return false;
  return true;
}

/** Times in order and each once (of equal ones the last row counts), and the rows that they are of. */
export function inOrder(times: readonly number[]): { times: readonly number[]; rows: Places } {
  if (isAscending(times)) return { times, rows: null };
  const order = Array.from(times.keys()).filter((i) => isTime(times[i]));
  order.sort((a, b) => times[a]! - times[b]! || a - b);
  const rows = order.filter((row, i) => i + 1 === order.length || times[order[i + 1]!] !== times[row]);
  return { times: rows.map((row) => times[row]!), rows: Int32Array.from(rows) };
}

/**
 * With a place after each time whose next is further than `most` ms away: `most` behind it, where a line must break.
 * The same times, and no rows, where nothing is that far apart.
 */
export function withGaps(times: readonly number[], most: number): { times: readonly number[]; rows: Places } {
  let gaps = 0;
  for (let i = 1; i < times.length; i++) if (times[i]! - times[i - 1]! > most) gaps++;
  if (!gaps) return { times, rows: null };
  const made = Array<number>(times.length + gaps);
  const rows = new Int32Array(made.length);
  let at = 0;
  for (let i = 0; i < times.length; i++) {
    if (i > 0 && times[i]! - times[i - 1]! > most) {
      made[at] = times[i - 1]! + most;
      rows[at++] = GAP;
    }
    made[at] = times[i]!;
    rows[at++] = i;
  }
  return { times: made, rows };
}

function union2(a: readonly number[], b: readonly number[]): readonly number[] {
  const made: number[] = [];
  let [i, j] = [0, 0];
  while (i < a.length && j < b.length) {
    const [x, y] = [a[i]!, b[j]!];
    made.push(x < y ? x : y);
    if (x <= y) i++;
    if (y <= x) j++;
  }
  while (i < a.length) made.push(a[i++]!);
  while (j < b.length) made.push(b[j++]!);
  // One that holds the other stays the very same array: its columns need no moving then.
  return made.length === a.length ? a : made.length === b.length ? b : made;
}

/** All times of `lists` (each ascending), ascending and each once. By halves: each time is looked at once for each doubling. */
export function union(lists: readonly (readonly number[])[]): readonly number[] {
  if (!lists.length) return [];
  let left = [...new Set(lists)];
  while (left.length > 1) {
    const next: (readonly number[])[] = [];
    for (let i = 0; i < left.length; i += 2) next.push(i + 1 < left.length ? union2(left[i]!, left[i + 1]!) : left[i]!);
    left = next;
  }
  return left[0]!;
}

/** Where the places of `axis` find their rows in `times`, which it holds all of. */
export function placesOn(axis: readonly number[], times: readonly number[]): Places {
  if (axis === times || axis.length === times.length) return null;
  const rows = new Int32Array(axis.length).fill(NOTHING);
  let row = 0;
  for (let i = 0; i < axis.length && row < times.length; i++) if (axis[i] === times[row]) rows[i] = row++;
  return rows;
}

/** First the rows of `inner`, then of `outer`: what a place of `outer` finds. */
export function through(outer: Places, inner: Places): Places {
  if (!outer) return inner;
  return inner ? outer.map((row) => (row < 0 ? row : inner[row]!)) : outer;
}
