/** Spans of time to text: `1.02 mins`. Other ways are in `rare_time.ts`. */

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
