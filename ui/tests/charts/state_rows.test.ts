import { expect, test } from "vitest";
import { distinctStates, spanAt, stateRows, usualStep } from "../../src/charts/state_rows.ts";
import { frame } from "../../src/core/frame/frame.ts";

const states = (values: unknown[], custom: Record<string, unknown> = {}) =>
  [frame([{ name: "Time", type: "time", values: values.map((_, index) => index * 10), config: {} }, { name: "up", type: "number", values, config: { custom } }])];

const spans = (values: unknown[], merge: boolean, custom = {}) => stateRows(states(values, custom), merge, 1000, "dark", "utc").rows[0]!.spans.map((span) => [span.from, span.to, span.value]);

test("equal neighbours are one span", () => {
  expect(spans([1, 1, 0, 1], true)).toEqual([[0, 20, 1], [20, 30, 0], [30, 45, 1]]);
  expect(spans([1, 1, 0], false)).toEqual([[0, 10, 1], [10, 20, 1], [20, 35, 0]]);
});

test("a gap ends a span unless it may be passed over", () => {
  expect(spans([1, null, 1], true)).toEqual([[0, 10, 1], [20, 35, 1]]);
  expect(spans([1, null, 1], true, { spanNulls: true })).toEqual([[0, 35, 1]]);
});

test("the span at a time is found", () => {
  const { rows } = stateRows(states([1, 0, 1]), true, 1000, "dark", "utc");
  expect(spanAt(rows[0]!.spans, 15)!.value).toBe(0);
  expect(spanAt(rows[0]!.spans, 500)).toBeNull();
  expect(distinctStates(rows).map((state) => state.text)).toEqual(["1", "0"]);
});

test("the usual step is the median", () => {
  expect(usualStep([0, 10, 20, 90], 5)).toBe(10);
  expect(usualStep([1], 5)).toBe(5);
});
