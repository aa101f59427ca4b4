import { expect, test } from "vitest";
import { BARS_DRAWN, barReach, layBars } from "../../src/charts/bar_layout.ts";
import { barPaint, barStops, barThresholds } from "../../src/charts/bar_paint.ts";
import { faded, mix, shade } from "../../src/charts/css_color.ts";
import { schemeStops } from "../../src/charts/gradient.ts";
import { laneRows } from "../../src/charts/lanes.ts";
import { ANNOTATIONS_DRAWN, annotationsIn } from "../../src/charts/marks.ts";
import { seriesStyle } from "../../src/charts/series_style.ts";
import { sparkline } from "../../src/charts/sparkline.ts";

test("colours are faded, shaded and mixed", () => {
  expect(faded("#ff0000", 0.5)).toBe("rgba(255, 0, 0, 0.5)");
  expect(faded("rgba(0, 0, 0, 0.5)", 0.5)).toBe("rgba(0, 0, 0, 0.25)");
  expect(shade("#808080", 1)).toBe("rgba(255, 255, 255, 1)");
  expect(mix("#000000", "#ffffff", 0.5)).toBe("rgba(128, 128, 128, 1)");
});

test("thresholds along a scale are steps, from the top", () => {
  const stops = schemeStops(0, 100, (value) => (value >= 50 ? "red" : "green"), 10);
  expect(stops[0]).toEqual([0, "red"]);
  expect(stops.at(-1)).toEqual([1, "green"]);
  expect(stops).toHaveLength(4);
});

test("a style has every key, whatever the JSON holds", () => {
  expect(seriesStyle({})).toMatchObject({ draw: "line", lineWidth: 1, fillOpacity: 0, showPoints: "auto", dash: undefined });
  expect(seriesStyle({ custom: { drawStyle: "points" } })).toMatchObject({ draw: "points", showPoints: "always", lineWidth: 0 });
  expect(seriesStyle({ custom: { lineStyle: { fill: "dash", dash: [10, 10] }, lineWidth: "x", fillOpacity: 900 } })).toMatchObject({ dash: [10, 10], lineWidth: 1, fillOpacity: 100 });
});

test("bars stand beside each other, or on top of each other", () => {
  const values = [[1, 2], [3, -4]];
  expect(barReach(values, "none")).toEqual([-4, 3]);
  expect(barReach(values, "normal")).toEqual([-4, 4]);
  const beside = layBars(values, { stack: "none", range: [-4, 4], groupWidth: 1, barWidth: 1 });
  expect(beside).toHaveLength(4);
  expect(beside[0]).toMatchObject({ series: 0, category: 0, start: 0, size: 0.25, low: 0.5, high: 0.625 });
  expect(beside[1]!.start).toBe(0.25);
  const stacked = layBars([[1], [3]], { stack: "percent", range: [0, 1], groupWidth: 1, barWidth: 1 });
  expect(stacked.map((rect) => [rect.low, rect.high])).toEqual([[0, 0.25], [0.25, 1]]);
});

test("bars have a limit", () => {
  const values = [Array.from({ length: BARS_DRAWN + 10 }, (_, index) => index)];
  expect(layBars(values, { stack: "none", range: [0, 9], groupWidth: 1, barWidth: 1 })).toHaveLength(BARS_DRAWN);
});

test("a sparkline keeps peaks and needs two numbers", () => {
  expect(sparkline([1, 2], [5, null], { width: 10, height: 10 })).toBeNull();
  const values = Array.from({ length: 10_000 }, (_, index) => (index === 5003 ? 100 : 1));
  const made = sparkline(values.map((_, index) => index), values, { width: 100, height: 10 })!;
  expect(made.line).toContain(" 0.0");
  expect(made.line.length).toBeLessThan(4000);
});

test("annotations in view, the newest where there are too many", () => {
  const marks = [{ time: 1, color: "" }, { time: 5, timeEnd: 15, color: "" }, { time: 30, color: "" }];
  expect(annotationsIn(marks, 10, 20).map((mark) => mark.time)).toEqual([5]);
  const many = Array.from({ length: ANNOTATIONS_DRAWN + 5 }, (_, index) => ({ time: index, color: "" }));
  expect(annotationsIn(many, 0, 1e9)[0]!.time).toBe(5);
});

test("annotations of one kind stand in one row", () => {
  const marks = ["deploys", "alerts", "deploys", undefined].map((lane, time) => ({ mark: { time, color: "", lane } }));
  expect(laneRows(marks)).toEqual([0, 1, 0, 2]);
});

test("bars are painted as their column says, from the base to the end", () => {
  expect(barPaint({})).toEqual({ fill: 0.8, lineWidth: 1, gradient: "none" });
  const paint = (gradientMode: string) => barStops("#ff0000", barPaint({ custom: { gradientMode, fillOpacity: 50 } }));
  expect(paint("none")).toBeNull();
  expect(paint("opacity")).toEqual(["rgba(255, 0, 0, 0.05)", "rgba(255, 0, 0, 0.5)"]);
  expect(paint("hue")![0]).not.toBe(paint("hue")![1]);
});

test("thresholds behind bars: lines and areas between the ends of the axis", () => {
  const config = (mode: string, thresholds: "absolute" | "percentage" = "absolute") => ({ custom: { thresholdsStyle: { mode } }, thresholds: { mode: thresholds, steps: [{ value: null, color: "#00ff00" }, { value: 50, color: "#ff0000" }, { value: 500, color: "#0000ff" }] } });
  expect(barThresholds(config("off"), [0, 200], "dark")).toEqual([]);
  expect(barThresholds(config("dashed+area"), [0, 200], "dark").map(({ from, to, line, area, dashed }) => [from, to, line, area, dashed])).toEqual([[0, 0.25, false, true, true], [0.25, 1, true, true, true]]);
  expect(barThresholds(config("line", "percentage"), [0, 200], "dark")[1]).toMatchObject({ from: 0.5, line: true, area: false, dashed: false });
});
