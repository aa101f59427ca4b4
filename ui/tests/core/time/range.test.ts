import { describe, expect, test } from "vitest";
import { formatDuration, parseDuration } from "../../../src/core/time/duration.ts";
import { formatIso, formatPattern, formatTime } from "../../../src/core/time/format.ts";
import { formatRelative } from "../../../src/core/time/relative.ts";
import {
  alignSpan, autoInterval, calculateInterval, intervalVariables, minInterval, rateInterval, stepFor,
} from "../../../src/core/time/interval.ts";
import { absolute, panelRange, rangeOrDefault, readUrlEnd, readUrlRange, resolveRange, shiftSpan, zoomSpan } from "../../../src/core/time/range.ts";
import { ownQuickRanges, QUICK_RANGES, rangeName } from "../../../src/core/time/range_names.ts";
import { timeTicks } from "../../../src/core/time/ticks.ts";

const NOW = Date.parse("2026-11-28T12:00:00.000Z");
const context = { now: NOW, zone: "utc" };
const H = 3_600_000;

describe("ranges", () => {
  test("resolve, also half relative ones and those the wrong way round", () => {
    expect(resolveRange({ from: "now-1h", to: "now" }, context)).toEqual({ from: NOW - H, to: NOW });
    expect(resolveRange({ from: "2026-11-28T00:00:00.000Z", to: "now" }, context)).toEqual({ from: NOW - 12 * H, to: NOW });
    expect(resolveRange({ from: "now", to: "now-1h" }, context)).toEqual({ from: NOW - H, to: NOW });
    expect(resolveRange({ from: "soon", to: "now" }, context)).toBeNull();
    expect(rangeOrDefault({ from: "soon", to: "now" }, context).raw).toEqual({ from: "now-6h", to: "now" });
    for (const { from, to } of QUICK_RANGES) expect(resolveRange({ from, to }, context)).not.toBeNull();
  });

  test("move and zoom", () => {
    const span = { from: NOW - 2 * H, to: NOW };
    expect(shiftSpan(span, -1)).toEqual({ from: NOW - 3 * H, to: NOW - H });
    expect(shiftSpan(span, 1, NOW)).toEqual(span);
    expect(shiftSpan({ from: NOW - 3 * H, to: NOW - H }, 1, NOW)).toEqual(span);
    expect(zoomSpan(span, 2)).toEqual({ from: NOW - 3 * H, to: NOW + H });
    expect(zoomSpan(span, 0.5)).toEqual({ from: NOW - 1.5 * H, to: NOW - 0.5 * H });
    let wide = span;
    for (let i = 0; i < 100; i++) wide = zoomSpan(wide, 2);
    expect(absolute(wide).from).toMatch(/^-?\+?\d/);
  });

  test("what URLs accept", () => {
    const get = (search: string) => (name: string) => new URLSearchParams(search).get(name);
    expect(readUrlRange(get("from=now-6h&to=now"), "utc")).toEqual({ from: "now-6h", to: "now" });
    expect(readUrlRange(get("from=1700000000000&to=now"), "utc")).toEqual({ from: "2023-11-14T22:13:20.000Z", to: "now" });
    expect(readUrlRange(get("from=20250330T010203&to=2025-03-30 02:00:00"), "Europe/Helsinki")).toEqual({ from: "2025-03-29T23:02:03.000Z", to: "2025-03-30T00:00:00.000Z" });
    expect(readUrlRange(get("time=1700000000000&time.window=60000"), "utc")).toEqual({ from: "2023-11-14T22:12:50.000Z", to: "2023-11-14T22:13:50.000Z" });
    expect(readUrlRange(get("time=1700000000000&time.window=1m"), "utc")).toEqual({ from: "2023-11-14T22:12:50.000Z", to: "2023-11-14T22:13:50.000Z" });
    expect(readUrlRange(get("to=now-1h"), "utc")).toEqual({ from: "now-6h", to: "now-1h" });
    expect(readUrlRange(get("from=rubbish&to=%00"), "utc")).toBeNull();
    expect(readUrlRange(get(""), "utc")).toBeNull();
    expect(readUrlEnd("now 1h", "utc")).toBe("now+1h");
    expect(readUrlEnd("now - 1h", "utc")).toBe("now-1h");
    expect(readUrlEnd("2025-03-30T01:00:00Z||-1d", "utc")).toBe("2025-03-29T01:00:00.000Z");
  });

  test("a panel's own range", () => {
    const range = rangeOrDefault({ from: "now-6h", to: "now" }, context);
    expect(panelRange(range, {}, context)).toEqual({ ...range, note: "" });
    expect(panelRange(range, { timeFrom: "1h" }, context)).toMatchObject({ raw: { from: "now-1h", to: "now" }, span: { from: NOW - H, to: NOW }, note: "Last 1 hour" });
    expect(panelRange(range, { timeFrom: "now/d" }, context)).toMatchObject({ raw: { from: "now/d", to: "now" }, note: "Today so far" });
    expect(panelRange(range, { timeFrom: "+1h" }, context)).toMatchObject({ raw: { from: "now", to: "now+1h" }, note: "Next 1 hour" });
    expect(panelRange(range, { timeShift: "1d" }, context)).toMatchObject({ span: { from: NOW - 30 * H, to: NOW - 24 * H }, note: "timeshift -1d" });
    expect(panelRange(range, { timeFrom: "2h", timeShift: "1h", hideTimeOverride: true }, context)).toMatchObject({ span: { from: NOW - 3 * H, to: NOW - H }, note: "" });
    expect(panelRange(range, { timeFrom: "often" }, context)).toMatchObject({ raw: range.raw, note: 'time override "often" cannot be read' });
    expect(panelRange(range, { timeShift: "x" }, context)).toMatchObject({ raw: range.raw, note: 'time shift "x" cannot be read' });
    const fixed = rangeOrDefault({ from: "2026-11-01T00:00:00.000Z", to: "2026-11-02T00:00:00.000Z" }, context);
    expect(panelRange(fixed, { timeFrom: "1h" }, context).raw).toEqual(fixed.raw);
  });

  test("names", () => {
    expect(rangeName({ from: "now-1m", to: "now" }, "utc")).toBe("Last 1 minute");
    expect(rangeName({ from: "now-2Q", to: "now" }, "utc")).toBe("Last 2 quarters");
    expect(rangeName({ from: "2025-01-01T00:00:00.000Z", to: "now" }, "Europe/Helsinki")).toBe("2025-01-01 02:00:00 to now");
    expect(ownQuickRanges([{ from: "now/d", to: "now", display: "So far" }, { from: 1 }, null, "x"])).toEqual([{ from: "now/d", to: "now", name: "So far" }]);
    expect(ownQuickRanges("x")).toEqual([]);
  });
});

describe("durations and intervals", () => {
  test.each([
    ["1m0s", 60_000], ["2m30s", 150_000], ["1h30m", 90 * 60_000], ["1.5h", 90 * 60_000], ["250ms", 250], ["1M", 2_592_000_000], ["5", 5000], ["-1h", -H],
    ["", null], ["1x", null], ["h", null], ["1h x", null],
  ])("%s", (text, ms) => expect(parseDuration(text)).toBe(ms));

  test("written", () => {
    expect([0, 500, 60_000, 90_000, 86_400_000, -1000, NaN, Infinity].map(formatDuration)).toEqual(["0s", "500ms", "1m", "1m30s", "1d", "-1s", "0s", "0s"]);
  });

  test("steps", () => {
    expect(calculateInterval(H, 1000, 0)).toEqual({ ms: 5000, text: "5s" });
    expect(calculateInterval(H, 0)).toEqual({ ms: H, text: "1h" });
    expect(minInterval(undefined, "", "junk", ">30s", "1m")).toBe(30_000);
    expect(minInterval("1m0s")).toBe(60_000);
    expect(rateInterval(15_000, 30_000)).toBe(120_000);
    expect(rateInterval(60_000, 15_000)).toBe(75_000);
    expect(rateInterval(15_000, 0)).toBe(60_000);
    expect(stepFor(6 * H, 15_000, { factor: 2 })).toBe(30_000);
    expect(stepFor(24 * 30 * H, 15_000)).toBe(236_000);
    expect((24 * 30 * H) / stepFor(24 * 30 * H, 15_000)).toBeLessThanOrEqual(11_000);
    expect(alignSpan({ from: 61_001, to: 119_999 }, 60_000)).toEqual({ from: 60_000, to: 60_000 });
    expect(alignSpan({ from: 0, to: 86_400_000 }, 86_400_000, 2 * H)).toEqual({ from: -2 * H, to: 86_400_000 - 2 * H });
    expect(autoInterval(6 * H, 30, "10s")).toBe("10m");
    expect(intervalVariables({ ms: 15_000, text: "15s" }, 30_000, H)).toEqual({
      __interval: "15s", __interval_ms: "15000", __rate_interval: "2m", __auto: "15s", __range: "3600s", __range_s: "3600", __range_ms: "3600000",
    });
  });
});

describe("texts of times", () => {
  const at = Date.parse("2026-01-02T03:04:05.006Z");
  test.each([
    ["YYYY-MM-DD HH:mm:ss.SSS", "2026-01-02 03:04:05.006"], ["dddd, MMMM Do [at] h:mm A", "Friday, January 2nd at 3:04 AM"], ["X x", "1767323045 1767323045006"],
    ["DDD DDDD W E Q", "2 002 1 5 1"], ["YY M D H m s", "26 1 2 3 4 5"], ["Z ZZ", "+00:00 +0000"], ["[YYYY]", "YYYY"],
  ])("%s", (pattern, expected) => expect(formatPattern(at, "utc", pattern)).toBe(expected));

  test("in zones, and of no time", () => {
    expect(formatTime(at, "America/New_York")).toBe("2026-01-01 22:04:05");
    expect(formatTime(at, "utc", true)).toBe("2026-01-02 03:04:05.006");
    expect(formatIso(at, "Europe/Helsinki")).toBe("2026-01-02T05:04:05.006+02:00");
    expect(formatTime(NaN, "utc")).toBe("Invalid date");
    expect(formatPattern(at, "Asia/Kolkata", "HH:mm z")).toMatch(/^08:34 Asia\/(Kolkata|Calcutta)$/);
  });

  test("relative", () => {
    expect([0, 60, 600, 3600, 7200, 86_400, 10 * 86_400, 60 * 86_400, 800 * 86_400].map((s) => formatRelative(NOW - s * 1000, NOW))).toEqual([
      "a few seconds ago", "a minute ago", "10 minutes ago", "an hour ago", "2 hours ago", "a day ago", "10 days ago", "2 months ago", "2 years ago",
    ]);
    expect(formatRelative(NOW + 3 * H, NOW)).toBe("in 3 hours");
  });
});

describe("ticks", () => {
  const labels = (from: string, to: string, most: number, zone = "utc") => timeTicks(Date.parse(from), Date.parse(to), most, zone).labels;

  test("stand on round wall times and say no more than they must", () => {
    expect(labels("2026-11-28T10:00:30Z", "2026-11-28T11:00:30Z", 6)).toEqual(["10:10", "10:20", "10:30", "10:40", "10:50", "11:00"]);
    expect(labels("2026-11-28T10:00:00Z", "2026-11-28T10:01:00Z", 5)).toEqual(["10:00:00", "10:00:15", "10:00:30", "10:00:45", "10:01:00"]);
    expect(labels("2026-11-26T00:00:00Z", "2026-11-28T00:00:00Z", 4)).toEqual(["11/26 00:00", "11/26 12:00", "11/27 00:00", "11/27 12:00", "11/28 00:00"]);
    expect(labels("2026-11-01T00:00:00Z", "2026-11-08T00:00:00Z", 8)).toEqual(["11/01", "11/02", "11/03", "11/04", "11/05", "11/06", "11/07", "11/08"]);
    expect(labels("2024-01-01T00:00:00Z", "2026-01-01T00:00:00Z", 9)).toEqual(["2024-01", "2024-04", "2024-07", "2024-10", "2025-01", "2025-04", "2025-07", "2025-10", "2026-01"]);
    expect(labels("2026-11-28T00:00:00.000Z", "2026-11-28T00:00:00.010Z", 5)[1]).toBe("00:00:00.002");
    expect(timeTicks(5, 5, 5, "utc").values).toEqual([]);
  });

  test("follow the clocks when they change", () => {
    expect(labels("2026-03-28T22:00:00Z", "2026-03-29T21:00:00Z", 4, "Europe/Helsinki")).toEqual(["00:00", "06:00", "12:00", "18:00", "00:00"]);
    expect(labels("2026-10-24T21:00:00Z", "2026-10-25T22:00:00Z", 5, "Europe/Helsinki")).toEqual(["00:00", "06:00", "12:00", "18:00", "00:00"]);
  });

  test("ascend, and are as many as asked at most (and one), for all kinds of spans and zones", () => {
    const start = Date.parse("2026-03-20T11:22:33.444Z");
    for (const zone of ["utc", "Europe/Helsinki", "Australia/Lord_Howe", "America/St_Johns"]) {
      for (let length = 7; length < 4e12; length *= 3.7) {
        const { values } = timeTicks(start, start + length, 8, zone);
        expect(values.length).toBeLessThanOrEqual(10);
        for (let i = 1; i < values.length; i++) expect(values[i]! > values[i - 1]!).toBe(true);
      }
    }
  });
});
