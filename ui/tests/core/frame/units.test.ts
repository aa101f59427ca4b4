import { expect, test } from "vitest";
import { formatValue, isDateUnit, isKnownUnit, joined } from "../../../src/core/frame/units.ts";

const text = (unit: string, value: number | null, decimals?: number | null, zone = "utc") => joined(formatValue(unit, value, decimals, zone));

test.each([
  ["none", 12.3456, null, "12.3"], ["none", -1234.5, null, "-1234"], ["none", 1e21, null, "1e+21"],
  ["short", 1500, null, "1.50 K"], ["short", 1e15, null, "1 Quadr"], ["short", 999.999, 1, "1000.0"],
  ["bytes", 1024, null, "1 KiB"], ["bytes", 1e30, null, "827181 YiB"], ["decbytes", 1024, null, "1.02 kB"], ["Bps", 1500, 0, "2 kB/s"], ["binBps", 1536, 1, "1.5 KiB/s"],
  ["percentunit", 0.1234, 1, "12.3%"], ["percent", 0.05, null, "0.0500%"],
  ["s", 0.25, null, "250 ms"], ["s", 90, null, "1.50 mins"], ["ms", 1, 2, "1.00 ms"], ["ns", 3.6e12, null, "1 hour"],
  ["dtdurations", 3661, 2, "1 hour, 1 minute, 1 second"], ["dtdurationms", -1000, null, "1 second ago"], ["clocks", 61, null, "01m:01s:000ms"],
  ["ops", 1500, null, "1.50K ops/s"], ["ops", Infinity, null, "∞ ops/s"], ["currencyUSD", -1500, null, "-$1.50K"], ["currencySEK", 12, null, "12kr"],
  ["bool_on_off", 0, null, "Off"], ["hex0x", -255, null, "-0xFF"], ["sci", 1500, 1, "1.5e+3"],
])("%s of %s with %s decimals", (unit, value, decimals, expected) => {
  expect(text(unit, value, decimals)).toBe(expected);
});

test.each([
  ["suffix:foo", 1.5, "1.50 foo"], ["prefix:>", 2, ">2"], ["si:mW", 1500, "1.50 W"], ["si:m", 1500, "1.50 km"], ["count:req", 1e6, "1M req"],
  ["currency:€", 1500, "€1.50K"], ["currency:kr:suffix", 1500, "1.50Kkr"], ["currency:financial:$", 1500, "$1,500"], ["bool:Up/Down", 1, "Up"],
  ["read/s", 3, "3 read/s"], ["constructor", 3, "3 constructor"], ["__proto__:x", 3, "3 __proto__:x"],
])("a unit made by hand or unknown: %s", (unit, value, expected) => {
  expect(text(unit, value)).toBe(expected);
});

test("missing values are empty, what is no number says so", () => {
  expect(text("bytes", null)).toBe("");
  expect(text("bytes", NaN)).toBe("NaN");
  expect(text("short", -Infinity)).toBe("-∞");
});

test.each(["none", "short", "sci", "locale", "s", "bytes", "currency:financial:$", "clocks", "dtdurations", "hex", "percentunit"])("%s with decimals that no number has", (unit) => {
  for (const decimals of [-5, 1000, NaN, Infinity, 1.7, "2" as never]) for (const value of [0, 1.5, -1e300, Infinity]) expect(text(unit, value, decimals)).not.toBe("");
});

test("times are those of the zone", () => {
  expect(text("dateTimeAsIso", 1_700_000_000_000, null, "Europe/Berlin")).toBe("2023-11-14 23:13:20");
  expect(text("time:YYYY [year] Q, dddd Do MMM H:mm a Z", 1_700_000_000_000, null, "America/New_York")).toBe("2023 year 4, Tuesday 14th Nov 17:13 pm -05:00");
  expect(text("dateTimeAsUS", 1_700_000_000_000, null, "utc")).toBe("11/14/2023 10:13:20 pm");
  expect(text("dateTimeAsIso", NaN)).toBe("NaN");
  expect(text("dateTimeAsIso", 1e300)).toBe("Invalid date");
  expect(text("dateTimeAsIsoNoDateIfToday", Date.now())).toMatch(/^\d\d:\d\d:\d\d$/);
});

test("how long ago, and what is no time", () => {
  expect(text("dateTimeFromNow", Date.now() - 300_000)).toBe("5 minutes ago");
  expect(text("dateTimeFromNow", Infinity)).toBe("Invalid date");
  expect(text("dateTimeAsLocal", Infinity)).toBe("Invalid date");
});

test("units are known by the list and by prefixes", () => {
  expect(["bytes", "si:W", "time:YYYY"].every(isKnownUnit)).toBe(true);
  expect(["rds", "foo:bar", ""].some(isKnownUnit)).toBe(false);
  expect([isDateUnit("time:YYYY"), isDateUnit("dateTimeFromNow"), isDateUnit("s"), isDateUnit(undefined)]).toEqual([true, true, false, false]);
});
