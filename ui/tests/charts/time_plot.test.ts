import uPlot from "uplot";
import { expect, test } from "vitest";
import { type ChartModel, chartModel } from "../../src/charts/chart_model.ts";
import { plotShape, timePlotOptions } from "../../src/charts/time_plot.ts";
import type { FieldConfig } from "../../src/core/frame/config.ts";
import { frame } from "../../src/core/frame/frame.ts";

const series = (name: string, values: (number | null)[], config: FieldConfig = {}) =>
  frame([{ name: "Time", type: "time", values: values.map((_, index) => index * 1000), config: {} }, { name: "Value", type: "number", values, config, display: name }]);
// As in a browser; here there is no screen.
uPlot.pxRatio = 1;
const colors = { text: "t", weak: "w", grid: "g", border: "b", panel: "p", accent: "a", error: "e", font: "f" };
const none = new Set<string>();

function optionsOf(model: ChartModel, now: () => ChartModel = () => model) {
  return timePlotOptions(() => ({ model: now(), colors, zone: "utc", annotations: [], thresholds: [], stretched: () => null }), none, { width: 400, height: 200 });
}

/** What uPlot would draw with: functions are asked. */
const value = <T>(given: unknown): T => (typeof given === "function" ? (given as (plot: uPlot) => T)({ scales: {}, bbox: { top: 0, height: 0 } } as unknown as uPlot) : given) as T;

test("other data needs no new plot, also where colours follow values", () => {
  const config: FieldConfig = { color: { mode: "thresholds" }, thresholds: { mode: "absolute", steps: [{ value: null, color: "green" }, { value: 5, color: "red" }] }, custom: { fillOpacity: 20 } };
  const before = chartModel([series("a", [1, 2], config)], "dark", "utc");
  const after = chartModel([series("a", [8, 9, 9], config)], "dark", "utc");
  expect(before.series[0]!.color).not.toBe(after.series[0]!.color);
  expect(plotShape(after, none, "dark", "utc", "")).toBe(plotShape(before, none, "dark", "utc", ""));
  // The plot that is there draws in the new colours.
  let now = before;
  const { series: drawn } = optionsOf(before, () => now);
  const first = value<string>(drawn[1]!.stroke);
  const fill = value<string>(drawn[1]!.fill);
  now = after;
  expect(value<string>(drawn[1]!.stroke)).toBe(after.series[0]!.color);
  expect(value<string>(drawn[1]!.stroke)).not.toBe(first);
  expect(value<string>(drawn[1]!.fill)).not.toBe(fill);
});

test("what is drawn in another way does need one", () => {
  const shape = (config: FieldConfig, name = "a") => plotShape(chartModel([series(name, [1, 2], config)], "dark", "utc"), none, "dark", "utc", "");
  const shapes = [shape({}), shape({}, "b"), shape({ custom: { lineWidth: 3 } }), shape({ custom: { drawStyle: "bars" } }), shape({ unit: "s" }), shape({ max: 4 }), shape({ custom: { scaleDistribution: { type: "log" } } }), shape({ custom: { axisBorderShow: true } })];
  expect(new Set(shapes).size).toBe(shapes.length);
});

test("each draw style has the paths, points and fills of its own", () => {
  const drawn = (custom: Record<string, unknown>) => optionsOf(chartModel([series("a", [1, 2], { custom })], "dark", "utc")).series[1]!;
  expect(drawn({}).width).toBe(1);
  expect(drawn({}).fill).toBeUndefined();
  expect(drawn({ drawStyle: "points" })).toMatchObject({ width: 0, points: { show: true } });
  expect(drawn({ drawStyle: "bars" }).points).toMatchObject({ show: false });
  expect(drawn({ showPoints: "never" }).points).toMatchObject({ show: false });
  expect(drawn({ showPoints: "auto", pointSize: 4 }).points).toMatchObject({ space: 8 });
  expect(drawn({ lineStyle: { fill: "dash", dash: [3, 4] } })).toMatchObject({ dash: [3, 4] });
  // Dots are dashes of no length with round ends.
  expect(drawn({ lineStyle: { fill: "dot" } })).toMatchObject({ dash: [0, 10], cap: "round" });
  expect(value<string>(drawn({ fillOpacity: 50 }).fill)).toMatch(/0\.5\)$/);
  expect(drawn({ hideFrom: { viz: true } }).show).toBe(false);
});

test("an area down to another series", () => {
  const upper = (to: string, fillOpacity?: number) => series("p90", [5, 6], { custom: { fillBelowTo: to, ...(fillOpacity === undefined ? {} : { fillOpacity }) } });
  const lower = series("p10", [1, 2]);
  const model = chartModel([upper("p10"), lower], "dark", "utc");
  expect(model.bands(none)).toEqual([{ series: [1, 2], dir: -1 }]);
  expect(model.series[0]!.style.fillOpacity).toBe(35);
  expect(chartModel([upper("p10", 12), lower], "dark", "utc").series[0]!.style.fillOpacity).toBe(12);
  // Of one that is not there nothing is filled, nor down to itself.
  for (const missing of ["p50", "p90"]) {
    const alone = chartModel([upper(missing, 40), lower], "dark", "utc");
    expect(alone.bands(none)).toEqual([]);
    expect(alone.series[0]!.style.fillOpacity).toBe(0);
  }
});

test("a crowded logarithmic axis shows all its powers", () => {
  const axis = optionsOf(chartModel([series("a", [1, 5000], { custom: { scaleDistribution: { type: "log", log: 10 } } })], "dark", "utc")).axes![1]!;
  const splits = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 50, 100, 500, 1000, 10_000];
  const shown = (axis.filter as (...given: unknown[]) => (number | null)[])(null, splits).filter((each) => each !== null);
  expect(shown).toEqual([1, 10, 100, 1000, 10_000]);
});

test("a decade on a logarithmic axis shows as many labels as there is room for", () => {
  const axis = optionsOf(chartModel([series("a", [1, 9], { custom: { scaleDistribution: { type: "log", log: 10 } } })], "dark", "utc")).axes![1]!;
  const decade = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
  const shown = (height: number) => {
    const plot = { valToPos: (value: number) => height * (1 - Math.log10(value)) };
    return (axis.filter as (...given: unknown[]) => (number | null)[])(plot, decade).filter((each) => each !== null);
  };
  expect(shown(400)).toEqual(decade);
  expect(shown(120)).toEqual([1, 2, 5, 10]);
  expect(shown(30)).toEqual([1, 10]);
});

test("a panel may have time axes of its own zones", () => {
  const model = chartModel([series("a", [1])], "dark", "utc");
  const { axes } = timePlotOptions(() => ({ model, colors, zone: "utc", zones: ["", "Asia/Kolkata"], annotations: [], thresholds: [], stretched: () => null }), none, { width: 400, height: 200 });
  expect(axes!.map(({ scale, side, label }) => [scale, side, label])).toEqual([["x", 2, "default"], ["x", 2, "Asia/Kolkata"], [model.scales[0]!.key, 3, undefined]]);
});

test("axes: one for each unit and side, hidden ones without room, ticks in the zone", () => {
  const config = (unit: string, custom: Record<string, unknown> = {}): FieldConfig => ({ unit, custom });
  const model = chartModel([series("a", [1], config("s", { axisLabel: "Took", axisColorMode: "series" })), series("b", [1], config("bytes")), series("c", [1], config("ops", { axisPlacement: "hidden" })), series("d", [1], config("s", { axisPlacement: "right" }))], "dark", "utc");
  const { axes } = optionsOf(model);
  expect(axes!.slice(1).map(({ show, side, label }) => [show, side, label])).toEqual([[true, 3, "Took"], [true, 1, undefined], [false, 3, undefined], [true, 1, undefined]]);
  expect(value<string>(axes![1]!.stroke)).toBe(model.series[0]!.color);
  expect(value<string>(axes![2]!.stroke)).toBe("w");
  const ticks = (zone: string) => {
    const axis = timePlotOptions(() => ({ model, colors, zone, annotations: [], thresholds: [], stretched: () => null }), none, { width: 400, height: 200 }).axes![0]!;
    const plot = { bbox: { width: 400 } } as uPlot;
    const splits = (axis.splits as (...given: unknown[]) => number[])(plot, 0, 0, 6 * 3_600_000);
    return (axis.values as (...given: unknown[]) => string[])(plot, splits);
  };
  expect(ticks("utc")[1]).not.toBe(ticks("Asia/Kolkata")[1]);
});
