import { expect, test } from "vitest";
import { addPanel, newDashboard } from "../../../src/core/model/edit.ts";
import { recolored, withSeriesColor } from "../../../src/core/model/recolor.ts";

const byName = (options: string, ...properties: { id: string; value: unknown }[]) => ({ matcher: { id: "byName", options }, properties });
const red = { id: "color", value: { mode: "fixed", fixedColor: "red" } };
const unit = { id: "unit", value: "s" };

test("a series' colour is a rule of its name, and one rule only", () => {
  const first = withSeriesColor([], "api", "red");
  expect(first).toEqual([byName("api", red)]);
  expect(withSeriesColor(first, "api", "blue")).toEqual([byName("api", { id: "color", value: { mode: "fixed", fixedColor: "blue" } })]);
  expect(withSeriesColor([byName("api", unit), byName("web", unit)], "api", "red")).toEqual([byName("api", unit, red), byName("web", unit)]);
  // Of two rules of one name the later counts: the colour goes where one is.
  const two = [byName("api", red), byName("api", unit)];
  expect(withSeriesColor(two, "api", "blue")[0]!.properties[0]!.value).toEqual({ mode: "fixed", fixedColor: "blue" });
  // A pattern is nobody's own.
  expect(withSeriesColor([{ matcher: { id: "byRegexp", options: "api" }, properties: [red] }], "api", "blue")).toHaveLength(2);
});

test("a dashboard's panel is recoloured and the old dashboard stays", () => {
  const { dashboard, id } = addPanel(newDashboard(), "timeseries");
  const next = recolored(dashboard, id, "api", "red");
  expect(next.panels[0]!.fieldConfig.overrides).toEqual([byName("api", red)]);
  expect(dashboard.panels[0]!.fieldConfig.overrides).toEqual([]);
  expect(recolored(dashboard, 999, "api", "red")).toBe(dashboard);
});
