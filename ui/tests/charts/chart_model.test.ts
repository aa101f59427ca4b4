import { expect, test } from "vitest";
import { chartModel, SERIES_DRAWN } from "../../src/charts/chart_model.ts";
import { drawableSeries, SERIES_MOST } from "../../src/charts/more_series.ts";
import { timeEntries, valueIndex } from "../../src/charts/time_tooltip.ts";
import type { Frame } from "../../src/core/frame/frame.ts";
import { frame } from "../../src/core/frame/frame.ts";

const series = (name: string, times: number[], values: (number | null)[], custom: Record<string, unknown> = {}): Frame =>
  frame([{ name: "Time", type: "time", values: times, config: {} }, { name: "Value", type: "number", values, config: { custom }, display: name }]);

const stacking = { stacking: { mode: "normal", group: "A" } };

test("series are stacked for the drawing and told as they are", () => {
  const model = chartModel([series("a", [1, 2], [1, 2], stacking), series("b", [1, 2], [10, 20], stacking)], "dark", "utc");
  const none = new Set<string>();
  expect(model.data(none)).toEqual([[1, 2], [1, 2], [11, 22]]);
  expect(model.bands(none)).toEqual([{ series: [2, 1], dir: -1 }]);
  expect(model.series[1]!.raw).toEqual([10, 20]);
  // Hidden, it is in no stack.
  expect(model.data(new Set(["a"]))[2]).toEqual([10, 20]);
});

test("a bar of no height is not drawn, and told all the same", () => {
  const bars = { drawStyle: "bars" };
  const alone = chartModel([series("a", [1, 2, 3], [0, 5, -0], bars)], "dark", "utc");
  expect(alone.data(new Set())[1]).toEqual([null, 5, null]);
  expect(timeEntries(alone, new Set(), { index: 0, ms: 1 }, () => 0).entries[0]).toMatchObject({ value: 0, active: true });
  // On top of others uPlot leaves it out by itself, and the one below must be known.
  const stack = chartModel([series("a", [1, 2], [1, 0], { ...bars, ...stacking }), series("b", [1, 2], [0, 3], { ...bars, ...stacking })], "dark", "utc");
  expect(stack.data(new Set()).slice(1)).toEqual([[1, null], [1, 3]]);
});

test("names that are the same are told apart", () => {
  const model = chartModel([series("a", [1], [1]), series("a", [1], [2])], "dark", "utc");
  expect(model.series.map((each) => each.id)).toEqual(["a", "a (2)"]);
  expect(model.series[0]!.color).not.toBe(model.series[1]!.color);
});

test("negative-Y is drawn below and told as it is", () => {
  const model = chartModel([series("out", [1, 2], [3, 4], { transform: "negative-Y" })], "dark", "utc");
  expect(model.data(new Set())[1]).toEqual([-3, -4]);
  const { entries } = timeEntries(model, new Set(), { index: 0, ms: 10 }, () => 0);
  expect(entries[0]).toMatchObject({ name: "out", value: 3, active: true });
});

test("the nearest series is marked, hidden ones and gaps are left out", () => {
  const model = chartModel([series("a", [1, 2], [1, null]), series("b", [1, 2], [5, 6]), series("c", [1, 2], [7, 8])], "dark", "utc");
  const { entries, active } = timeEntries(model, new Set(["c"]), { index: 1, ms: 10 }, (place) => [9, 3, 1][place]!);
  expect(entries.map((entry) => [entry.name, entry.active ?? false])).toEqual([["b", true]]);
  expect(active!.series.name).toBe("b");
  expect(active!.row()).toBe(1);
  // Further away than the panel's proximity none is marked.
  expect(timeEntries(model, new Set(), { index: 1, ms: 10 }, () => 20, 10).active).toBeNull();
});

test("a series without a value right there is told with the one beside it, but not over a gap", () => {
  const times = [0, 10, 20, 30];
  expect(valueIndex({ raw: [1, undefined, undefined, 2] }, times, { index: 1, ms: 15 })).toBe(0);
  expect(valueIndex({ raw: [1, undefined, undefined, 2] }, times, { index: 2, ms: 15 })).toBe(3);
  expect(valueIndex({ raw: [1, undefined, undefined, 2] }, times, { index: 2, ms: 5 })).toBe(-1);
  expect(valueIndex({ raw: [1, null, 2, 2] }, times, { index: 1, ms: 50 })).toBe(-1);
});

test("more series than can be drawn are counted", () => {
  const model = chartModel(Array.from({ length: SERIES_DRAWN + 7 }, (_, index) => series(`s${index}`, [1], [index])), "dark", "utc");
  expect(model.series.length).toBe(SERIES_DRAWN);
  expect(model.left).toBe(7);
  expect(chartModel(Array.from({ length: 12 }, (_, index) => series(`s${index}`, [1], [index])), "dark", "utc", 10)).toMatchObject({ left: 2 });
});

test("as many series are drawn as the page can bear, by their values", () => {
  const frames = (count: number, length: number) => Array.from({ length: count }, () => ({ fields: [{ name: "v", type: "number" as const, values: [], config: {} }], length }));
  expect(drawableSeries(frames(3000, 240))).toBe(SERIES_MOST);
  expect(drawableSeries(frames(3000, 1000))).toBe(4000);
  expect(drawableSeries(frames(3000, 50_000))).toBe(SERIES_DRAWN);
  expect(drawableSeries([])).toBe(SERIES_MOST);
});
