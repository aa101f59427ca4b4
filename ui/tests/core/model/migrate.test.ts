import { describe, expect, test } from "vitest";
import type { Panel } from "../../../src/core/model/dashboard.ts";
import { allPanels, findPanel, idOfKey } from "../../../src/core/model/ids.ts";
import { load } from "../../../src/core/model/migrate.ts";
import { gridItems } from "../../../src/core/model/repeat.ts";
import { toJson, toSharedJson } from "../../../src/core/model/save.ts";
import { dashboardScope } from "../../../src/core/variables/builtin.ts";
import { refreshPlan } from "../../../src/core/variables/graph.ts";
import { initialState, withOptions } from "../../../src/core/variables/state.ts";

const places = (panels: readonly Panel[]) => panels.map(({ title, type, gridPos: { x, y, w, h } }) => [title ?? type, x, y, w, h]);

describe("the dashboard", () => {
  test("of nothing has everything that pages read", () => {
    const { dashboard, notices } = load({});
    expect(dashboard).toEqual({
      uid: "", title: "Untitled", tags: [], schemaVersion: 42, graphTooltip: 0, timezone: "", refresh: "", time: { from: "now-6h", to: "now" }, templating: { list: [] },
      annotations: { list: [] }, links: [], panels: [],
    });
    expect(notices).toEqual([]);
  });

  test("in its wrappers", () => {
    expect(load({ dashboard: { title: "a" }, meta: {} }).dashboard.title).toBe("a");
    expect(load({ kind: "Dashboard", apiVersion: "dashboard.grafana.app/v1beta1", metadata: { name: "u" }, spec: { title: "b" } }).dashboard).toMatchObject({ title: "b", uid: "u" });
  });

  test("keeps what nobody here knows, and does not change what it was given", () => {
    const json = { title: "t", gnetId: 5, preload: true, panels: [{ type: "graph", title: "g", legend: { show: true }, mystery: 1 }], templating: { list: [{ name: "a", type: "query", refresh: true, mystery: 2 }] } };
    const before = structuredClone(json);
    const { dashboard } = load(json);
    expect(json).toEqual(before);
    expect(dashboard).toMatchObject({ gnetId: 5, preload: true, panels: [{ mystery: 1 }], templating: { list: [{ mystery: 2, refresh: 1 }] } });
  });

  test("settings in their old forms", () => {
    expect(load({ refresh: false, sharedCrosshair: true, timezone: "utc", time: { from: 1_700_000_000_000, to: "20231115" }, nav: [{ refresh_intervals: ["5s", 5] }] }).dashboard).toMatchObject({
      refresh: "", graphTooltip: 1, timezone: "utc", time: { from: "2023-11-14T22:13:20.000Z", to: "2023-11-15T00:00:00.000Z" }, timepicker: { refresh_intervals: ["5s"] },
    });
    const broken = load({ timezone: "Mars/Olympus", time: { from: "whenever" }, fiscalYearStartMonth: 40, schemaVersion: 99, tags: "x", graphTooltip: 7 });
    expect(broken.dashboard).toMatchObject({ timezone: "browser", time: { from: "now-6h" }, tags: [], graphTooltip: 0 });
    expect(broken.notices.map(({ text }) => text)).toEqual([
      expect.stringContaining("version 99"), '"tags" should be a list of texts, not the string "x"; it is left out', expect.stringContaining("Mars/Olympus"), expect.stringContaining("whenever"),
    ]);
  });

  test("annotations and links", () => {
    const { dashboard } = load({
      annotations: { list: [{ datasource: "-- Grafana --", builtIn: 1, name: "A" }, { datasource: { type: "prometheus", uid: "$ds" }, target: { expr: "up" }, enable: false }, 5] },
      links: [{ type: "dashboards", tags: ["a", 5], asDropdown: true, includeVars: "yes" }, { url: "/x", title: 5 }],
    });
    expect(dashboard.annotations.list).toMatchObject([{ datasource: { type: "datasource", uid: "grafana" }, name: "A", enable: true }, { expr: "up", enable: false }]);
    expect(dashboard.links).toEqual([{ type: "dashboards", tags: ["a"], asDropdown: true, includeVars: false }, { type: "link", url: "/x", tags: [] }]);
  });
});

describe("variables", () => {
  const list = (variables: unknown, version = 42) => load({ schemaVersion: version, templating: { list: variables } });

  test("of old forms", () => {
    const { dashboard, notices } = list([
      { name: "a", type: "query", datasource: "$ds", refresh: false, current: { text: ["x", 5], value: ["x", 5] }, hideLabel: true, options: [{ text: "x", value: 1 }, {}] },
      { name: "b", type: "custom", options: [{ text: "All", value: "$__all" }, { text: "1", value: "1" }, { text: "a,b", value: "a,b" }], includeAll: true },
      { name: "c", type: "constant", query: "v", hide: 2 }, { name: "d", type: "constant", query: "v", hide: 0 }, { name: "e", type: "groupby", current: { value: ["z"] } },
    ], 26);
    expect(dashboard.templating.list).toMatchObject([
      { datasource: { uid: "$ds" }, refresh: 0, current: { text: ["x", "5"], value: ["x", "5"] }, hide: 1, options: [{ text: "x", value: "1" }] },
      { query: "1,a\\,b" }, { type: "constant" }, { type: "textbox" }, { type: "constant", query: "z", originalType: "groupby" },
    ]);
    expect(notices.map(({ text }) => text)).toEqual([expect.stringContaining("groupby")]);
  });

  test("that cannot be are left out, circles are said", () => {
    const { dashboard, notices } = list([
      { type: "query" }, { name: "a b" }, 5, { name: "x", query: "$y" }, { name: "y", query: "$x" }, { name: "x" }, { name: "r", regex: "/(/" },
    ]);
    expect(dashboard.templating.list.map(({ name }) => name)).toEqual(["x", "y", "r"]);
    expect(dashboard.templating.list[2]!.regex).toBeUndefined();
    expect(notices.map(({ text }) => text).join("\n")).toMatch(/are no objects[^]*without name[^]*letters, digits[^]*two variables called x[^]*regex cannot be read[^]*circle: \$[xy], \$[xy] need each other/);
  });
});

describe("rows of old", () => {
  const row = (more: object, ...spans: (number | undefined)[]) => ({ ...more, panels: spans.map((span, i) => ({ type: "graph", title: `p${i}`, ...(span ? { span } : {}) })) });

  test("become places; without titles there are no headers", () => {
    const { dashboard } = load({ rows: [row({ height: "250px" }, 6, 6, 4), row({ height: 100 }, undefined, 12)] });
    expect(places(dashboard.panels)).toEqual([
      ["p0", 0, 0, 12, 7], ["p1", 12, 0, 12, 7], ["p2", 0, 7, 8, 7], ["p0", 0, 14, 8, 3], ["p1", 0, 17, 24, 3],
    ]);
  });

  test("headers for all, if one is folded, repeated, or titled", () => {
    const { dashboard } = load({ rows: [row({ height: "250px", title: "A", showTitle: true }, 12), row({ title: "B", collapse: true, height: 50 }, 6, 6), row({ repeat: "x", title: "C" }, 12), row({ repeatIteration: 5 }, 12)] });
    expect(places(dashboard.panels)).toEqual([["A", 0, 0, 24, 1], ["p0", 0, 1, 24, 7], ["B", 0, 8, 24, 1], ["C", 0, 9, 24, 1], ["p0", 0, 10, 24, 7]]);
    expect(dashboard.panels[2]).toMatchObject({ collapsed: true, panels: [{ title: "p0", gridPos: { w: 12, h: 3 } }, { title: "p1" }] });
    expect(dashboard.panels[3]).toMatchObject({ repeat: "x", collapsed: false });
    expect(new Set(allPanels(dashboard.panels).map(({ id }) => id)).size).toBe(7);
  });

  test("small panels stack up beside a high one", () => {
    const rows = [{ height: "380px", panels: [{ title: "a", span: 6 }, { title: "b", span: 6, height: "190px" }, { title: "c", span: 6, height: "190px" }, { title: "d", span: 6 }] }];
    expect(places(load({ rows }).dashboard.panels)).toEqual([["a", 0, 0, 12, 10], ["b", 12, 0, 12, 5], ["c", 12, 5, 12, 5], ["d", 0, 10, 12, 10]]);
  });

  test("broken ones", () => {
    expect(load({ rows: 5 }).notices[0]!.text).toMatch(/"rows" should be a list/);
    expect(load({ rows: [5, null, { panels: 5 }, { panels: [null, { span: "x", height: "junk" }] }] }).dashboard.panels.length).toBe(1);
  });
});

describe("panels", () => {
  test("ids are made unique, those without place go to the end", () => {
    const { dashboard, notices } = load({
      panels: [{ id: 1, type: "stat", title: "a", gridPos: { x: 0, y: 0, w: 12, h: 4 } }, { id: 1, type: "stat", title: "b" }, { type: "stat", title: "c", gridPos: { x: 12, y: 0, w: 12, h: 4 } }],
    });
    expect(places(dashboard.panels)).toEqual([["a", 0, 0, 12, 4], ["c", 12, 0, 12, 4], ["b", 0, 4, 12, 8]]);
    expect(dashboard.panels.map(({ id }) => id)).toEqual([1, 2, 3]);
    expect(notices.map(({ text }) => text)).toEqual(["1 panel has an id that another has too; new ones were given"]);
  });

  test("none of which has a place stand two by two", () => {
    const { dashboard } = load({ panels: [{ type: "stat" }, { type: "stat" }, { type: "stat" }, { type: "row" }, { type: "stat" }, { type: "row", collapsed: true, panels: [{ type: "stat" }, { type: "stat" }] }] });
    expect(places(dashboard.panels)).toEqual([
      ["stat", 0, 0, 12, 8], ["stat", 12, 0, 12, 8], ["stat", 0, 8, 12, 8], ["row", 0, 16, 24, 1], ["stat", 0, 17, 12, 8], ["row", 0, 25, 24, 1],
    ]);
    expect(places(dashboard.panels[5]!.panels!)).toEqual([["stat", 0, 26, 12, 8], ["stat", 12, 26, 12, 8]]);
  });

  test("rows hold what they hold", () => {
    const { dashboard, notices } = load({
      panels: [
        { type: "row", title: "folded", collapsed: true, gridPos: { y: 0 }, panels: [{ type: "stat", gridPos: { x: 0, y: 5, w: 6, h: 3 } }, { type: "row", panels: [] }] },
        { type: "row", title: "open", collapsed: false, gridPos: { y: 1 }, panels: [{ type: "stat" }] }, { type: "text", title: "t", gridPos: { x: 0, y: 2, w: 24, h: 3 } },
        { type: "row", title: "also folded", collapsed: "true", gridPos: { y: 9 }, panels: 7 },
      ],
    });
    expect(places(dashboard.panels)).toEqual([["folded", 0, 0, 24, 1], ["open", 0, 1, 24, 1], ["t", 0, 2, 24, 3], ["also folded", 0, 5, 24, 1]]);
    expect(dashboard.panels[0]!.panels!.map(({ gridPos }) => gridPos.y)).toEqual([1]);
    expect(notices.map(({ panel }) => panel)).toEqual(["open", "also folded"]);
  });

  test("copies that were stored are made anew", () => {
    expect(load({ panels: [{ id: 1, type: "stat", repeat: "x" }, { id: 2, type: "stat", repeatPanelId: 1, repeatIteration: 5 }] }).dashboard.panels.map(({ id }) => id)).toEqual([1]);
  });

  test("of unknown types stay, of no type are said", () => {
    const { dashboard, notices } = load({ panels: [{ type: "geomap", title: "G", options: { a: 1 } }, { title: "N" }, { libraryPanel: { uid: "u", name: "L" }, title: "L" }] });
    expect(dashboard.panels.map(({ type }) => type)).toEqual(["geomap", "unknown", "unknown"]);
    expect(notices).toEqual([{ severity: "warning", text: "it has no type", panel: "N" }, { severity: "warning", text: "it is kept in a library that is not here", panel: "L" }]);
  });

  test("are found by what URLs say", () => {
    const { dashboard } = load({ panels: [{ id: 7, type: "row", collapsed: true, panels: [{ id: 12, type: "stat" }] }] });
    expect([findPanel(dashboard, "12")?.id, findPanel(dashboard, "panel-12-clone-1")?.id, findPanel(dashboard, 7)?.type, findPanel(dashboard, "x")]).toEqual([12, 12, "row", undefined]);
    expect([idOfKey("panel-3-clone-1-clone-2"), idOfKey("panel-"), idOfKey("3x")]).toEqual([3, null, null]);
  });
});

describe("whatever it is given", () => {
  const use = (json: unknown) => {
    const { dashboard, notices } = load(json);
    const states = dashboard.templating.list.map((variable) => withOptions(initialState(variable, ["x"]), [{ text: "a", value: "a" }]));
    const scope = dashboardScope(states, { dashboard, range: { raw: dashboard.time, span: { from: 0, to: 1 } }, zone: dashboard.timezone });
    for (const state of states) scope.get(state.variable.name);
    scope.get("__all_variables");
    refreshPlan(dashboard.templating.list, { kind: "load" });
    const { items } = gridItems(dashboard.panels, { values: () => [{ text: "1", value: "1" }, { text: "2", value: "2" }] });
    for (const { gridPos } of items) expect(Object.values(gridPos).every(Number.isFinite)).toBe(true);
    JSON.stringify([toJson(dashboard), toSharedJson(dashboard, { sources: [] })]);
    for (const notice of notices) expect(notice.text.length).toBeLessThan(400);
    expect(notices.every(({ text }) => !text.includes("cannot be read: Cannot"))).toBe(true);
    return { dashboard, notices };
  };

  test.each([[null], [undefined], [5], ["text"], [[]], [[1]], [true], [{ panels: 5, templating: [], annotations: "x", links: {}, time: [], tags: {}, rows: "r" }], [{ panels: [[], null, 5, "x", {}] }]])("%j", (json) => {
    use(json);
  });

  test("every value of a dashboard replaced by every kind of value", () => {
    const base = {
      uid: "u", title: "t", tags: ["a"], schemaVersion: 20, refresh: "5s", time: { from: "now-1h", to: "now" }, timezone: "utc", timepicker: { refresh_intervals: ["5s"] },
      graphTooltip: 1, links: [{ type: "link", title: "x", url: "/x", tags: ["a"] }], annotations: { list: [{ name: "A", datasource: "x", expr: "up", enable: true, target: { expr: "u" } }] },
      templating: {
        list: [
          { name: "q", type: "query", query: { query: "label_values(x{a=\"$c\"}, b)" }, regex: "/a/", sort: 1, refresh: 1, multi: true, includeAll: true, allValue: ".*", current: { text: ["a"], value: ["a"] }, options: [{ text: "a", value: "a" }], datasource: { uid: "$d" } },
          { name: "c", type: "custom", query: "a,b : c", current: { text: "a", value: "a" } }, { name: "i", type: "interval", query: "1m", auto: true, auto_count: 5, auto_min: "1m" },
          { name: "h", type: "adhoc", filters: [{ key: "a", operator: "=", value: "b" }] }, { name: "d", type: "datasource", query: "prometheus", regex: "" }, { name: "t", type: "textbox", query: "x" },
        ],
      },
      panels: [
        {
          id: 1, type: "graph", title: "g", gridPos: { x: 0, y: 0, w: 12, h: 8 }, datasource: "d", repeat: "q", maxPerRow: 2, repeatDirection: "v", interval: "1m", maxDataPoints: 10, timeFrom: "1h",
          targets: [{ refId: "A", expr: "up", legendFormat: "{{a}}", interval: "1m", intervalFactor: 2, instant: true, datasource: { type: "x", uid: "y" } }], yaxes: [{ format: "s", min: 0, logBase: 10 }, {}],
          seriesOverrides: [{ alias: "/a/", yaxis: 2, color: "red", fill: 1, stack: "A" }], legend: { show: true, values: true, avg: true, sort: "avg" }, thresholds: [{ value: 1, op: "gt", colorMode: "custom" }], aliasColors: { a: "b" },
          tooltip: { shared: true }, xaxis: { mode: "time" }, links: [{ url: "x" }], options: { dataLinks: [{ url: "x" }] },
        },
        { id: 2, type: "singlestat", colors: ["a"], thresholds: "1,2", valueMaps: [{ value: "1", text: "a" }], gauge: { show: true, minValue: 0 }, sparkline: { show: true }, tableColumn: "x", prefix: "p", format: "s" },
        { id: 3, type: "table-old", styles: [{ pattern: "/x/", type: "number", thresholds: ["1"], colors: ["a"], colorMode: "cell", link: true, linkUrl: "/x" }], sort: { col: "x" }, columns: [{ value: "avg" }], transform: "timeseries_aggregations" },
        { id: 4, type: "heatmap", yAxis: { format: "s" }, cards: {}, color: { colorScheme: "x" } }, { id: 5, type: "gauge", options: { fieldOptions: { defaults: { thresholds: [{ color: "a" }] }, calcs: ["last"] } } },
        {
          id: 6, type: "timeseries", fieldConfig: { defaults: { unit: "s", thresholds: { steps: [{ value: null, color: "a" }] }, mappings: [{ type: "value", options: { a: { text: "b" } } }], color: { mode: "fixed" }, links: [{ url: "x" }], custom: { a: 1 } }, overrides: [{ matcher: { id: "byName", options: "a" }, properties: [{ id: "mappings", value: [{ type: 1 }] }] }] },
          options: { legend: { calcs: [] } }, transformations: [{ id: "reduce", options: {} }],
        },
        { id: 7, type: "row", collapsed: true, repeat: "c", panels: [{ id: 8, type: "text", options: { content: "x" } }, { id: 9, type: "alertlist", options: {} }] },
      ],
    };
    const wrong: unknown[] = [null, -1e300, "x", true, [null, [1]], { a: { b: [] } }];
    let count = 0;
    const paths: (string | number)[][] = [];
    const walk = (value: unknown, path: (string | number)[]) => {
      paths.push(path);
      if (value && typeof value === "object") for (const [key, part] of Object.entries(value)) walk(part, [...path, Array.isArray(value) ? Number(key) : key]);
    };
    walk(base, []);
    for (const path of paths) {
      for (const value of wrong) {
        if (!path.length) continue;
        const json = structuredClone(base) as never;
        let at: Record<string | number, unknown> = json;
        for (const key of path.slice(0, -1)) at = at[key] as Record<string | number, unknown>;
        at[path.at(-1)!] = value;
        try {
          use(json);
        } catch (error) {
          throw new Error(`${path.join(".")} = ${JSON.stringify(value)}`, { cause: error });
        }
        count++;
      }
    }
    expect(count).toBeGreaterThan(1500);
  }, 60_000);

  test("rows in rows in rows, deep options, names of prototypes", () => {
    let row: object = { type: "row", collapsed: true, panels: [] };
    for (let i = 0; i < 2000; i++) row = { type: "row", collapsed: true, panels: [row] };
    let deep: unknown = 1;
    for (let i = 0; i < 1000; i++) deep = { a: [deep] };
    use({ panels: [row, { type: "stat", options: { deep }, targets: [{ deep }] }], templating: { list: [{ name: "x", query: deep }] } });
    use(JSON.parse('{"__proto__":{"panels":5},"panels":[{"type":"stat","__proto__":{"x":1},"fieldConfig":{"defaults":{"__proto__":{"unit":"s"}}},"options":{"constructor":1}}],"templating":{"list":[{"name":"__proto__","type":"custom","query":"a"},{"name":"constructor","type":"query","query":"$__proto__"}]}}'));
    expect(({} as Record<string, unknown>).unit).toBeUndefined();
  });

  test("huge ones are cut, and quickly", () => {
    const start = performance.now();
    const { dashboard, notices } = use({
      panels: Array.from({ length: 20_000 }, (_, i) => ({ id: i % 5, type: "stat", gridPos: { x: i % 24, y: i, w: 30, h: 1e9 }, repeat: "a", title: "x".repeat(100) })),
      templating: { list: Array.from({ length: 3000 }, (_, i) => ({ name: `v${i}`, query: `$v${(i + 1) % 3000}` })) },
    });
    expect(dashboard.panels.length).toBe(5000);
    expect(dashboard.templating.list.length).toBe(500);
    expect(notices.length).toBeGreaterThan(1);
    expect(performance.now() - start).toBeLessThan(10_000);
  }, 30_000);

  test("repeats that feed each other end", () => {
    const json = { panels: [{ type: "row", repeat: "a", collapsed: false, gridPos: { y: 0 } }, { type: "stat", repeat: "b", gridPos: { y: 1, x: 0, w: 4, h: 2 } }], templating: { list: [{ name: "a", query: "$b" }, { name: "b", query: "$a" }] } };
    const { dashboard } = load(json);
    const many = Array.from({ length: 100_000 }, (_, i) => ({ text: `${i}`, value: `${i}` }));
    const { items, notices } = gridItems(dashboard.panels, { values: () => many });
    expect(items.length).toBeLessThanOrEqual(3000);
    expect(notices.join()).toMatch(/100000 values/);
  });
});
