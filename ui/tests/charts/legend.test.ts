import { expect, test } from "vitest";
import { LEGEND_ROW, legendWindow } from "../../src/charts/legend_window.ts";
import { compareValues } from "../../src/charts/compare.ts";
import { calcTitle, type LegendItem, legendOptions, sortLegend } from "../../src/charts/legend.ts";

test("options of the JSON have all keys, nonsense is dropped", () => {
  expect(legendOptions(undefined)).toEqual({ mode: "list", placement: "bottom", calcs: [], sortBy: undefined, sortDesc: false, width: undefined });
  expect(legendOptions({ displayMode: "table", placement: "right", calcs: ["mean", "nonsense", 3], sortBy: "Mean", sortDesc: true, width: 250, showLegend: true }))
    .toEqual({ mode: "table", placement: "right", calcs: ["mean"], sortBy: "Mean", sortDesc: true, width: 250 });
  expect(legendOptions({ displayMode: "table", showLegend: false }).mode).toBe("hidden");
  expect([legendOptions({ isVisible: false }).mode, legendOptions({ isVisible: false, showLegend: true }).mode]).toEqual(["hidden", "list"]);
});

test("rows are sorted by the title of a column", () => {
  const item = (name: string, last: number): LegendItem => ({ id: name, name, color: "", values: [{ value: last, text: String(last) }] });
  const items = [item("pod-10", 1), item("pod-9", NaN), item("pod-2", 5)];
  const order = (sortBy: string | undefined, desc: boolean) => sortLegend(items, ["lastNotNull"], sortBy, desc).map((each) => each.name);
  expect(calcTitle("lastNotNull")).toBe("Last *");
  expect(order("Last *", true)).toEqual(["pod-2", "pod-10", "pod-9"]);
  expect(order("Last *", false)).toEqual(["pod-10", "pod-2", "pod-9"]);
  expect(order("Name", false)).toEqual(["pod-2", "pod-9", "pod-10"]);
  expect(order(undefined, false)).toEqual(["pod-10", "pod-9", "pod-2"]);
});

test("nothing and NaN are last in both orders", () => {
  expect([3, null, 1, NaN, 2].sort((a, b) => compareValues(a, b, false)).slice(0, 3)).toEqual([1, 2, 3]);
  expect([3, null, 1, NaN, 2].sort((a, b) => compareValues(a, b, true)).slice(0, 3)).toEqual([3, 2, 1]);
});

test("of a long legend the rows in view are in the page, and the rest is room", () => {
  expect(legendWindow(1000, 1, 0, 110)).toEqual({ start: 0, end: 15, above: 0, below: 985 * LEGEND_ROW });
  const middle = legendWindow(1000, 4, 100 * LEGEND_ROW, 110);
  expect(middle).toEqual({ start: 360, end: 460, above: 90 * LEGEND_ROW, below: 135 * LEGEND_ROW });
  const end = legendWindow(1001, 4, 1e9, 110);
  expect(end.end).toBe(1001);
  expect(end.below).toBe(0);
  expect(legendWindow(0, 1, 0, 0)).toEqual({ start: 0, end: 0, above: 0, below: 0 });
});

test("a legend at the right of a narrow panel stands below", () => {
  expect(legendOptions({ placement: "right" }, 419).placement).toBe("bottom");
  expect(legendOptions({ placement: "right" }, 420).placement).toBe("right");
});
