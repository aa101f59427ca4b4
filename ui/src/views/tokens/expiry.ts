/** How long a token lives. Pure. */

const DAY_S = 86_400;

/** Lengths to choose from: seconds and their text; 0 is for ever. */
export const LIFETIMES: readonly (readonly [number, string])[] = [
  [DAY_S, "a day"], [7 * DAY_S, "7 days"], [30 * DAY_S, "30 days"], [90 * DAY_S, "90 days"], [365 * DAY_S, "a year"], [0, "for ever"],
];

/** Seconds from `now` (ms) to the end of a day "2027-01-31" of the reader; 0 where that is no day, or past. */
export function secondsUntil(day: string, now: number): number {
  const parts = /^(\d{4})-(\d\d)-(\d\d)$/.exec(day);
  if (!parts) return 0;
  const end = new Date(Number(parts[1]), Number(parts[2]) - 1, Number(parts[3]) + 1).getTime();
  return Number.isFinite(end) && end > now ? Math.ceil((end - now) / 1000) : 0;
}

/** How a token that ends at `expiration` (RFC 3339, null for never) stands at `now`, and whether that is a warning. */
export function standing(expiration: string | null, now: number): { text: string; state: "" | "warn" | "error" } {
  const at = expiration ? Date.parse(expiration) : NaN;
  if (!Number.isFinite(at)) return { text: "never expires", state: "" };
  const left = (at - now) / 1000;
  if (left <= 0) return { text: "expired", state: "error" };
  const days = Math.round(left / DAY_S);
  const text = left >= DAY_S ? `expires in ${days === 1 ? "a day" : `${days} days`}` : left >= 3600 ? `expires in ${Math.floor(left / 3600)} h` : "expires within an hour";
  return { text, state: days < 7 ? "warn" : "" };
}
