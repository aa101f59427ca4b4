import { expect, test } from "vitest";
import { compareValues } from "../../src/charts/compare.ts";
import { calcTitle, type LegendItem, legendOptions, sortLegend } from "../../src/charts/legend.ts";

test("options of the JSON have all keys, nonsense is dropped", () => {
  expect(legendOptions(undefined)).toEqual({ mode: "list", placement: "bottom", calcs: [], sortBy: undefined, sortDesc: false, width: undefined });
  expect(legendOptions({ displayMode: "table", placement: "right", calcs: ["mean", "nonsense", 3], sortBy: "Mean", sortDesc: true, width: 250, showLegend: true }))
    .toEqual({ mode: "table", placement: "right", calcs: ["mean"], sortBy: "Mean", sortDesc: true, width: 250 });
  expect(legendOptions({ displayMode: "table", showLegend: false }).mode).toBe("hidden");
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
