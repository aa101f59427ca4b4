import { describe, expect, test } from "vitest";
import type { Dashboard, GridPos, Panel } from "../../../src/core/model/dashboard.ts";
import { panelDefaults } from "../../../src/core/model/defaults.ts";
import {
  addExpression, addPanel, addTarget, backToType, changeType, duplicatePanel, duplicateTarget, movePanel, newDashboard, newPanel, pastePanel, removePanel, removeTarget, renameTarget, reorder, setAt, setOption, setPanels,
  setRowCollapsed, setTarget, setVariables, updatePanel,
} from "../../../src/core/model/edit.ts";
import { allPanels, findPanel } from "../../../src/core/model/ids.ts";
import { foldAllRows, heightOf } from "../../../src/core/model/layout.ts";
import { load } from "../../../src/core/model/migrate.ts";
import { gridItems } from "../../../src/core/model/repeat.ts";

const panel = (id: number, x: number, y: number, w: number, h: number, more: object = {}): Panel => ({ ...newPanel("stat", id, { x, y, w, h }), ...more });
const row = (id: number, y: number, more: object = {}): Panel => ({ ...newPanel("row", id, { x: 0, y, w: 24, h: 1 }), ...more });
const board = (...panels: Panel[]): Dashboard => setPanels(newDashboard(), panels);
const places = ({ panels }: { panels: readonly Panel[] }) => panels.map(({ id, gridPos: { x, y, w, h } }) => [id, x, y, w, h]);

function frozen<T>(value: T): T {
  if (value && typeof value === "object") {
    Object.freeze(value);
    for (const part of Object.values(value)) frozen(part);
  }
  return value;
}

const base = frozen(board(
  panel(1, 0, 0, 12, 8), panel(2, 12, 0, 12, 8), row(3, 8), panel(4, 0, 9, 24, 4), row(5, 13, { collapsed: true, panels: [panel(6, 0, 14, 12, 5), panel(7, 12, 14, 12, 5)] }),
  row(8, 14), panel(9, 0, 15, 6, 3),
));

describe("panels", () => {
  test("come on top, rows at the end", () => {
    const made = addPanel(base, "timeseries");
    expect(made.id).toBe(10);
    expect(places(made.dashboard).slice(0, 4)).toEqual([[10, 0, 0, 12, 8], [2, 12, 0, 12, 8], [1, 0, 8, 12, 8], [3, 0, 16, 24, 1]]);
    expect(findPanel(made.dashboard, 10)).toMatchObject({ targets: [{ refId: "A" }], fieldConfig: { defaults: { color: { mode: "palette-classic" } } } });
    expect(places(addPanel(base, "row").dashboard).at(-1)).toEqual([10, 0, 18, 24, 1]);
    expect(places(addPanel(newDashboard(), "stat").dashboard)).toEqual([[1, 0, 0, 12, 8]]);
    expect(pastePanel(base, panel(1, 5, 5, 24, 2)).dashboard.panels[0]).toMatchObject({ id: 10, gridPos: { x: 0, y: 0, w: 24, h: 2 } });
    expect(places(addPanel(board(row(1, 0), panel(2, 0, 1, 6, 3)), "stat").dashboard)).toEqual([[3, 0, 0, 12, 8], [1, 0, 8, 24, 1], [2, 0, 9, 6, 3]]);
  });

  test("move, others make room", () => {
    expect(places(movePanel(base, 2, { x: 0, y: 0, w: 12, h: 8 })).slice(0, 2)).toEqual([[2, 0, 0, 12, 8], [1, 0, 8, 12, 8]]);
    expect(places(movePanel(base, 1, { x: 12, y: 3, w: 12, h: 8 })).slice(0, 2)).toEqual([[2, 12, 0, 12, 8], [1, 12, 8, 12, 8]]);
    expect(places(movePanel(base, 1, { x: 0, y: 0, w: 24, h: 3 })).slice(0, 2)).toEqual([[1, 0, 0, 24, 3], [2, 12, 3, 12, 8]]);
    expect(places(movePanel(base, 1, { x: 20, y: -5, w: 99, h: 0 }))[0]).toEqual([1, 0, 0, 24, 1]);
    expect(movePanel(base, 99, { x: 0, y: 0, w: 1, h: 1 })).toBe(base);
  });

  test("go into the row that they are put in, and out of it", () => {
    const into = movePanel(base, 1, { x: 0, y: 10, w: 12, h: 8 });
    expect(places(into)).toEqual([[2, 12, 0, 12, 8], [3, 0, 8, 24, 1], [4, 0, 9, 24, 4], [1, 0, 13, 12, 8], [5, 0, 21, 24, 1], [8, 0, 22, 24, 1], [9, 0, 23, 6, 3]]);
    expect(places(movePanel(base, 4, { x: 0, y: 0, w: 24, h: 4 }))[0]).toEqual([4, 0, 0, 24, 4]);
    expect(places(movePanel(base, 9, { x: 0, y: 9, w: 6, h: 3 })).map(([id]) => id)).toEqual([1, 2, 3, 9, 4, 5, 8]);
  });

  test("go away", () => {
    expect(places(removePanel(base, 1))[0]).toEqual([2, 12, 0, 12, 8]);
    expect(allPanels(removePanel(base, 6).panels).map(({ id }) => id)).toEqual([1, 2, 3, 4, 5, 7, 8, 9]);
    expect(removePanel(base, 77).panels).toEqual(base.panels);
  });

  test("are copied beside, else below, without repeats", () => {
    const made = duplicatePanel(board(panel(1, 0, 0, 12, 8, { repeat: "x", maxPerRow: 2 })), 1);
    expect(places(made.dashboard)).toEqual([[1, 0, 0, 12, 8], [2, 12, 0, 12, 8]]);
    expect(findPanel(made.dashboard, made.id)!.repeat).toBeUndefined();
    expect(places(duplicatePanel(board(panel(1, 0, 0, 13, 8)), 1).dashboard)).toEqual([[1, 0, 0, 13, 8], [2, 0, 8, 13, 8]]);
    expect(duplicatePanel(base, 99)).toEqual({ dashboard: base, id: 99 });
  });
});

describe("rows", () => {
  test("fold and open again as they were", () => {
    const folded = setRowCollapsed(base, 3, true);
    expect(places(folded)).toEqual([[1, 0, 0, 12, 8], [2, 12, 0, 12, 8], [3, 0, 8, 24, 1], [5, 0, 9, 24, 1], [8, 0, 10, 24, 1], [9, 0, 11, 6, 3]]);
    expect(folded.panels[2]!.panels!.map(({ id }) => id)).toEqual([4]);
    expect(setRowCollapsed(folded, 3, false)).toEqual(base);
    const open = setRowCollapsed(base, 5, false);
    expect(places(open).slice(4)).toEqual([[5, 0, 13, 24, 1], [6, 0, 14, 12, 5], [7, 12, 14, 12, 5], [8, 0, 19, 24, 1], [9, 0, 20, 6, 3]]);
    expect(setRowCollapsed(open, 5, true)).toEqual(base);
    expect(foldAllRows(base.panels, true).length).toBe(5);
    expect(foldAllRows(foldAllRows(base.panels, true), false).map(({ id }) => id)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test("move with all of theirs", () => {
    expect(movePanel(base, 8, { x: 0, y: 0, w: 24, h: 1 }).panels.map(({ id }) => id)).toEqual([1, 2, 8, 9, 3, 4, 5]);
    expect(movePanel(base, 3, { x: 0, y: 99, w: 24, h: 1 }).panels.map(({ id }) => id)).toEqual([1, 2, 5, 8, 9, 3, 4]);
  });

  test("go with their panels, or without", () => {
    expect(removePanel(base, 3, true).panels.map(({ id }) => id)).toEqual([1, 2, 5, 8, 9]);
    expect(places(removePanel(base, 3)).slice(0, 3)).toEqual([[1, 0, 0, 12, 8], [2, 12, 0, 12, 8], [4, 0, 8, 24, 4]]);
    expect(removePanel(base, 5).panels.map(({ id }) => id)).toEqual([1, 2, 3, 4, 6, 7, 8, 9]);
  });

  test("are copied with copies of theirs", () => {
    const { dashboard, id } = duplicatePanel(base, 5);
    expect(id).toBe(10);
    expect(findPanel(dashboard, 10)!.panels!.map((each) => each.id)).toEqual([11, 12]);
    expect(new Set(allPanels(dashboard.panels).map((each) => each.id)).size).toBe(12);
  });
});

describe("settings", () => {
  test("at a path", () => {
    expect(setAt({ a: { b: [1, { c: 2 }] } }, "a.b.1.c", 3)).toEqual({ a: { b: [1, { c: 3 }] } });
    expect(setAt({ a: 1, b: 2 }, "a", undefined)).toEqual({ b: 2 });
    expect(setAt({}, ["x.y", "z"], 1)).toEqual({ "x.y": { z: 1 } });
    expect(setAt({ a: [1, 2] }, ["a", 0], undefined)).toEqual({ a: [2] });
    expect(setAt({}, "__proto__.x", 1)).toEqual({});
    expect(setAt({}, "constructor.x", 1)).toEqual({ constructor: { x: 1 } });
    const before = frozen({ a: { b: 1 }, c: {} });
    const after = setAt(before, "a.b", 2);
    expect(after.c).toBe(before.c);
    expect(before.a.b).toBe(1);
  });

  test("of panels wherever they are", () => {
    expect(findPanel(setOption(base, 6, "options.legend.showLegend", false), 6)!.options).toMatchObject({ legend: { showLegend: false } });
    expect(updatePanel(base, 99, (each) => ({ ...each, title: "x" }))).toBe(base);
    expect(setVariables(base, []).panels).toBe(base.panels);
  });

  test("of another type keep what both have", () => {
    const old: Panel = {
      ...newPanel("timeseries", 1, { x: 0, y: 0, w: 1, h: 1 }), title: "t", pluginVersion: "1",
      fieldConfig: {
        defaults: { unit: "bytes", color: { mode: "palette-classic" }, custom: { lineWidth: 3, drawStyle: "bars" } },
        overrides: [{ matcher: { id: "byName", options: "a" }, properties: [{ id: "custom.drawStyle", value: "x" }, { id: "unit", value: "s" }] }, { matcher: { id: "byName", options: "b" }, properties: [{ id: "custom.drawStyle", value: "x" }] }],
      },
    };
    const made = changeType(old, "stat");
    expect(made).toMatchObject({ type: "stat", title: "t", fieldConfig: { defaults: { unit: "bytes", color: { mode: "thresholds" } } } });
    expect(made.fieldConfig.overrides).toEqual([{ matcher: { id: "byName", options: "a" }, properties: [{ id: "unit", value: "s" }] }]);
    expect([made.pluginVersion, made.fieldConfig.defaults.custom, made.options.reduceOptions]).toEqual([undefined, undefined, { values: false, calcs: ["lastNotNull"], fields: "" }]);
    expect(changeType(old, "histogram").fieldConfig.defaults.custom).toEqual({ lineWidth: 3, fillOpacity: 80, gradientMode: "none" });
    expect(changeType(old, "timeseries")).toBe(old);
    expect(changeType(old, "mystery")).toMatchObject({ type: "mystery", options: {} });
    expect(panelDefaults("mystery")).toEqual({ options: {}, defaults: {} });
  });

  test("queries", () => {
    const two = addTarget(setTarget(panel(1, 0, 0, 1, 1), "A", { expr: "up", datasource: { uid: "p" }, hide: true }));
    expect(two.targets).toEqual([{ refId: "A", expr: "up", datasource: { uid: "p" }, hide: true }, { refId: "B", datasource: { uid: "p" } }]);
    expect(setTarget(two, "A", { hide: undefined as unknown as boolean }).targets[0]).toEqual({ refId: "A", expr: "up", datasource: { uid: "p" } });
    expect(duplicateTarget(two, "A").targets.map(({ refId, expr }) => [refId, expr])).toEqual([["A", "up"], ["C", "up"], ["B", undefined]]);
    expect(removeTarget(two, "A").targets.map(({ refId }) => refId)).toEqual(["B"]);
    expect(reorder([1, 2, 3], 0, 2)).toEqual([2, 3, 1]);
    expect(reorder([1, 2], 5, 0)).toEqual([1, 2]);
  });
});

describe("repeats", () => {
  const values = (name: string) => (name === "x" ? ["a", "b", "c"].map((value) => ({ text: value.toUpperCase(), value })) : name === "none" ? [] : null);
  const grid = (dashboard: Dashboard, collapsed?: (key: string) => boolean) => gridItems(dashboard.panels, { values, ...(collapsed ? { collapsed } : {}) });
  const shown = (items: { key: string; gridPos: GridPos }[]) => items.map(({ key, gridPos: { x, y, w, h } }) => [key, x, y, w, h]);

  test("of panels beside each other push others down", () => {
    const made = grid(board(panel(1, 0, 0, 6, 4, { repeat: "x", maxPerRow: 2 }), panel(2, 0, 4, 24, 3)));
    expect(shown(made.items)).toEqual([["panel-1", 0, 0, 12, 4], ["panel-1-clone-1", 12, 0, 12, 4], ["panel-1-clone-2", 0, 4, 12, 4], ["panel-2", 0, 8, 24, 3]]);
    expect(made.items.map(({ scoped }) => scoped.x?.value)).toEqual(["a", "b", "c", undefined]);
    expect(made.items[1]!.scoped.x).toEqual({ text: "B", value: "b" });
    expect(shown(grid(board(panel(1, 3, 0, 6, 4, { repeat: "x" }))).items)).toEqual([["panel-1", 0, 0, 8, 4], ["panel-1-clone-1", 8, 0, 8, 4], ["panel-1-clone-2", 16, 0, 8, 4]]);
  });

  test("of panels below each other", () => {
    const made = grid(board(panel(1, 0, 0, 6, 4, { repeat: "x", repeatDirection: "v" }), panel(2, 6, 0, 18, 4), panel(3, 0, 4, 24, 2)));
    expect(shown(made.items)).toEqual([["panel-1", 0, 0, 6, 4], ["panel-2", 6, 0, 18, 4], ["panel-1-clone-1", 0, 4, 6, 4], ["panel-1-clone-2", 0, 8, 6, 4], ["panel-3", 0, 12, 24, 2]]);
  });

  test("of rows, and of panels in them", () => {
    const made = grid(board(row(1, 0, { repeat: "x" }), panel(2, 0, 1, 6, 2, { repeat: "x" }), panel(3, 12, 1, 6, 2), row(4, 5), panel(5, 0, 6, 1, 1)));
    expect(shown(made.items)).toEqual([
      ["panel-1", 0, 0, 24, 1], ["panel-2", 0, 1, 24, 2], ["panel-3", 12, 3, 6, 2], ["panel-1-clone-1", 0, 5, 24, 1], ["panel-2-clone-1", 0, 6, 24, 2], ["panel-3-clone-1", 12, 8, 6, 2],
      ["panel-1-clone-2", 0, 10, 24, 1], ["panel-2-clone-2", 0, 11, 24, 2], ["panel-3-clone-2", 12, 13, 6, 2], ["panel-4", 0, 15, 24, 1], ["panel-5", 0, 16, 1, 1],
    ]);
    expect(made.items.filter(({ key }) => key.includes("clone-1")).every(({ scoped }) => scoped.x?.value === "b")).toBe(true);
    expect(made.items.find(({ key }) => key === "panel-3-clone-2")).toMatchObject({ row: "panel-1-clone-2" });
    expect(made.items[0]).toMatchObject({ collapsed: false, count: 2 });
  });

  test("for nothing, or for nobody, show once", () => {
    const made = grid(board(panel(1, 0, 0, 6, 4, { repeat: "none" }), panel(2, 6, 0, 6, 4, { repeat: "ghost", title: "G" })));
    expect(made.items.map(({ key }) => key)).toEqual(["panel-1", "panel-2"]);
    expect(made.notices).toEqual(['"G" repeats for $ghost, and there is no such variable: it is shown once']);
  });

  test("what is folded is not there; a page may fold for itself", () => {
    expect(shown(grid(base).items).map(([key]) => key)).toEqual(["panel-1", "panel-2", "panel-3", "panel-4", "panel-5", "panel-8", "panel-9"]);
    expect(grid(base).items.find(({ key }) => key === "panel-5")).toMatchObject({ collapsed: true, count: 2 });
    const other = grid(base, (key) => key === "panel-3");
    expect(shown(other.items)).toEqual([
      ["panel-1", 0, 0, 12, 8], ["panel-2", 12, 0, 12, 8], ["panel-3", 0, 8, 24, 1], ["panel-5", 0, 9, 24, 1], ["panel-6", 0, 10, 12, 5], ["panel-7", 12, 10, 12, 5],
      ["panel-8", 0, 15, 24, 1], ["panel-9", 0, 16, 6, 3],
    ]);
    expect(heightOf(other.items)).toBe(19);
  });
});

test("an edited dashboard loads as it is", () => {
  const edited = duplicatePanel(movePanel(base, 9, { x: 12, y: 0, w: 6, h: 3 }), 5).dashboard;
  expect(load(JSON.parse(JSON.stringify(edited))).dashboard.panels).toEqual(edited.panels);
});

describe("backToType", () => {
  test("brings back what the type had, and keeps what was changed since for all types", () => {
    const line = setAt(setAt(newPanel("timeseries", 1, { x: 0, y: 0, w: 12, h: 8 }), "fieldConfig.defaults.custom.lineWidth", 5), "options.legend.placement", "right");
    const stat = setAt(changeType(line, "stat"), "fieldConfig.defaults.unit", "bytes");
    const back = backToType(stat, line);
    expect(back.type).toBe("timeseries");
    expect(back.options.legend).toMatchObject({ placement: "right" });
    expect(back.fieldConfig.defaults).toMatchObject({ unit: "bytes", custom: { lineWidth: 5 } });
  });
});

describe("queries with names", () => {
  const three = { ...newPanel("timeseries", 1, { x: 0, y: 0, w: 12, h: 8 }), targets: [{ refId: "A", expr: "up" }, { refId: "B", expr: "down" }] };

  test("an expression is over the query before it, and follows when that is called otherwise", () => {
    const made = addExpression(addExpression(three));
    expect(made.targets.slice(2).map((target) => [target.refId, target.type, target.expression])).toEqual([["C", "reduce", "B"], ["D", "reduce", "C"]]);
    const math = setTarget(made, "D", { type: "math", expression: "$B / ${B} + $BB" });
    const renamed = renameTarget({ ...math, fieldConfig: { ...math.fieldConfig, overrides: [{ matcher: { id: "byFrameRefID", options: "B" }, properties: [] }] } }, "B", "errors");
    expect(renamed.targets.map((target) => target.refId)).toEqual(["A", "errors", "C", "D"]);
    expect(renamed.targets[2]!.expression).toBe("errors");
    expect(renamed.targets[3]!.expression).toBe("$errors / ${errors} + $BB");
    expect(renamed.fieldConfig.overrides[0]!.matcher.options).toBe("errors");
  });

  test("a name that is taken, or none, changes nothing", () => {
    expect(renameTarget(three, "A", "B")).toBe(three);
    expect(renameTarget(three, "A", " ")).toBe(three);
  });
});
