import { describe, expect, it } from "vitest";
import type { Variable } from "../../../src/core/model/dashboard.ts";
import { load } from "../../../src/core/model/migrate.ts";
import { frozenVariable, thawed } from "../../../src/core/model/snapshot.ts";
import { panelRange } from "../../../src/core/time/range.ts";
import { choose, initialState, withOptions } from "../../../src/core/variables/state.ts";

const OPTIONS = ["a", "b", "c"].map((value) => ({ text: value.toUpperCase(), value }));
const variable = (more: Partial<Variable>): Variable => ({ name: "v", type: "query", query: "label_values(x)", refresh: 2, datasource: { uid: "p" }, ...more });
const state = (more: Partial<Variable>, chosen: string[]) => choose(withOptions(initialState(variable(more)), OPTIONS), chosen);

describe("a variable that is frozen", () => {
  it("asks nothing, and has only what was chosen", () => {
    const made = frozenVariable(state({ multi: true }, ["a", "c"]));
    expect(made).toMatchObject({ type: "query", query: "", refresh: 0, datasource: null, current: { text: ["A", "C"], value: ["a", "c"] } });
    expect(made.options!.map((one) => one.value)).toEqual(["a", "c"]);
    expect(initialState(made).values).toEqual(["a", "c"]);
  });

  it("keeps all of All", () => {
    const made = frozenVariable(state({ multi: true, includeAll: true }, ["$__all"]));
    expect(made.current).toEqual({ text: "All", value: "$__all" });
    expect(made.options!.map((one) => one.value)).toEqual(["a", "b", "c"]);
  });

  it("of datasources names no datasource any more", () => {
    const made = frozenVariable(state({ type: "datasource", query: "prometheus" }, ["b"]));
    expect(made).toMatchObject({ type: "query", query: "", options: [{ text: "B", value: "b" }] });
  });

  it("without a value still has an option, or it would be asked for", () => {
    expect(frozenVariable(initialState(variable({}))).options).toEqual([{ text: "", value: "" }]);
  });
});

const PANEL = { type: "timeseries", gridPos: { x: 0, y: 0, w: 12, h: 8 } };
const FRAMES = [{ fields: [{ name: "Time", type: "time", values: [1] }, { name: "v", type: "number", values: [2] }] }];
const held = (target: unknown) => (target as { snapshot: { frames: { fields: { values: unknown[] }[] }[] } }).snapshot.frames.map((frame) => frame.fields.map((field) => field.values));

describe("a snapshot that is shown", () => {
  const shown = thawed(
    load({
      title: "S", schemaVersion: 39, refresh: "5s",
      panels: [
        { ...PANEL, id: 1, snapshotData: FRAMES, datasource: { type: "prometheus", uid: "p" }, targets: [] },
        { ...PANEL, id: 2, targets: [{ refId: "A", queryType: "snapshot", snapshot: FRAMES }] },
        { ...PANEL, id: 3, targets: [{ refId: "A", expr: "up" }] },
        { ...PANEL, id: 7, snapshotData: FRAMES, timeFrom: "1h", snapshotRange: { from: 1000, to: 2000, note: "Last 1 hour" } },
        { ...PANEL, id: 8, snapshotData: FRAMES, snapshotRange: { from: 1e99, to: "x" } },
        { ...PANEL, id: 4, type: "text", options: { content: "x" } },
        { id: 5, type: "row", title: "R", collapsed: true, gridPos: { x: 0, y: 9, w: 24, h: 1 }, panels: [{ ...PANEL, id: 6, snapshotData: FRAMES }] },
      ],
      templating: { list: [{ name: "n", type: "query", query: "label_values(up, job)", refresh: 1, current: { text: "x", value: "x" } }] },
      annotations: { list: [{ name: "Live", enable: true, expr: "changes(x[5m])" }, { name: "Kept", enable: true, snapshotData: [{ time: 1, text: "t" }] }] },
    }).dashboard,
  );
  const panel = (id: number) => shown.panels.flatMap((one) => [one, ...(one.panels ?? [])]).find((one) => one.id === id)!;

  it("has the data in place of queries, in every form and place", () => {
    for (const id of [1, 2, 6]) expect(held(panel(id).targets[0])).toEqual([[[1], [2]]]);
    expect(panel(1).datasource).toBeNull();
    expect(panel(1).snapshotData).toBeUndefined();
  });

  it("asks nothing where nothing was kept", () => {
    expect(held(panel(3).targets[0])).toEqual([]);
    expect(panel(3).targets[0]!.expr).toBeUndefined();
    expect(panel(4).targets).toEqual([]);
  });

  it("keeps the range that a panel's data is of, whatever range is chosen", () => {
    const now = 1_700_000_000_000;
    const chosen = { raw: { from: "now-6h", to: "now" }, span: { from: now - 21_600_000, to: now } };
    const rangeOf = (id: number) => panelRange(chosen, panel(id), { now, zone: "UTC" });
    expect(rangeOf(7)).toMatchObject({ span: { from: 1000, to: 2000 }, note: "Last 1 hour" });
    expect(rangeOf(8).span).toEqual(chosen.span);
    expect(panelRange(chosen, { snapshotRange: { from: 1, to: 2 } }, { now, zone: "UTC" }).span).toEqual(chosen.span);
  });

  it("neither changes, refreshes, nor asks for variables and annotations", () => {
    expect([shown.editable, shown.refresh]).toEqual([false, ""]);
    expect(shown.templating.list[0]).toMatchObject({ query: "", refresh: 0, options: [{ text: "x", value: "x" }] });
    expect(shown.annotations.list.map((one) => one.name)).toEqual(["Kept"]);
  });
});
