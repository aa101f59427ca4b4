import { describe, expect, it } from "vitest";
import { excerptOf } from "../../../src/views/dashboard/edit/query_place.ts";

describe("excerptOf", () => {
  it("tells the line and column, and shows no more than that line", () => {
    expect(excerptOf("sum(\n  rate(up[5m)\n)", 14, 15)).toEqual({ line: 2, column: 10, before: "  rate(up", wrong: "[", after: "5m)" });
    expect(excerptOf("up", 2, 2)).toEqual({ line: 1, column: 3, before: "up", wrong: "", after: "" });
  });

  it("cuts long lines", () => {
    const place = excerptOf(`${"a".repeat(100)}!${"b".repeat(100)}`, 100, 101);
    expect(place.before).toHaveLength(33);
    expect(place.after).toHaveLength(33);
    expect(place).toMatchObject({ column: 101, wrong: "!" });
  });
});
