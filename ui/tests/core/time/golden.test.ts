import { describe, expect, test } from "vitest";
import { parseDate } from "../../../src/core/time/datemath.ts";
import { readInterval } from "../../../src/core/time/duration.ts";
import { calculateInterval } from "../../../src/core/time/interval.ts";
import { rangeName } from "../../../src/core/time/range_names.ts";
import { golden } from "../golden.ts";

const dates = golden<{ now: number; rows: [string, string, boolean, number | string | null][] }>("datemath.json");
const intervals = golden<{ rows: [number, number, string | null, string, number | null][] }>("interval.json");
const durations = golden<{ rows: [string, number | string][] }>("duration.json");
const names = golden<{ rows: [string, string, string][] }>("range-names.json");

describe("as Grafana's own library has it", () => {
  test.skipIf(!dates)("dates (skipped where ../shared/corpus/golden is not there)", () => {
    for (const [zone, text, roundUp, expected] of dates!.rows) {
      const got = parseDate(text, { now: dates!.now, zone, weekStart: "sunday" }, roundUp);
      expect([zone, text, roundUp, got]).toEqual([zone, text, roundUp, typeof expected === "number" ? expected : null]);
    }
    expect(dates!.rows.length).toBeGreaterThan(200);
  });

  test.skipIf(!intervals)("intervals", () => {
    for (const [seconds, points, min, text, ms] of intervals!.rows) {
      let got: unknown[];
      try {
        const made = calculateInterval(seconds * 1000, points, min === null ? 0 : readInterval(min));
        got = [made.text, made.ms];
      } catch {
        got = ["ERR", null];
      }
      expect([seconds, points, min, ...got]).toEqual([seconds, points, min, text, ms]);
    }
    expect(intervals!.rows.length).toBeGreaterThan(700);
  });

  test.skipIf(!durations)("durations", () => {
    for (const [text, expected] of durations!.rows) {
      if (typeof expected === "number") expect([text, readInterval(text)]).toEqual([text, expected]);
      else expect(() => readInterval(text)).toThrow(RangeError);
    }
  });

  test.skipIf(!names)("names of ranges", () => {
    for (const [from, to, expected] of names!.rows) expect([from, to, rangeName({ from, to }, "utc")]).toEqual([from, to, expected]);
  });
});
