import { describe, expect, it } from "vitest";
import { regexPiece, regexValue, signatures } from "../../src/editor/promql_completion.ts";

describe("completion of PromQL", () => {
  it("knows what functions are given and give", () => {
    const all = signatures();
    expect(all.get("rate")).toBe("(range) → vector");
    expect(all.get("histogram_quantile")).toBe("(number, vector) → vector");
    expect(all.get("hour")).toBe("(vector?) → vector");
    expect(all.get("label_join")).toMatch(/^\(vector, text, text, text…\) → vector$/);
    expect(all.size).toBeGreaterThan(60);
  });

  it("finds the value that is typed in a regular expression", () => {
    expect(regexPiece('up{job=~"a|b')).toBe("b");
    expect(regexPiece('up{job=~"a|')).toBe("");
    expect(regexPiece('up{job!~"(x|no')).toBe("no");
    expect(regexPiece('up{a="x", job=~"one')).toBe("one");
    expect(regexPiece('up{job="a|b')).toBeNull();
    expect(regexPiece('up{job=~"a|b"} + x')).toBeNull();
  });

  it("offers values that fit themselves alone", () => {
    expect(regexValue("10.0.0.1:80")).toBe("10\\\\.0\\\\.0\\\\.1:80");
    expect(new RegExp(`^${JSON.parse(`"${regexValue('a.b(c)"')}"`) as string}$`).test('a.b(c)"')).toBe(true);
  });
});
