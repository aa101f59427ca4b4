import { describe, expect, test } from "vitest";
import { describeChanges } from "../../../src/core/model/changes.ts";
import type { Dashboard } from "../../../src/core/model/dashboard.ts";
import { addPanel, addTarget, movePanel, newDashboard, removePanel, setOption, setVariables, updatePanel } from "../../../src/core/model/edit.ts";
import { FOLDER, toJson } from "../../../src/core/model/save.ts";

const two = ((): Dashboard => {
  let made = addPanel(newDashboard(), "stat").dashboard;
  made = addPanel(made, "table").dashboard;
  return updatePanel(made, 1, (panel) => ({ ...panel, title: "One" }));
})();

describe("describeChanges", () => {
  test("is empty for the same, whatever objects hold it", () => {
    expect(describeChanges(two, structuredClone(two))).toEqual([]);
  });

  test("names the panel and what of it changed", () => {
    const after = updatePanel(setOption(two, 1, "fieldConfig.defaults.unit", "bytes"), 1, addTarget);
    expect(describeChanges(two, after)).toEqual(["panel “One”: query B added, field settings"]);
    expect(describeChanges(two, setOption(two, 1, "title", "Two"))).toEqual(["panel “One”: title"]);
  });

  test("says what came and went, not what made room for it", () => {
    expect(describeChanges(two, addPanel(two, "text").dashboard)).toEqual(["panel “Panel title” added"]);
    expect(describeChanges(two, removePanel(two, 2))).toEqual(["panel “Panel title” removed"]);
    expect(describeChanges(two, movePanel(two, 1, { x: 12, y: 0, w: 12, h: 8 }))).toHaveLength(1);
  });

  test("knows variables by name, and their order", () => {
    const list = [{ name: "a", type: "custom" as const, query: "1" }, { name: "b", type: "custom" as const, query: "1" }];
    const before = setVariables(two, list);
    expect(describeChanges(two, before)).toEqual(["variable “a” added", "variable “b” added"]);
    expect(describeChanges(before, setVariables(before, [list[0]!, { ...list[1]!, query: "2" }]))).toEqual(["variable “b” changed"]);
    expect(describeChanges(before, setVariables(before, list.toReversed()))).toEqual(["order of variables changed"]);
  });

  test("tells of a folder, which is no part of the JSON", () => {
    const moved = { ...two, [FOLDER]: "ops" };
    expect(describeChanges(two, moved)).toEqual(["folder changed"]);
    expect(toJson(moved)).toEqual(toJson(two));
  });
});
