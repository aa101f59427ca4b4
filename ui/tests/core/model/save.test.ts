import { describe, expect, test } from "vitest";
import { load } from "../../../src/core/model/migrate.ts";
import { fillInputs, importInputs, toJson, toSharedJson, withCurrent } from "../../../src/core/model/save.ts";
import { corpusDashboards } from "../golden.ts";

const sources = [{ uid: "p1", name: "Main Prometheus", type: "prometheus" }, { uid: "loki", name: "Loki", type: "loki" }];

const { dashboard } = load({
  id: 5, uid: "u", title: "t", version: 3, gnetId: 7, __inputs: [], iteration: 4,
  templating: {
    list: [
      { name: "ds", type: "datasource", query: "prometheus", options: [{ text: "a", value: "a" }], current: { text: "a", value: "a" } },
      { name: "q", type: "query", query: "label_values(up, job)", refresh: 1, datasource: { type: "prometheus", uid: "p1" }, options: [{ text: "a", value: "a" }], current: { text: "a", value: "a" } },
      { name: "c", type: "constant", query: "v", hide: 2 }, { name: "k", type: "custom", query: "1,2", options: [{ text: "1", value: "1" }], current: { text: "2", value: "2" } },
    ],
  },
  annotations: { list: [{ name: "Annotations & Alerts", builtIn: 1, datasource: { type: "datasource", uid: "grafana" } }, { name: "own", datasource: { type: "loki", uid: "loki" }, expr: "{}" }] },
  panels: [
    { id: 1, type: "timeseries", gridPos: { x: 0, y: 0, w: 12, h: 8 }, datasource: { type: "prometheus", uid: "p1" }, targets: [{ refId: "A", expr: "up", datasource: { type: "prometheus", uid: "$ds" } }] },
    { id: 2, type: "row", collapsed: true, gridPos: { x: 0, y: 8, w: 24, h: 1 }, panels: [{ id: 3, type: "logs", datasource: { type: "loki", uid: "loki" }, targets: [{ refId: "A", expr: "{}", datasource: { type: "datasource", uid: "-- Mixed --" } }] }] },
    { id: 4, type: "stat", datasource: { uid: "${DS_OTHER}" } },
  ],
});

describe("stored", () => {
  const json = toJson(dashboard);

  test("without what belongs to the page", () => {
    expect(Object.keys(json)).toEqual(["annotations", "graphTooltip", "id", "links", "panels", "refresh", "schemaVersion", "tags", "templating", "time", "timezone", "title", "uid", "version", "gnetId"]);
    expect(json).toMatchObject({ gnetId: 7, templating: { list: [{ options: [] }, { options: [], current: { value: "a" } }, {}, { options: [{ value: "1" }] }] } });
    expect((json.panels as object[])[1]).toEqual(expect.not.objectContaining({ targets: expect.anything() as unknown }));
  });

  test("loads as the same", () => {
    const again = load(JSON.parse(JSON.stringify(json)));
    expect(again.notices).toEqual([]);
    expect(toJson(again.dashboard)).toEqual(json);
  });

  test("with the choices of now", () => {
    const made = withCurrent(dashboard, { q: { text: "b", value: "b" }, nobody: { text: "", value: "" } });
    expect(made.templating.list.map(({ current }) => current?.value)).toEqual(["a", "b", undefined, "2"]);
  });
});

describe("given away", () => {
  const shared = toSharedJson(dashboard, { sources });

  test("datasources are asked for, those of variables and those that are everywhere are not", () => {
    expect(shared.__inputs).toHaveLength(4);
    expect(shared.__inputs).toEqual(expect.arrayContaining([
      { name: "VAR_C", type: "constant", label: "c", value: "v", description: "" },
      { name: "DS_MAIN_PROMETHEUS", label: "Main Prometheus", description: "", type: "datasource", pluginId: "prometheus", pluginName: "Prometheus" },
      { name: "DS_LOKI", label: "Loki", description: "", type: "datasource", pluginId: "loki", pluginName: "Loki" },
      { name: "DS_OTHER", label: "OTHER", description: "", type: "datasource", pluginId: "prometheus", pluginName: "Prometheus" },
    ]));
    expect(shared).toMatchObject({
      id: null, uid: "u", __elements: {},
      panels: [
        { datasource: { type: "prometheus", uid: "${DS_MAIN_PROMETHEUS}" }, targets: [{ datasource: { uid: "$ds" } }] },
        { panels: [{ datasource: { uid: "${DS_LOKI}" }, targets: [{ datasource: { uid: "-- Mixed --" } }] }] }, { datasource: { uid: "${DS_OTHER}" } },
      ],
      annotations: { list: [{ datasource: { uid: "grafana" } }, { datasource: { uid: "${DS_LOKI}" } }] },
      templating: { list: [{ current: {} }, { datasource: { uid: "${DS_MAIN_PROMETHEUS}" }, current: {}, options: [] }, { query: "${VAR_C}" }, { current: { value: "2" } }] },
    });
    expect("version" in shared).toBe(false);
    expect((shared.__requires as { id: string }[]).map(({ id }) => id)).toEqual(["loki", "prometheus", "grafana", "logs", "stat", "timeseries"]);
  });

  test("and put back by whoever imports it", () => {
    expect(importInputs(shared).map(({ name, type, value }) => [name, type, value])).toContainEqual(["VAR_C", "constant", "v"]);
    const filled = load(fillInputs(shared, { DS_MAIN_PROMETHEUS: "p9", DS_LOKI: "l9", VAR_C: "w", DS_OTHER: "o9" })).dashboard;
    expect(filled.panels.map(({ datasource }) => datasource?.uid)).toEqual(["p9", undefined, "o9"]);
    expect(filled.panels[1]!.panels![0]!.datasource?.uid).toBe("l9");
    expect(filled.templating.list[2]!.query).toBe("w");
    expect("__inputs" in filled).toBe(false);
    expect(importInputs({ __inputs: [5, { name: "" }, { name: "(((" }] })).toEqual([{ name: "(((", label: "(((", type: "datasource", pluginId: "", value: "" }]);
    // A panel of a library comes with the export, and has inputs too.
    const stands = { libraryPanel: { uid: "u", name: "n" }, id: 3 };
    const element = { model: { type: "stat", title: "Up", targets: [{ datasource: { uid: "${DS_A}" } }], odd: stands } };
    expect(fillInputs({ __inputs: [{ name: "DS_A" }], __elements: { u: element }, panels: [stands] }, { DS_A: "p9" })).toEqual({
      panels: [{ ...stands, type: "stat", title: "Up", targets: [{ datasource: { uid: "p9" } }], odd: stands }],
    });
    expect(fillInputs({ __inputs: [{ name: "(((" }], a: ["$(((", "${(((}x"] }, { "(((": "$&" })).toEqual({ a: ["$&", "$&x"] });
    expect(importInputs(null)).toEqual([]);
  });
});

test.skipIf(!corpusDashboards().length)("dashboards people run are given away and taken back", () => {
  for (const [name, text] of corpusDashboards()) {
    const loaded = load(JSON.parse(text)).dashboard;
    const shared = JSON.parse(JSON.stringify(toSharedJson(loaded, { sources })));
    const chosen = Object.fromEntries(importInputs(shared).map((input) => [input.name, input.type === "constant" ? input.value : "p1"]));
    const back = load(fillInputs(shared, chosen)).dashboard;
    const left = (JSON.stringify(back).match(/\$\{(DS|VAR)_[A-Z_]+\}/g) ?? []).filter((each) => Object.hasOwn(chosen, each.slice(2, -1)));
    expect([name, left]).toEqual([name, []]);
    expect([name, back.panels.length]).toEqual([name, loaded.panels.length]);
  }
});
