/** Instants as text: on axes, in tooltips and tables, after Moment's patterns, and relative to now. */

import { offsetMs, resolveZone, type WallTime, wallTime, weekdayOf } from "./zone.ts";

const MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const TOKEN = /\[([^\]]*)\]|YYYY|YY|Q|MMMM|MMM|MM|Mo|M|DDDD|DDD|DD|Do|D|dddd|ddd|dd|d|E|WW|W|GGGG|HH|H|hh|h|kk|k|mm|m|ss|s|S{1,9}|A|a|ZZ|Z|zz|z|X|x|LTS|LT|LLLL|LLL|LL|L|ll/g;
const LOCAL: Record<string, string> = {
  LTS: "h:mm:ss A", LT: "h:mm A", L: "MM/DD/YYYY", LL: "MMMM D, YYYY", LLL: "MMMM D, YYYY h:mm A", LLLL: "dddd, MMMM D, YYYY h:mm A", ll: "MMM D, YYYY",
};

const pad = (value: number, width = 2) => String(value).padStart(width, "0");

function ordinal(value: number): string {
  const teen = value % 100 > 10 && value % 100 < 14;
  return `${value}${teen ? "th" : (["th", "st", "nd", "rd"][value % 10] ?? "th")}`;
}

function dayOfYear(wall: WallTime): number {
  return Math.round((Date.UTC(wall.year, wall.month - 1, wall.day) - Date.UTC(wall.year, 0, 1)) / 86_400_000) + 1;
}

/** ISO week and the year that it belongs to. */
function isoWeek(wall: WallTime): { year: number; week: number } {
  const thursday = new Date(Date.UTC(wall.year, wall.month - 1, wall.day + 4 - (weekdayOf(wall) || 7)));
  const year = thursday.getUTCFullYear();
  return { year, week: Math.floor((thursday.getTime() - Date.UTC(year, 0, 1)) / 604_800_000) + 1 };
}

function offsetToken(at: number, zone: string, colon: string): string {
  const minutes = Math.round(offsetMs(at, zone) / 60_000);
  return `${minutes < 0 ? "-" : "+"}${pad(Math.floor(Math.abs(minutes) / 60))}${colon}${pad(Math.abs(minutes) % 60)}`;
}

function token(name: string, wall: WallTime, at: number, zone: string): string {
  switch (name) {
    case "YYYY": return pad(wall.year, 4);
    case "YY": return pad(wall.year % 100);
    case "GGGG": return pad(isoWeek(wall).year, 4);
    case "Q": return String(Math.ceil(wall.month / 3));
    case "MMMM": return MONTHS[wall.month - 1]!;
    case "MMM": return MONTHS[wall.month - 1]!.slice(0, 3);
    case "MM": return pad(wall.month);
    case "Mo": return ordinal(wall.month);
    case "M": return String(wall.month);
    case "DDDD": return pad(dayOfYear(wall), 3);
    case "DDD": return String(dayOfYear(wall));
    case "DD": return pad(wall.day);
    case "Do": return ordinal(wall.day);
    case "D": return String(wall.day);
    case "dddd": return DAYS[weekdayOf(wall)]!;
    case "ddd": return DAYS[weekdayOf(wall)]!.slice(0, 3);
    case "dd": return DAYS[weekdayOf(wall)]!.slice(0, 2);
    case "d": return String(weekdayOf(wall));
    case "E": return String(weekdayOf(wall) || 7);
    case "WW": return pad(isoWeek(wall).week);
    case "W": return String(isoWeek(wall).week);
    case "HH": return pad(wall.hour);
    case "H": return String(wall.hour);
    case "hh": return pad(wall.hour % 12 || 12);
    case "h": return String(wall.hour % 12 || 12);
    case "kk": return pad(wall.hour || 24);
    case "k": return String(wall.hour || 24);
    case "mm": return pad(wall.minute);
    case "m": return String(wall.minute);
    case "ss": return pad(wall.second);
    case "s": return String(wall.second);
    case "A": return wall.hour < 12 ? "AM" : "PM";
    case "a": return wall.hour < 12 ? "am" : "pm";
    case "Z": return offsetToken(at, zone, ":");
    case "ZZ": return offsetToken(at, zone, "");
    case "z":
    case "zz": return resolveZone(zone);
    case "X": return String(Math.floor(at / 1000));
    case "x": return String(at);
  }
  if (name.startsWith("S")) return pad(wall.ms, 3).padEnd(9, "0").slice(0, name.length);
  return LOCAL[name] ? formatPattern(at, zone, LOCAL[name]) : name;
}

/** `at` after a pattern of Moment's ("YYYY-MM-DD HH:mm", "[at] h A"); "Invalid date" where it is no time. */
export function formatPattern(at: number, zone: string, pattern: string): string {
  if (!Number.isFinite(at) || Math.abs(at) > 8.64e15) return "Invalid date";
  const wall = wallTime(at, zone);
  return pattern.replace(TOKEN, (name, quoted: string | undefined) => quoted ?? token(name, wall, at, zone));
}

/** "2025-03-30 04:00:00" in `zone`; with milliseconds where asked for. */
export function formatTime(at: number, zone: string, withMs = false): string {
  return formatPattern(at, zone, withMs ? "YYYY-MM-DD HH:mm:ss.SSS" : "YYYY-MM-DD HH:mm:ss");
}

/** The same as ISO 8601 in `zone`, with its offset: "2025-03-30T04:00:00.000+03:00". */
export function formatIso(at: number, zone: string): string {
  if (!Number.isFinite(at) || Math.abs(at) > 8.64e15) return "Invalid date";
  return resolveZone(zone) === "UTC" ? new Date(at).toISOString() : formatPattern(at, zone, "YYYY-MM-DDTHH:mm:ss.SSSZ");
}
