import { describe, expect, it } from "vitest";
import { secondsUntil, standing } from "../../../src/views/tokens/expiry.ts";

const NOW = Date.parse("2026-11-28T12:00:00Z");

describe("how long a token lives", () => {
  it("ends with the day that was chosen", () => {
    expect(secondsUntil("2026-11-28", NOW)).toBe(12 * 3600);
    expect(secondsUntil("2026-12-01", NOW)).toBe(12 * 3600 + 3 * 86_400);
  });

  it("is nothing for days that are past or none", () => {
    for (const day of ["2026-11-27", "", "tomorrow", "2026-11"]) expect(secondsUntil(day, NOW)).toBe(0);
  });

  it("is told in days, and warned of in its last week", () => {
    expect(standing(null, NOW)).toEqual({ text: "never expires", state: "" });
    expect(standing("2026-12-28T12:00:00Z", NOW)).toEqual({ text: "expires in 30 days", state: "" });
    expect(standing("2026-11-29T13:00:00Z", NOW)).toEqual({ text: "expires in a day", state: "warn" });
    expect(standing("2026-11-28T15:10:00Z", NOW)).toEqual({ text: "expires in 3 h", state: "warn" });
    expect(standing("2026-11-28T12:30:00Z", NOW)).toEqual({ text: "expires within an hour", state: "warn" });
    expect(standing("2026-11-28T12:00:00Z", NOW)).toEqual({ text: "expired", state: "error" });
  });
});
