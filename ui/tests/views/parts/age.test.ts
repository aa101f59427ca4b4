import { describe, expect, it } from "vitest";
import { ago, bytes, count, instant, shortSpan, took } from "../../../src/views/parts/age.ts";

describe("short texts", () => {
  it("say how long ago", () => {
    expect(ago(0, 1000)).toBe("never");
    expect(ago(1000, 1400)).toBe("just now");
    expect(ago(1000, 63_000)).toBe("1m 2s ago");
    expect(ago(10_000, 1000)).toBe("in 9s");
  });

  it("say how long", () => {
    expect(shortSpan(120)).toBe("120ms");
    expect(shortSpan(59_600)).toBe("1m");
    expect(shortSpan(90_061_000)).toBe("1d 1h");
    expect(shortSpan(NaN)).toBe("–");
    expect(took(0.00031)).toBe("0.31ms");
    expect(took(0.25)).toBe("250ms");
    expect(took(2.5)).toBe("2.50s");
    expect(took(0)).toBe("0");
  });

  it("say how much, and when a server means never", () => {
    expect(bytes(1536)).toBe("1.50 KiB");
    expect(bytes(12)).toBe("12 B");
    expect(count(1234567)).toBe("1,234,567");
    expect(instant("0001-01-01T00:00:00Z")).toBe(0);
    expect(instant("2026-11-28T00:00:00Z")).toBe(Date.UTC(2026, 10, 28));
  });
});
