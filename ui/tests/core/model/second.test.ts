import { describe, expect, test } from "vitest";
import { loadLazily } from "../../../src/core/model/load_lazily.ts";
import { load } from "../../../src/core/model/migrate.ts";

const query = (expr: string) => ({ kind: "PanelQuery", spec: { refId: "A", hidden: false, query: { kind: "DataQuery", group: "prometheus", datasource: { name: "$ds" }, spec: { expr, legendFormat: "x" } } } });
const panel = (id: number, title: string) => ({
  kind: "Panel",
  spec: {
    id, title, links: [],
    data: { kind: "QueryGroup", spec: { queries: [query("up")], transformations: [{ kind: "organize", spec: { id: "organize", options: { a: 1 } } }], queryOptions: { interval: "1m", timeFrom: "1h" } } },
    vizConfig: { kind: "VizConfig", group: "stat", version: "12.0.0", spec: { options: { textMode: "value" }, fieldConfig: { defaults: { unit: "s" }, overrides: [] } } },
  },
});
const at = (name: string, x: number, y: number, width: number, height: number, more = {}) => ({ kind: "GridLayoutItem", spec: { x, y, width, height, element: { kind: "ElementReference", name }, ...more } });
const spec = (layout: object, more = {}) => ({
  title: "T", tags: ["a"], cursorSync: "Crosshair", timeSettings: { from: "now-1h", to: "now", timezone: "utc", autoRefresh: "10s", autoRefreshIntervals: ["5s"] },
  elements: { a: panel(1, "A"), b: panel(2, "B"), c: { kind: "LibraryPanel", spec: { id: 3, title: "C", libraryPanel: { uid: "l" } } } }, layout, ...more,
});
const board = (layout: object, more = {}) => load({ apiVersion: "dashboard.grafana.app/v2", kind: "Dashboard", metadata: { name: "u1" }, spec: spec(layout, more) });
const places = (layout: object) => board(layout).dashboard.panels.map(({ title, type, gridPos: { x, y, w, h } }) => [title ?? type, x, y, w, h]);

describe("the second schema", () => {
  test("settings and panels", () => {
    const { dashboard, notices } = board({ kind: "GridLayout", spec: { items: [at("a", 0, 0, 12, 8, { repeat: { mode: "variable", value: "v", direction: "v", maxPerRow: 2 } }), at("nobody", 0, 9, 1, 1)] } });
    expect(dashboard).toMatchObject({
      uid: "u1", title: "T", tags: ["a"], graphTooltip: 1, timezone: "utc", refresh: "10s", time: { from: "now-1h", to: "now" }, timepicker: { refresh_intervals: ["5s"] },
      panels: [{
        id: 1, type: "stat", title: "A", pluginVersion: "12.0.0", interval: "1m", timeFrom: "1h", repeat: "v", repeatDirection: "v", maxPerRow: 2, gridPos: { x: 0, y: 0, w: 12, h: 8 },
        targets: [{ refId: "A", expr: "up", legendFormat: "x", datasource: { type: "prometheus", uid: "$ds" } }], transformations: [{ id: "organize", options: { a: 1 } }],
        options: { textMode: "value" }, fieldConfig: { defaults: { unit: "s" } },
      }],
    });
    expect(notices.map(({ severity }) => severity)).toEqual(["info"]);
    expect(load(spec({ kind: "GridLayout", spec: { items: [] } })).dashboard.title).toBe("T");
  });

  test("read only when there is one", async () => {
    const json = { kind: "Dashboard", metadata: { name: "u" }, spec: spec({ kind: "GridLayout", spec: { items: [at("a", 0, 0, 1, 1)] } }) };
    expect(await loadLazily(json)).toEqual(load(json));
    const rows = { dashboard: { rows: [{ panels: [{ type: "graph" }] }] } };
    expect(await loadLazily(rows)).toEqual(load(rows));
    for (const broken of [null, 5, [], { panels: 5 }, { panels: [null, 5, {}] }]) expect(await loadLazily(broken)).toEqual(load(broken));
  });

  test("layouts", () => {
    expect(places({ kind: "GridLayout", spec: { items: [at("a", 0, 0, 24, 4), { kind: "GridLayoutRow", spec: { y: 4, title: "R", collapsed: false, elements: [at("b", 0, 0, 12, 3)] } }] } })).toEqual([
      ["A", 0, 0, 24, 4], ["R", 0, 4, 24, 1], ["B", 0, 5, 12, 3],
    ]);
    const item = (name: string) => ({ kind: "AutoGridLayoutItem", spec: { element: { name } } });
    const auto = { kind: "AutoGridLayout", spec: { maxColumnCount: 2, rowHeightMode: "short", items: [item("a"), item("b"), item("c")] } };
    expect(places(auto)).toEqual([["A", 0, 0, 12, 6], ["B", 12, 0, 12, 6], ["C", 0, 6, 12, 6]]);
    const row = (title: string, layout: object, more = {}) => ({ kind: "RowsLayoutRow", spec: { title, layout, ...more } });
    const rows = { kind: "RowsLayout", spec: { rows: [row("R1", auto), row("R2", { kind: "GridLayout", spec: { items: [at("a", 0, 0, 6, 2)] } }, { collapse: true, repeat: { mode: "variable", value: "v" } })] } };
    expect(places(rows)).toEqual([["R1", 0, 0, 24, 1], ["A", 0, 1, 12, 6], ["B", 12, 1, 12, 6], ["C", 0, 7, 12, 6], ["R2", 0, 13, 24, 1]]);
    expect(board(rows).dashboard.panels.at(-1)).toMatchObject({ collapsed: true, repeat: "v", panels: [{ title: "A" }] });
    expect(places({ kind: "TabsLayout", spec: { tabs: [{ kind: "TabsLayoutTab", spec: { title: "Tab", layout: auto } }] } })[0]).toEqual(["Tab", 0, 0, 24, 1]);
  });

  test("variables and annotations", () => {
    const { dashboard } = board({ kind: "GridLayout", spec: { items: [] } }, {
      variables: [
        { kind: "QueryVariable", spec: { name: "q", hide: "hideVariable", refresh: "onTimeRangeChanged", sort: "alphabeticalDesc", multi: true, query: { kind: "DataQuery", group: "prometheus", datasource: { name: "p" }, spec: { __legacyStringValue: "label_values(job)" } }, current: { text: "a", value: "a" } } },
        { kind: "DatasourceVariable", spec: { name: "ds", pluginId: "loki", regex: "" } }, { kind: "CustomVariable", spec: { name: "c", query: "1,2" } }, { kind: "TextVariable", spec: { name: "t", query: "x" } },
        { kind: "AdhocVariable", group: "prometheus", datasource: { name: "p" }, spec: { name: "f", filters: [{ key: "a", operator: "=", value: "b" }] } },
      ],
      annotations: [{ kind: "AnnotationQuery", spec: { name: "N", enable: true, iconColor: "red", builtIn: false, query: { kind: "DataQuery", group: "prometheus", datasource: { name: "p" }, spec: { expr: "up == 0" } } } }],
    });
    expect(dashboard.templating.list).toMatchObject([
      { name: "q", type: "query", query: "label_values(job)", datasource: { type: "prometheus", uid: "p" }, hide: 2, refresh: 2, sort: 2, multi: true }, { type: "datasource", query: "loki" },
      { type: "custom", query: "1,2" }, { type: "textbox" }, { type: "adhoc", datasource: { type: "prometheus", uid: "p" }, filters: [{ key: "a" }] },
    ]);
    expect(dashboard.annotations.list).toMatchObject([{ name: "N", enable: true, iconColor: "red", expr: "up == 0", datasource: { uid: "p" } }]);
  });

  test("broken", () => {
    let deep: object = { kind: "GridLayout", spec: { items: [at("a", 0, 0, 1, 1)] } };
    for (let i = 0; i < 50; i++) deep = { kind: "RowsLayout", spec: { rows: [{ spec: { layout: deep } }, null, 5] } };
    for (const layout of [{}, { kind: "GridLayout" }, { kind: "GridLayout", spec: { items: [null, {}, at("__proto__", 0, 0, 1, 1), { kind: "GridLayoutRow" }] } }, deep]) expect(() => board(layout)).not.toThrow();
    expect(board({}, { elements: { a: 5, b: { kind: "Panel" } }, variables: [{}, 5], annotations: "x", timeSettings: 5 }).dashboard.title).toBe("T");
  });
});
