import { describe, expect, it } from "vitest";
import { frame } from "../../src/core/frame/frame.ts";
import type { Frame } from "../../src/core/frame/frame.ts";
import type { Target } from "../../src/core/model/dashboard.ts";
import { evaluateExpression } from "../../src/query/expressions.ts";

const series = (values: (number | null)[], labels: Record<string, string> = {}): Frame =>
  frame([{ name: "Time", type: "time", values: values.map((_, at) => at * 1000), config: {} }, { name: "Value", type: "number", values, labels, config: {} }]);
const run = (target: Partial<Target>, found: Record<string, Frame[]>) => evaluateExpression({ refId: "X", ...target } as Target, new Map(Object.entries(found)));
const values = (frames: Frame[]) => frames.map((one) => one.fields.find((field) => field.type === "number")!.values);

describe("evaluateExpression", () => {
  it("reduces each series to a number", () => {
    expect(values(run({ type: "reduce", expression: "A", reducer: "max" }, { A: [series([1, null, 5, 2])] }))).toEqual([[5]]);
    expect(values(run({ type: "reduce", expression: "$A", reducer: "mean" }, { A: [series([])] }))).toEqual([[null]]);
  });
  it("reckons by rank, with brackets, and joins series by labels", () => {
    const found = { A: [series([10, 20], { h: "a" }), series([1, 2], { h: "b" })], B: [series([2, 2], { h: "b" }), series([5, 5], { h: "a" })] };
    expect(values(run({ type: "math", expression: "$A / $B * 100" }, found))).toEqual([[200, 400], [50, 100]]);
    expect(values(run({ type: "math", expression: "-(1 + 2) * 3" }, {}))).toEqual([[-9]]);
  });
  it("compares, and knows functions", () => {
    const found = { A: [series([-1.5, null, 4])] };
    expect(values(run({ type: "math", expression: "abs($A) > 1 && $A != 4" }, found))).toEqual([[1, null, 0]]);
    expect(values(run({ type: "math", expression: "is_null($A) + round(floor($A) / 2)" }, found))).toEqual([[-1, null, 2]]);
    expect(values(run({ type: "math", expression: "2 ** 3 >= 8 || !1" }, {}))).toEqual([[1]]);
    expect(values(run({ type: "math", expression: "is_inf(inf()) + is_nan(nan())" }, {}))).toEqual([[2]]);
  });
  it("holds against thresholds", () => {
    const conditions = [{ evaluator: { type: "within_range", params: [1, 3] } }];
    expect(values(run({ type: "threshold", expression: "A", conditions }, { A: [series([0, 2, null])] }))).toEqual([[0, 1, null]]);
  });
  it("puts values into steps of one length, and fills those without any", () => {
    const target = { type: "resample", expression: "A", window: "2s", downsampler: "sum" };
    const found = { A: [series([1, 2, null, null, 5])] };
    expect(values(run({ ...target, upsampler: "fillna" }, found))).toEqual([[3, null, 5]]);
    expect(values(run({ ...target, upsampler: "pad" }, found))).toEqual([[3, 3, 5]]);
    expect(values(run({ ...target, upsampler: "backfilling" }, found))).toEqual([[3, 5, 5]]);
    expect(run(target, found)[0]!.fields[0]!.values).toEqual([0, 2000, 4000]);
    expect(() => run({ ...target, window: "often" }, found)).toThrow("no duration");
  });
  it("says what it does not know", () => {
    expect(() => run({ type: "sql" }, {})).toThrow("sql");
    expect(() => run({ type: "math", expression: "$Z + 1" }, {})).toThrow('no query "Z"');
    expect(() => run({ type: "math", expression: "(1 + 2" }, {})).toThrow("bracket");
  });
});
