import { expect, test } from "vitest";
import { type Field, frame } from "../../src/core/frame/frame.ts";
import { bucketLimits, columnAt, heatCells, heightOf, heatOptions, rowOf } from "../../src/panels/heatmap/cells.ts";
import { heatColors, SCHEME_NAMES } from "../../src/panels/heatmap/schemes.ts";
import { countInto, histogramLimits } from "../../src/panels/barchart/model.ts";

const time: Field = { name: "Time", type: "time", values: [60_000, 120_000], config: {} };
const bucket = (le: string, values: number[]): Field => ({ name: le, type: "number", labels: { le }, values, config: {} });

test("an exemplar stands in the row of its bucket, and is no bucket", () => {
  const rows = [{ name: "1", low: -Infinity, high: 1 }, { name: "3", low: 1, high: 3 }, { name: "+Inf", low: 3, high: Infinity }];
  expect([0.5, 1, 2, 3, 99, NaN].map((value) => heightOf(rows, value))).toEqual([0.5, 0.5, 1.5, 2, 2.5, NaN]);
  const exemplars = frame([time, { name: "Value", type: "number", values: [1, 2], config: {} }], { meta: { kind: "exemplars" } });
  expect(heatCells([frame([time, bucket("1", [5, 2])]), exemplars], heatOptions({}), { from: 0, to: 120_000 })!.rows).toHaveLength(1);
});

test("buckets are ordered by their limits, zeros are not drawn where asked", () => {
  const cells = heatCells([frame([time, bucket("+Inf", [0, 1]), bucket("0.1", [5, 2]), bucket("2", [3, 9])])], heatOptions({ filterValues: { le: 1e-9 } }), { from: 0, to: 120_000 })!;
  expect(cells.rows.map((row) => row.name)).toEqual(["0.1", "2", "+Inf"]);
  expect(cells.rows[1]).toEqual({ name: "2", low: 0.1, high: 2 });
  expect([...cells.values]).toEqual([5, 2, 3, 9, NaN, 1]);
  expect([cells.min, cells.max, cells.stepMs, cells.edge]).toEqual([1, 9, 60_000, "upper"]);
});

test("samples are counted into buckets", () => {
  const series = frame([{ ...time, values: [1000, 2000, 61_000] }, { name: "v", type: "number", values: [1, 12, 12], config: {} }]);
  const options = heatOptions({ calculate: true, calculation: { xBuckets: { mode: "size", value: "1m" }, yBuckets: { mode: "size", value: "10" } } });
  const cells = heatCells([series], options, { from: 0, to: 120_000 })!;
  expect(cells.rows.map((row) => [row.low, row.high])).toEqual([[0, 10], [10, 20]]);
  expect(cells.times).toEqual([60_000, 120_000]);
  expect([...cells.values]).toEqual([1, NaN, 1, 1]);
});

test("limits are round, few enough, or powers", () => {
  expect(bucketLimits(0, 100, { mode: "count", value: "10", log: 0 })).toEqual([0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110]);
  expect(bucketLimits(1, 9, { mode: "size", value: "1", log: 2 })).toEqual([1, 2, 4, 8, 16]);
  expect(bucketLimits(0, 1e9, { mode: "size", value: "1", log: 0 }).length).toBeLessThan(203);
  expect(rowOf([0, 10, 20], 10)).toBe(1);
  expect(rowOf([0, 10, 20], 99)).toBe(1);
});

test("nothing to draw is null", () => {
  expect(heatCells([], heatOptions({}), { from: 0, to: 1 })).toBeNull();
  expect(heatCells([frame([time, bucket("1", [0, 0])])], heatOptions({ filterValues: { le: 0 } }), { from: 0, to: 1 })).toBeNull();
});

test("the column at a time", () => {
  const cells = { times: [60, 120, 300], stepMs: 60 };
  expect([columnAt(cells, 30), columnAt(cells, 60), columnAt(cells, 61), columnAt(cells, 200), columnAt(cells, 301)]).toEqual([0, 0, 1, -1, -1]);
});

test("every scheme gives colours from low to high", () => {
  for (const scheme of SCHEME_NAMES) {
    const { steps, stepOf } = heatColors({ scheme, steps: 16 }, 1, 9, true, "#fff");
    expect(steps).toHaveLength(16);
    expect([stepOf(1), stepOf(9), stepOf(100), stepOf(-5)]).toEqual([0, 15, 15, 0]);
  }
  const opacity = heatColors({ mode: "opacity", steps: 4 }, 0, 1, true, "#ff0000").steps;
  expect(opacity.at(-1)).toBe("rgba(255, 0, 0, 1.000)");
});

test("a histogram counts each number once", () => {
  const limits = histogramLimits(0, 10, 5, undefined);
  expect(limits).toEqual([0, 5, 10, 15]);
  expect(countInto(limits, [0, 4.9, 5, 10, null, NaN])).toEqual([2, 1, 1]);
  expect(histogramLimits(3, 3, undefined, undefined).length).toBeGreaterThan(1);
});

test("limits of a histogram are two at least, however far away numbers or offsets are", () => {
  for (const limits of [histogramLimits(0, 10, 1, undefined, 1e308), histogramLimits(1e300, 1e300, 1, undefined), histogramLimits(-1e308, 1e308, undefined, 30), histogramLimits(1, 2, 1e-300, undefined), bucketLimits(-1e308, 1e308, null), bucketLimits(1e300, 1e300, { mode: "size", value: "1", log: 0 }), bucketLimits(1e15, 1e15 + 10, { mode: "size", value: "0.001", log: 0 })]) {
    expect(limits.length).toBeGreaterThan(1);
    expect(limits.length).toBeLessThan(1100);
    expect(limits.every((limit, at) => Number.isFinite(limit) && (at === 0 || limit > limits[at - 1]!)), limits.slice(0, 3).join()).toBe(true);
  }
});

test("names of rows are upper limits, lower ones, or names", () => {
  const rows = (layout: string) => {
    const cells = heatCells([frame([time, bucket("2", [1, 1]), bucket("1", [1, 1])])], heatOptions({ rowsFrame: { layout } }), { from: 0, to: 120_000 })!;
    return [cells.edge, ...cells.rows.map((row) => [row.low, row.high])];
  };
  expect(rows("auto")).toEqual(["upper", [-Infinity, 1], [1, 2]]);
  expect(rows("le")).toEqual(rows("auto"));
  expect(rows("ge")).toEqual(["lower", [1, 2], [2, Infinity]]);
  expect(rows("unknown")).toEqual(["middle", [NaN, NaN], [NaN, NaN]]);
});

test("the axis shows the rows between its limits", () => {
  const given = (yAxis: object) => {
    const cells = heatCells([frame([time, ...["1", "5", "10", "+Inf"].map((le) => bucket(le, [1, 1]))])], heatOptions({ yAxis }), { from: 0, to: 120_000 })!;
    return [cells.from, cells.to];
  };
  expect(given({})).toEqual([0, 4]);
  expect(given({ min: "1", max: 10 })).toEqual([1, 3]);
  expect(given({ min: 3 })).toEqual([1, 4]);
  expect(given({ min: 50, max: 2 }), "nothing is between them").toEqual([0, 4]);
  const counted = (yAxis: object, yBuckets: object = { mode: "size", value: "10" }) => heatCells([frame([time, { name: "v", type: "number", values: [3, 25], config: {} }])], heatOptions({ calculate: true, yAxis, calculation: { yBuckets } }), { from: 0, to: 240_000 })!;
  expect([counted({ min: 5, max: 42 })].map((cells) => [cells.from, cells.to, cells.rows.length, cells.values.filter((value) => value > 0).length])).toEqual([[0.5, 4.2, 5, 1]]);
  expect(counted({ max: 80 }, { value: "1", scale: { type: "log", log: 2 } })).toMatchObject({ from: 0, to: 5 + Math.log2(80 / 64) });
});

test("powers leave out what is not above zero, or go both ways from a threshold", () => {
  const cells = (type: string) => heatCells([frame([time, { name: "v", type: "number", values: [0, 8], config: {} }])], heatOptions({ calculate: true, calculation: { yBuckets: { scale: { type, log: 2, linearThreshold: 2 } } } }), { from: 0, to: 240_000 })!;
  expect(cells("log").rows.map((row) => row.high)).toEqual([16]);
  expect(cells("symlog").rows.map((row) => [row.low, row.high])).toEqual([[0, 2], [2, 4], [4, 8]]);
  expect(bucketLimits(-5, 1, { mode: "size", value: "", log: 10, threshold: 1 })).toEqual([-10, -1, 0, 1]);
});

test("sizes of columns: spans of several units, a count, variables", () => {
  const step = (mode: string, value: string) => heatCells([frame([time, { name: "v", type: "number", values: [1, 2], config: {} }])], heatOptions({ calculate: true, calculation: { xBuckets: { mode, value } } }, (text) => text.replace("$step", "20s")), { from: 0, to: 600_000 })!.stepMs;
  expect([step("size", "1m30s"), step("size", "$step"), step("count", "10"), step("size", "nonsense"), step("size", "30000")]).toEqual([90_000, 20_000, 60_000, 10_000, 30_000]);
});

test("what is filtered is not drawn, and colours reach as far as they are told", () => {
  const cells = heatCells([frame([time, bucket("1", [1, 5])])], heatOptions({ filterValues: { le: 1, ge: 9 } }), { from: 0, to: 120_000 })!;
  expect([...cells.values]).toEqual([NaN, 5]);
  const own = heatColors({ scheme: "Blues", steps: 10, min: 0, max: 100 }, 1, 9, true, "#fff");
  expect([own.stepOf(5), own.stepOf(95), own.min, own.max]).toEqual([0, 9, 0, 100]);
  const turned = heatColors({ scheme: "Blues", steps: 10, reverse: true }, 1, 9, true, "#fff");
  expect(turned.steps).toEqual(own.steps.toReversed());
  const alpha = (scale: string, exponent: number) => heatColors({ mode: "opacity", steps: 4, scale, exponent }, 0, 1, true, "#ff0000").steps.map((step) => Number(step.slice(15, -1)));
  expect(alpha("linear", 2)).toEqual([0.31, 0.54, 0.77, 1]);
  expect(alpha("exponential", 2)[0]).toBeLessThan(0.15);
});
