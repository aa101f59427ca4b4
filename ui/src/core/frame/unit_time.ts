/** Spans of time to text: `1.02 mins`, `1 hour, 1 minute`, `01:01:01`, `01m:01s:000ms`. */

import { toFixed } from "./fixed.ts";
import type { Format } from "./unit_scales.ts";

/** [below this, divided by this, name, whether a plural s is added] */
type Step = readonly [below: number, by: number, name: string, plural?: boolean];

const NS: Step[] = [
  [1e3, 1, "ns"], [1e6, 1e3, "µs"], [1e9, 1e6, "ms"], [6e10, 1e9, "s"],
  [3.6e12, 6e10, "min", true], [8.64e13, 3.6e12, "hour", true], [Infinity, 8.64e13, "day", true],
];
const US: Step[] = [[1e3, 1, "µs"], [1e6, 1e3, "ms"], [Infinity, 1e6, "s"]];
const MS: Step[] = [
  [1e3, 1, "ms"], [6e4, 1e3, "s"], [3.6e6, 6e4, "min", true], [8.64e7, 3.6e6, "hour", true],
  [31_536_000_000, 8.64e7, "day", true], [Infinity, 31_536_000_000, "year", true],
];
// A year is 365.24 days here and 365 elsewhere: Grafana's figures, and people compare.
const S: Step[] = [
  [1e-6, 1e-9, "ns"], [1e-3, 1e-6, "µs"], [1, 1e-3, "ms"], [60, 1, "s"], [3600, 60, "min", true], [86_400, 3600, "hour", true],
  [604_800, 86_400, "day", true], [31_536_000, 604_800, "week", true], [Infinity, 3.15569e7, "year", true],
];
const M: Step[] = [[60, 1, "min"], [1440, 60, "hour", true], [10_080, 1440, "day", true], [604_800, 10_080, "week", true], [Infinity, 5.25948e5, "year", true]];
const H: Step[] = [[24, 1, "hour"], [168, 24, "day", true], [8760, 168, "week", true], [Infinity, 8760, "year", true]];
const D: Step[] = [[7, 1, "day", true], [365, 7, "week", true], [Infinity, 365, "year", true]];

function stepped(steps: readonly Step[]): Format {
  return (value, decimals) => {
    const size = Math.abs(value);
    const [, by, name, plural] = steps.find(([below]) => size < below) ?? steps[steps.length - 1]!;
    // Multiplied for the parts of a second: 0.05 / 0.001 is not quite 50.
    const amount = by < 1 ? value * Math.round(1 / by) : value / by;
    return { text: toFixed(amount, decimals), suffix: ` ${name}${plural && Math.abs(amount) > 1 ? "s" : ""}` };
  };
}

export const nanoseconds: Format = stepped(NS);
export const microseconds: Format = stepped(US);
export const milliseconds: Format = stepped(MS);
export const minutes: Format = stepped(M);
export const hours: Format = stepped(H);
export const days: Format = stepped(D);

const bySeconds = stepped(S);

/** Seconds; zero is "0 s", whatever the decimals. */
export const seconds: Format = (value, decimals, zone) => (value === 0 ? { text: "0", suffix: " s" } : bySeconds(value, decimals, zone));

/** Hundredths of a second, as SNMP counts. */
export const timeticks: Format = (value, decimals, zone) => seconds(value / 100, decimals, zone);

const PARTS: readonly [ms: number, name: string][] = [
  [31_536_000_000, "year"], [2_592_000_000, "month"], [604_800_000, "week"], [86_400_000, "day"],
  [3_600_000, "hour"], [60_000, "minute"], [1000, "second"], [1, "millisecond"],
];

/** In words: the largest part and as many more as there are decimals. `ms` is how long the number's unit is. */
export function inWords(ms: number, name: string): Format {
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
export const hoursMinutesSeconds: Format = (value) => {
  const size = Math.abs(value);
  const text = `${two(Math.floor(size / 3600))}:${two(Math.floor((size % 3600) / 60))}:${two(Math.floor((size % 3600) % 60))}`;
  return { text: value < 0 ? `${text} ago` : text };
};

/** Seconds as `d hh:mm:ss`, the days where there are any. */
export const daysHoursMinutesSeconds: Format = (value, decimals, zone) => {
  const size = Math.abs(value);
  const { text } = hoursMinutesSeconds(size % 86_400, decimals, zone);
  const whole = Math.floor(size / 86_400);
  return { text: (whole > 0 ? `${whole} d ${text}` : text) + (value < 0 ? " ago" : "") };
};

/** As on a stopwatch: `01m:30s:061ms`; decimals say how many parts beyond the largest are shown. `ms` as in `inWords`. */
export function clock(ms: number): Format {
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
