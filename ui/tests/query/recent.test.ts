import { describe, expect, it } from "vitest";
import { joined, missing } from "../../src/query/recent.ts";

const MINUTE = 60_000;
const query = (from: number, to: number, stepMs = MINUTE) => ({ expr: "up", from: from * MINUTE, to: to * MINUTE, stepMs });

describe("missing", () => {
  it("is the end of the range, from before the newest samples on", () => {
    expect(missing(query(0, 60), query(1, 61))).toEqual(query(50, 61));
  });
  it("is all of it where grids, steps or ranges do not fit", () => {
    expect(missing(query(0, 60), query(1, 61, 30_000))).toBeNull();
    expect(missing(query(0, 60), { ...query(1, 61), from: MINUTE + 1 })).toBeNull();
    expect(missing(query(0, 60), query(70, 130))).toBeNull();
    expect(missing(query(10, 60), query(0, 60))).toBeNull();
    expect(missing(query(0, 20), query(1, 21))).toBeNull();
  });
});

describe("joined", () => {
  it("keeps old steps within the range, takes new ones, and knows series by their labels", () => {
    const at = (minutes: number[], text: string) => minutes.map((minute): [number, string] => [minute * 60, text]);
    const old = { resultType: "matrix" as const, result: [{ metric: { a: "1", b: "2" }, values: at([0, 1, 2, 3], "o") }, { metric: { a: "gone" }, values: at([0], "o") }] };
    const fresh = { resultType: "matrix" as const, result: [{ metric: { b: "2", a: "1" }, values: at([3, 4], "n") }, { metric: { a: "new" }, values: at([4], "n") }] };
    const whole = joined(old, fresh, query(1, 4), 3 * MINUTE);
    expect(whole.result).toEqual([
      { metric: { a: "1", b: "2" }, values: [[60, "o"], [120, "o"], [180, "n"], [240, "n"]] },
      { metric: { a: "new" }, values: [[240, "n"]] },
    ]);
  });
});
