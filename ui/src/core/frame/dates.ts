/** Instants to text by a pattern, in a zone. */

import { wallTime, weekdayOf } from "../time/zone.ts";
import { offsetMs } from "../time/zone.ts";

const MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
const WEEKDAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const TOKENS = /\[([^\]]*)\]|\\(.)|YYYY|YY|Qo?|MMMM|MMM|MM|Mo|M|DDDD|DDD|DD|Do|D|dddd|ddd|dd|d|E|WW|W|HH|H|hh|h|kk|k|mm|m|ss|s|SSS|SS|S|A|a|ZZ|Z|X|x|LTS|LT|LLLL|LLL|LL|L|lll|ll|l/g;
const LOCAL: Record<string, string> = {
  LT: "h:mm A", LTS: "h:mm:ss A", L: "MM/DD/YYYY", LL: "MMMM D, YYYY", LLL: "MMMM D, YYYY h:mm A", LLLL: "dddd, MMMM D, YYYY h:mm A",
  l: "M/D/YYYY", ll: "MMM D, YYYY", lll: "MMM D, YYYY h:mm A",
};

const pad = (n: number, length = 2): string => String(n).padStart(length, "0");

function ordinal(n: number): string {
  const tens = n % 100;
  const last = n % 10;
  return n + (tens > 10 && tens < 14 ? "th" : last === 1 ? "st" : last === 2 ? "nd" : last === 3 ? "rd" : "th");
}

function isoWeek(year: number, month: number, day: number): number {
  const date = new Date(Date.UTC(year, month - 1, day));
  // The week is that of its Thursday.
  date.setUTCDate(date.getUTCDate() + 4 - (date.getUTCDay() || 7));
  return Math.ceil(((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / 86_400_000 + 1) / 7);
}

/**
 * The instant `at` (ms) as clocks of `zone` show it, written by `pattern`: `YYYY-MM-DD HH:mm:ss.SSS`, `MMM D`, `h:mm a`;
 * text in [brackets] or after a backslash stays. "Invalid date" where `at` is no time.
 */
export function formatDate(at: number, pattern: string, zone: string): string {
  if (!Number.isFinite(at) || Math.abs(at) > 8.64e15) return "Invalid date";
  const wall = wallTime(at, zone);
  const hour12 = wall.hour % 12 || 12;
  const offset = (colon: string): string => {
    const minutes = Math.round(offsetMs(at, zone) / 60_000);
    const size = Math.abs(minutes);
    return `${minutes < 0 ? "-" : "+"}${pad(Math.floor(size / 60))}${colon}${pad(size % 60)}`;
  };
  const dayOfYear = (): number => (Date.UTC(wall.year, wall.month - 1, wall.day) - Date.UTC(wall.year, 0, 1)) / 86_400_000 + 1;
  return pattern.replace(TOKENS, (token, bracketed?: string, escaped?: string) => {
    if (bracketed !== undefined) return bracketed;
    if (escaped !== undefined) return escaped;
    switch (token) {
      case "YYYY": return pad(wall.year, 4);
      case "YY": return pad(wall.year % 100);
      case "Q": return String(Math.ceil(wall.month / 3));
      case "Qo": return ordinal(Math.ceil(wall.month / 3));
      case "MMMM": return MONTHS[wall.month - 1]!;
      case "MMM": return MONTHS[wall.month - 1]!.slice(0, 3);
      case "MM": return pad(wall.month);
      case "Mo": return ordinal(wall.month);
      case "M": return String(wall.month);
      case "DDDD": return pad(dayOfYear(), 3);
      case "DDD": return String(dayOfYear());
      case "DD": return pad(wall.day);
      case "Do": return ordinal(wall.day);
      case "D": return String(wall.day);
      case "dddd": return WEEKDAYS[weekdayOf(wall)]!;
      case "ddd": return WEEKDAYS[weekdayOf(wall)]!.slice(0, 3);
      case "dd": return WEEKDAYS[weekdayOf(wall)]!.slice(0, 2);
      case "d": return String(weekdayOf(wall));
      case "E": return String(weekdayOf(wall) || 7);
      case "WW": return pad(isoWeek(wall.year, wall.month, wall.day));
      case "W": return String(isoWeek(wall.year, wall.month, wall.day));
      case "HH": return pad(wall.hour);
      case "H": return String(wall.hour);
      case "hh": return pad(hour12);
      case "h": return String(hour12);
      case "kk": return pad(wall.hour || 24);
      case "k": return String(wall.hour || 24);
      case "mm": return pad(wall.minute);
      case "m": return String(wall.minute);
      case "ss": return pad(wall.second);
      case "s": return String(wall.second);
      case "SSS": return pad(wall.ms, 3);
      case "SS": return pad(Math.floor(wall.ms / 10));
      case "S": return String(Math.floor(wall.ms / 100));
      case "A": return wall.hour < 12 ? "AM" : "PM";
      case "a": return wall.hour < 12 ? "am" : "pm";
      case "ZZ": return offset("");
      case "Z": return offset(":");
      case "X": return String(Math.floor(at / 1000));
      case "x": return String(at);
      default: return formatDate(at, LOCAL[token] ?? "", zone);
    }
  });
}

/** Whether both instants (ms) fall on one day of `zone`. */
export function isSameDay(a: number, b: number, zone: string): boolean {
  return formatDate(a, "YYYY-MM-DD", zone) === formatDate(b, "YYYY-MM-DD", zone);
}

const STEPS: readonly [belowS: number, text: (s: number) => string][] = [
  [45, () => "a few seconds"], [90, () => "a minute"], [45 * 60, (s) => `${Math.round(s / 60)} minutes`],
  [90 * 60, () => "an hour"], [22 * 3600, (s) => `${Math.round(s / 3600)} hours`],
  [36 * 3600, () => "a day"], [26 * 86_400, (s) => `${Math.round(s / 86_400)} days`],
  [45 * 86_400, () => "a month"], [320 * 86_400, (s) => `${Math.round(s / 2_629_746)} months`],
  [548 * 86_400, () => "a year"], [Infinity, (s) => `${Math.round(s / 31_556_952)} years`],
];

/** How long ago `at` was, or in how long it will be, as of `now` (both ms): "5 minutes ago", "in an hour". */
export function fromNow(at: number, now: number): string {
  if (!Number.isFinite(at)) return "Invalid date";
  const s = Math.abs(now - at) / 1000;
  const text = STEPS.find(([below]) => s < below)![1](s);
  return at > now ? `in ${text}` : `${text} ago`;
}
