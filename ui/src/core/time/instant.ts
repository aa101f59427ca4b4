/** Dates as people and URLs write them, to milliseconds since the epoch. */

import { instantOf } from "./zone.ts";

const DATE = /^(\d{4})-(\d{1,2})(?:-(\d{1,2}))?(?:[T ](\d{1,2})(?::?(\d{2})(?::?(\d{2})(?:[.,](\d{1,9}))?)?)?)?\s*(Z|[-+]\d{2}(?::?\d{2})?)?$/i;
const COMPACT = /^(\d{4})(\d{2})(\d{2})(?:T(\d{2})(\d{2})(\d{2}))?$/;

/**
 * The instant of an ISO 8601 date or of `YYYY-MM-DD HH:mm:ss`; parts may be left out from the right. Without an offset the
 * text is the wall time of `zone`. Null where it is none. A bare number is not read here: see `parseUrlInstant`.
 */
export function parseInstant(text: string, zone: string): number | null {
  const match = DATE.exec(text.trim());
  if (!match) return null;
  const [, year, month, day = "1", hour = "0", minute = "0", second = "0", fraction = "", offset] = match;
  return build([year!, month!, day, hour, minute, second], fraction, zone, offset);
}

function build(parts: string[], fraction: string, zone: string, offset?: string): number | null {
  const [year, month, day, hour, minute, second] = parts.map(Number) as [number, number, number, number, number, number];
  if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 24 || minute > 59 || second > 59) return null;
  const ms = Math.floor(Number(`0.${fraction || "0"}`) * 1000);
  const wall = { year, month, day, hour, minute, second, ms };
  if (!offset) return instantOf(wall, zone);
  const local = instantOf(wall, "UTC");
  if (/z/i.test(offset)) return local;
  const sign = offset.startsWith("-") ? -1 : 1;
  return local - sign * (Number(offset.slice(1, 3)) * 60 + Number(offset.slice(3).replace(":", "") || "0")) * 60_000;
}

/** As `parseInstant`, and what URLs hold besides: epoch milliseconds, `YYYYMMDD` and `YYYYMMDDTHHmmss`. */
export function parseUrlInstant(text: string, zone: string): number | null {
  const bare = text.trim();
  const compact = COMPACT.exec(bare);
  // Eight digits are a date in Grafana, though they could be the milliseconds of one evening in 1970.
  if (compact) {
    const date = build(compact.slice(1, 7).map((part) => part ?? "0"), "", zone);
    if (date !== null) return date;
  }
  if (/^-?\d{1,16}$/.test(bare)) {
    const at = Number(bare);
    return Math.abs(at) <= 8.64e15 ? at : null;
  }
  return parseInstant(bare, zone);
}
