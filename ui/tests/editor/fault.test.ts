import { describe, expect, it } from "vitest";
import { ApiError, errorOf } from "../../src/api/errors.ts";
import { faultOf, offsetOf } from "../../src/editor/fault.ts";

describe("faults", () => {
  it("are counted from line 1, column 1", () => {
    expect(offsetOf("ab\ncde\nf", 2, 2)).toBe(4);
    expect(offsetOf("ab", 1, 9)).toBe(2);
    expect(offsetOf("ab", 5, 1)).toBe(2);
    expect(offsetOf("ab\ncd", 1, 9)).toBe(2);
  });

  it("cover the word at the server's place", () => {
    const error = errorOf(400, "", JSON.stringify({ status: "error", errorType: "bad_data", error: 'invalid parameter "query": 1:5: parse error: unexpected identifier "foo"' }));
    expect(faultOf("sum foo bar", error)).toEqual({ from: 4, to: 7, message: 'unexpected identifier "foo"' });
  });

  it("cover the last word where the text ends too early", () => {
    const error = errorOf(400, "", JSON.stringify({ error: "1:5: parse error: unexpected end of input" }));
    expect(faultOf("up +", error)).toEqual({ from: 3, to: 4, message: "unexpected end of input" });
    const loki = errorOf(400, "", "parse error at line 1, col 16: syntax error: unexpected $end, expecting STRING");
    expect(faultOf('{job="app"} |= ', loki)).toEqual({ from: 12, to: 14, message: "syntax error: unexpected $end, expecting STRING" });
  });

  it("cover the last bracket alone where there is no space before it", () => {
    const error = errorOf(400, "", JSON.stringify({ error: "1:22: parse error: unexpected right parenthesis ')'" }));
    expect(faultOf('sum(up{job=~"$job"}))', error)).toEqual({ from: 20, to: 21, message: "unexpected right parenthesis ')'" });
  });

  it("cover everything where no place is named", () => {
    expect(faultOf("up", new ApiError("too many", 422))).toEqual({ from: 0, to: 2, message: "too many" });
    expect(faultOf("", new ApiError("1:1: parse error: no expression found", 400, "", { line: 1, column: 1 }))).toMatchObject({ from: 0, to: 0 });
  });
});
