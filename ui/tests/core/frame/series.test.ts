import { expect, test } from "vitest";
import { frame, type Frame } from "../../../src/core/frame/frame.ts";
import { chartData } from "../../../src/core/frame/series.ts";
import { field } from "./frames.ts";

const series = (times: number[], values: unknown[], custom: object = {}, more: Partial<Frame> = {}): Frame =>
  frame([field("Time", times), field("Value", values, { type: "number", config: { custom: { ...custom } } })], more);
const drawn = (frames: Frame[]) => chartData(frames).series.map(({ values }) => values);

test("columns with the same times are not touched", () => {
  const times = [1, 2, 3];
  const values = [1, null, 3];
  const data = chartData([series(times, values), series(times, [4, 5, 6])]);
  expect(data.times).toBe(times);
  expect(data.series[0]!.values).toBe(values);
});

test("different times make one axis; what a column has no sample for is passed over", () => {
  const data = chartData([series([1, 3], [1, 3]), series([2, 3, 4], [20, 30, 40])]);
  expect(data.times).toEqual([1, 2, 3, 4]);
  expect(data.series.map(({ values }) => values)).toEqual([[1, undefined, 3, undefined], [undefined, 20, 30, 40]]);
});

test("samples further apart than the step leave a gap", () => {
  const data = chartData([series([0, 10, 40, 50], [1, 2, 3, 4], {}, { meta: { stepMs: 10 } }), series([0, 10, 20, 30, 40, 50], [1, 1, 1, 1, 1, 1], {}, { meta: { stepMs: 10 } })]);
  expect(data.times).toEqual([0, 10, 20, 30, 40, 50]);
  expect(data.series[0]!.values).toEqual([1, 2, null, undefined, 3, 4]);
  expect(drawn([series([0, 10, 40], [1, 2, 3], { insertNulls: 20 })])).toEqual([[1, 2, null, 3]]);
  expect(drawn([series([0, 10, 30, 80], [1, 2, 3, 4], { insertNulls: 30 }, { meta: { stepMs: 10 } })]), "the panel knows better than the step").toEqual([[1, 2, 3, null, 4]]);
});

test("gaps are spanned: all, or short ones", () => {
  const times = [0, 10, 20, 30, 100, 200];
  const values = [1, null, 3, null, null, 4];
  expect(drawn([series(times, values, { spanNulls: true })])).toEqual([[1, undefined, 3, undefined, undefined, 4]]);
  expect(drawn([series(times, values, { spanNulls: 60 })])).toEqual([[1, undefined, 3, null, null, 4]]);
});

test("null as zero, negative-Y, and what is not finite", () => {
  const zero = series([1, 2], [null, 5]);
  zero.fields[1]!.config.nullValueMode = "null as zero";
  expect(drawn([zero, series([1, 2], [undefined, 5], { nullsAsZero: true })])).toEqual([[0, 5], [0, 5]]);
  const data = chartData([series([1, 2, 3, 4], [1, NaN, Infinity, null], { transform: "negative-Y" })]);
  expect(data.series[0]!.values).toEqual([-1, null, null, null]);
  expect(data.series[0]!.raw).toEqual([1, NaN, Infinity, null]);
});

test("times out of order and twice", () => {
  const data = chartData([series([3, 1, 2, 1], [30, 10, 20, 11])]);
  expect([data.times, data.series[0]!.values]).toEqual([[1, 2, 3], [11, 20, 30]]);
});

const stack = (mode = "normal", more: object = {}) => ({ stacking: { mode, group: "A" }, ...more });

test("stacks: sums, gaps where nobody has a value, signs apart", () => {
  const times = [1, 2, 3];
  const data = chartData([
    series(times, [1, null, null], stack()), series(times, [10, 20, null], stack()), series(times, [5, 5, 5]),
    series(times, [2, 2, 2], stack("normal", { transform: "negative-Y" })), series(times, [1, 1, 1], stack("normal", { transform: "negative-Y" })),
  ]);
  expect(data.series.map(({ values }) => values)).toEqual([[1, 0, null], [11, 20, null], [5, 5, 5], [-2, -2, -2], [-3, -3, -3]]);
  expect(data.series.map(({ below }) => below)).toEqual([null, 0, null, null, 3]);
  expect(data.series[4]!.raw).toEqual([1, 1, 1]);
});

test("percent stacks are shares; nothing of nothing is nothing", () => {
  const data = chartData([series([1, 2], [1, 0], stack("percent")), series([1, 2], [3, 0], stack("percent"))]);
  expect(data.series.map(({ values }) => values)).toEqual([[0.25, 0], [1, 0]]);
  expect(data.series.every(({ percent }) => percent)).toBe(true);
});

test("a stack over columns of different steps has no teeth", () => {
  const data = chartData([series([0, 10, 20], [2, 4, 6], stack()), series([0, 20], [1, 3], stack())]);
  expect(data.series[1]!.values).toEqual([3, 6, 9]);
});

test("hidden series are in no stack", () => {
  const frames = [series([1], [1], stack("normal", { hideFrom: { viz: true } })), series([1], [2], stack()), series([1], [4], stack())];
  const data = chartData(frames, (_field, one) => one === frames[1]);
  expect(data.series.map(({ values, hidden }) => [values[0], hidden])).toEqual([[1, true], [2, true], [4, false]]);
});

test("frames without times or numbers give nothing", () => {
  expect(chartData([frame([field("pod", ["a"])]), frame([field("Time", [1])]), frame([])])).toEqual({ times: [], series: [] });
});

test("100 series of 50,000 points align in no more than a few passes", () => {
  const points = 50_000;
  const frames = Array.from({ length: 100 }, (_, s) => {
    // Own arrays, two of them out of step: nothing can be told from being the same array.
    const times = Array.from({ length: points }, (_unused, i) => i * 1000 + (s % 50 === 0 ? 500 : 0));
    return series(times, times, stack(), { meta: { stepMs: 1000 } });
  });
  const start = performance.now();
  const data = chartData(frames);
  const took = performance.now() - start;
  expect([data.times.length, data.series.length]).toEqual([points * 2, 100]);
  expect(took).toBeLessThan(8000);
});
