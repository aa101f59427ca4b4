/** Ways of writing spans and instants that few dashboards have: `1 hour, 1 minute`, `01:01:01`, `01m:01s:000ms`, `3 days ago`. */

import { formatPattern } from "../time/format.ts";
import { formatRelative } from "../time/relative.ts";
import { resolveZone, wallTime } from "../time/zone.ts";
import { toFixed } from "./fixed.ts";
import type { Format } from "./unit_scales.ts";
import { seconds } from "./unit_time.ts";

/** Hundredths of a second, as SNMP counts. */
const timeticks: Format = (value, decimals, zone) => seconds(value / 100, decimals, zone);

const PARTS: readonly [ms: number, name: string][] = [
  [31_536_000_000, "year"], [2_592_000_000, "month"], [604_800_000, "week"], [86_400_000, "day"],
  [3_600_000, "hour"], [60_000, "minute"], [1000, "second"], [1, "millisecond"],
];

/** In words: the largest part and as many more as there are decimals. `ms` is how long the number's unit is. */
function inWords(ms: number, name: string): Format {
  return (value, decimals) => {
    if (value === 0) return { text: `0 ${name}s` };
    let left = Math.abs(value) * ms;
    let more = (decimals ?? 0) + 1;
    const words: string[] = [];
    for (const [length, part] of PARTS) {
      const amount = Math.floor(left / length);
      if (!words.length && !(amount >= 1)) continue;
      if (more-- <= 0) break;
      words.push(`${amount} ${part}${amount === 1 ? "" : "s"}`);
      left %= length;
    }
    return { text: words.join(", ") + (value < 0 ? " ago" : "") };
  };
}

const two = (n: number): string => String(n).padStart(2, "0");

/** Seconds as `hh:mm:ss`; hours go beyond 24. */
const hoursMinutesSeconds: Format = (value) => {
  const size = Math.abs(value);
  const text = `${two(Math.floor(size / 3600))}:${two(Math.floor((size % 3600) / 60))}:${two(Math.floor((size % 3600) % 60))}`;
  return { text: value < 0 ? `${text} ago` : text };
};

/** Seconds as `d hh:mm:ss`, the days where there are any. */
const daysHoursMinutesSeconds: Format = (value, decimals, zone) => {
  const size = Math.abs(value);
  const { text } = hoursMinutesSeconds(size % 86_400, decimals, zone);
  const whole = Math.floor(size / 86_400);
  return { text: (whole > 0 ? `${whole} d ${text}` : text) + (value < 0 ? " ago" : "") };
};

/** As on a stopwatch: `01m:30s:061ms`; decimals say how many parts beyond the largest are shown. `ms` as in `inWords`. */
function clock(ms: number): Format {
  return (value, decimals) => {
    const size = value * ms;
    if (!Number.isFinite(size)) return { text: toFixed(size) };
    const whole = Math.trunc(size);
    const of = (length: number, within: number): number => Math.floor((((whole % within) + within) % within) / length);
    const parts = [`${two(of(60_000, 3_600_000))}m`, `${two(of(1000, 60_000))}s`, `${String(of(1, 1000)).padStart(3, "0")}ms`];
    if (size < 1000) return { text: parts[2]! };
    // Grafana keeps the parts as a date, and dates end there.
    if (size > 8.64e15) parts.splice(0, 3, "Invalid date");
    if (size >= 3_600_000) parts.unshift(`${Math.floor(size / 3_600_000)}h`);
    else if (size < 60_000) parts.shift();
    return { text: parts.slice(0, decimals === null || decimals === undefined ? parts.length : decimals + 1).join(":") };
  };
}

/** Whether both instants (ms) fall on one day of `zone`. */
function isSameDay(a: number, b: number, zone: string): boolean {
  const [x, y] = [wallTime(a, zone), wallTime(b, zone)];
  return x.day === y.day && x.month === y.month && x.year === y.year;
}

/** As `pattern` says; of today as `timeOnly` does. */
function dateOrTime(pattern: string, timeOnly: string): Format {
  return (value, _decimals, zone) => ({ text: formatPattern(value, zone, isSameDay(value, Date.now(), zone) ? timeOnly : pattern) });
}

const localDates = new Map<string, Intl.DateTimeFormat>();

function localDate(noDateIfToday: boolean): Format {
  return (value, _decimals, zone) => {
    if (!Number.isFinite(value) || Math.abs(value) > 8.64e15) return { text: "Invalid date" };
    const timeZone = resolveZone(zone);
    const timeOnly = noDateIfToday && isSameDay(value, Date.now(), zone);
    const key = `${timeOnly} ${timeZone}`;
    let made = localDates.get(key);
    if (!made) {
      const day: Intl.DateTimeFormatOptions = timeOnly ? {} : { year: "numeric", month: "2-digit", day: "2-digit" };
      made = new Intl.DateTimeFormat(undefined, { timeZone, hour: "2-digit", minute: "2-digit", second: "2-digit", ...day });
      localDates.set(key, made);
    }
    // A narrow space that does not break, as newer tables of locales have it and older ones do not.
    return { text: made.format(value).replace(/ (?=[AP]M$)/, "\u202f") };
  };
}

/** By their ids in dashboards. */
export const RARE_TIMES: readonly (readonly [string, Format])[] = [
  ["timeticks", timeticks],
  ["dtdurationms", inWords(1, "millisecond")],
  ["dtdurations", inWords(1000, "second")],
  ["dthms", hoursMinutesSeconds],
  ["dtdhms", daysHoursMinutesSeconds],
  ["clockms", clock(1)],
  ["clocks", clock(1000)],
  ["dateTimeFromNow", (value) => ({ text: Number.isFinite(value) ? formatRelative(value, Date.now()) : "Invalid date" })],
  ["dateTimeAsLocal", localDate(false)],
  ["dateTimeAsLocalNoDateIfToday", localDate(true)],
  ["dateTimeAsIsoNoDateIfToday", dateOrTime("YYYY-MM-DD HH:mm:ss", "HH:mm:ss")],
  ["dateTimeAsUS", dateOrTime("MM/DD/YYYY h:mm:ss a", "MM/DD/YYYY h:mm:ss a")],
  ["dateTimeAsUSNoDateIfToday", dateOrTime("MM/DD/YYYY h:mm:ss a", "h:mm:ss a")],
];
