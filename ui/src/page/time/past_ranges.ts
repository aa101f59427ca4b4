/** The absolute ranges that the person used last. */

import type { RawRange } from "../../core/time/range_names.ts";

const KEY = "watchkeeper.ranges";
const MOST = 4;

/** Newest first. */
export function pastRanges(): RawRange[] {
  try {
    const list = JSON.parse(localStorage.getItem(KEY) ?? "[]") as unknown;
    if (!Array.isArray(list)) return [];
    return list.filter((one): one is RawRange => typeof one?.from === "string" && typeof one?.to === "string").slice(0, MOST);
  } catch {
    return [];
  }
}

/** Keeps a range, if it is none that is offered anyway. */
export function rememberRange(range: RawRange): void {
  if (range.from.startsWith("now") && range.to.startsWith("now")) return;
  const others = pastRanges().filter((one) => one.from !== range.from || one.to !== range.to);
  try {
    localStorage.setItem(KEY, JSON.stringify([{ from: range.from, to: range.to }, ...others].slice(0, MOST)));
  } catch {
    // Where nothing can be kept the list stays as it is.
  }
}
