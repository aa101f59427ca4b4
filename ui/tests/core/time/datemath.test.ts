import { describe, expect, test } from "vitest";
import { add, parseDate } from "../../../src/core/time/datemath.ts";
import { parseInstant, parseUrlInstant } from "../../../src/core/time/instant.ts";
import { firstWeekday, instantOf, isZone, offsetMs, offsetText, resolveZone, wallTime, zoneNames } from "../../../src/core/time/zone.ts";

const NOW = Date.parse("2026-03-30T10:20:30.400Z"); // A Monday, the day after Helsinki's clocks went forward.
const at = (text: string, more: object = {}, roundUp = false) => {
  const ms = parseDate(text, { now: NOW, zone: "utc", weekStart: "monday", ...more }, roundUp);
  return ms === null ? null : new Date(ms).toISOString();
};

test.each([
  ["now", "2026-03-30T10:20:30.400Z"],
  ["now-1d", "2026-03-29T10:20:30.400Z"],
  ["now - 90m", "2026-03-30T08:50:30.400Z"],
  ["now-1M", "2026-02-28T10:20:30.400Z"],
  ["now+1M", "2026-04-30T10:20:30.400Z"],
  ["now-1y/M", "2025-03-01T00:00:00.000Z"],
  ["now/d+8h", "2026-03-30T08:00:00.000Z"],
  ["now/Q", "2026-01-01T00:00:00.000Z"],
  ["now-1Q/Q", "2025-10-01T00:00:00.000Z"],
  ["now-d", "2026-03-29T10:20:30.400Z"],
  ["now/w", "2026-03-30T00:00:00.000Z"],
  ["now/1d", "2026-03-30T00:00:00.000Z"],
  ["now/2d", null],
  ["now-", null],
  ["now/fd", null],
  ["nowhere", null],
  ["2025-01-31||+1M", "2025-02-28T00:00:00.000Z"],
  ["2025-01-31T10:00||/d", "2025-01-31T00:00:00.000Z"],
  ["", null],
])("%s", (text, expected) => expect(at(text)).toBe(expected));

test("days are those of the zone's calendar, hours are not", () => {
  const zone = "Europe/Helsinki";
  expect(at("now-1d/d", { zone })).toBe("2026-03-28T22:00:00.000Z");
  expect(at("now-1d/d", { zone }, true)).toBe("2026-03-29T20:59:59.999Z"); // 23 hours
  expect(at("now-2d", { zone })).toBe("2026-03-28T11:20:30.400Z");
  expect(at("now-48h", { zone })).toBe("2026-03-28T10:20:30.400Z");
});

test("weeks begin where the dashboard says, fiscal years when", () => {
  expect(at("now/w", { weekStart: "sunday" })).toBe("2026-03-29T00:00:00.000Z");
  expect(at("now/w", { weekStart: "saturday" })).toBe("2026-03-28T00:00:00.000Z");
  expect(at("now/fy", { fiscalYearStartMonth: 6 })).toBe("2025-07-01T00:00:00.000Z");
  expect(at("now/fy", { fiscalYearStartMonth: 1 }, true)).toBe("2027-01-31T23:59:59.999Z");
  expect(at("now/fQ", { fiscalYearStartMonth: 1 })).toBe("2026-02-01T00:00:00.000Z");
  expect(at("now/fQ", { fiscalYearStartMonth: 1 }, true)).toBe("2026-04-30T23:59:59.999Z");
  expect(firstWeekday("Monday")).toBe(1);
  expect([0, 1, 6]).toContain(firstWeekday());
});

test("29 February goes to 28, leap years to 29", () => {
  expect(new Date(add(Date.parse("2024-02-29T00:00:00Z"), -1, "y", "UTC")).toISOString()).toBe("2023-02-28T00:00:00.000Z");
  expect(new Date(add(Date.parse("2024-03-31T00:00:00Z"), -1, "M", "UTC")).toISOString()).toBe("2024-02-29T00:00:00.000Z");
});

describe("zones", () => {
  test("names", () => {
    expect(resolveZone("utc")).toBe("UTC");
    expect(resolveZone("browser")).toBe("UTC"); // Tests run with TZ=UTC.
    expect(resolveZone("Mars/Olympus")).toBe("UTC");
    expect([isZone(""), isZone("browser"), isZone("UTC"), isZone("Asia/Kolkata"), isZone("Mars/Olympus")]).toEqual([true, true, true, true, false]);
    expect(zoneNames()).toContain("Europe/Helsinki");
    expect(offsetText(NOW, "Asia/Kolkata")).toBe("UTC+05:30");
    expect(offsetText(NOW, "America/New_York")).toBe("UTC-04:00");
    expect(offsetText(NOW, "utc")).toBe("UTC");
  });

  test("wall times go there and back, also before 1970 and for offsets of odd length", () => {
    for (const zone of ["UTC", "Europe/Helsinki", "Asia/Kathmandu", "America/St_Johns", "Pacific/Apia"]) {
      for (const ms of [NOW, 0, -1, -3e11, 4e12, Date.parse("2025-10-26T00:30:00Z")]) expect([zone, instantOf(wallTime(ms, zone), zone)]).toEqual([zone, ms]);
    }
    expect(offsetMs(NaN, "Europe/Helsinki")).toBeNaN();
  });

  test("a time that is skipped is moved, one that comes twice is the first", () => {
    const wall = { year: 2026, month: 3, day: 29, hour: 3, minute: 30, second: 0, ms: 0 };
    expect(new Date(instantOf(wall, "Europe/Helsinki")).toISOString()).toBe("2026-03-29T01:30:00.000Z");
    const twice = { ...wall, month: 10, day: 25 };
    expect(new Date(instantOf(twice, "Europe/Helsinki")).toISOString()).toBe("2026-10-25T00:30:00.000Z");
  });
});

describe("instants", () => {
  const iso = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());
  test.each([
    ["2025-03-30T01:00:00.000Z", "2025-03-30T01:00:00.000Z"],
    ["2025-03-30 01:00:00", "2025-03-29T23:00:00.000Z"],
    ["2025-03-30", "2025-03-29T22:00:00.000Z"],
    ["2025-03-30T01:00:00+02:00", "2025-03-29T23:00:00.000Z"],
    ["2025-03-30T01:00:00.123456789Z", "2025-03-30T01:00:00.123Z"],
    ["2025-13-01", null],
    ["yesterday", null],
    ["1700000000000", null],
  ])("%s in Helsinki", (text, expected) => expect(iso(parseInstant(text, "Europe/Helsinki"))).toBe(expected));

  test.each([
    ["1700000000000", "2023-11-14T22:13:20.000Z"],
    ["20250330", "2025-03-30T00:00:00.000Z"],
    ["20250330T010203", "2025-03-30T01:02:03.000Z"],
    ["2025-03-30 01:00:00", "2025-03-30T01:00:00.000Z"],
    ["99999999999999999", null],
    ["", null],
  ])("%s in a URL", (text, expected) => expect(iso(parseUrlInstant(text, "utc"))).toBe(expected));
});
