import { describe, expect, it } from "vitest";
import { fillInputs } from "../../../src/core/model/save.ts";
import { firstChoices, readImport } from "../../../src/views/dashboards/import_file.ts";

const PANEL = { id: 1, type: "timeseries", title: "P", gridPos: { x: 0, y: 0, w: 12, h: 8 }, datasource: { type: "prometheus", uid: "${DS_PROM}" }, targets: [{ refId: "A", expr: "up{job=\"${VAR_JOB}\"}" }] };
const EXPORT = {
  __inputs: [
    { name: "DS_PROM", label: "Prometheus", type: "datasource", pluginId: "prometheus", pluginName: "Prometheus" },
    { name: "VAR_JOB", label: "Job", type: "constant", value: "node" },
  ],
  __requires: [], title: "Exported", uid: "abc", schemaVersion: 39, panels: [PANEL],
};
const SOURCES = [{ uid: "l", type: "loki", isDefault: true }, { uid: "p1", type: "prometheus" }, { uid: "p2", type: "prometheus", isDefault: true }];

describe("a text that is imported", () => {
  it("tells title, uid, panels and what it needs", () => {
    const read = readImport(JSON.stringify(EXPORT));
    expect([read.title, read.uid, read.panels]).toEqual(["Exported", "abc", 1]);
    expect(read.inputs.map((input) => [input.name, input.type, input.pluginId])).toEqual([["DS_PROM", "datasource", "prometheus"], ["VAR_JOB", "constant", ""]]);
  });

  it("may be what an API gives", () => {
    expect(readImport(JSON.stringify({ meta: {}, dashboard: EXPORT })).json.uid).toBe("abc");
  });

  it("has panels in folded rows counted", () => {
    expect(readImport(JSON.stringify({ title: "R", panels: [{ type: "row", collapsed: true, gridPos: { x: 0, y: 0, w: 24, h: 1 }, panels: [PANEL, { ...PANEL, id: 2 }] }] })).panels).toBe(2);
  });

  it("says what is wrong", () => {
    expect(() => readImport("{")).toThrow(/not JSON/);
    expect(() => readImport("{}")).toThrow(/no dashboard/);
    expect(() => readImport("[1]")).toThrow(/no dashboard/);
  });
});

describe("what an import's inputs begin with", () => {
  it("is the default data source of the type, and the constant of the export", () => {
    expect(firstChoices(readImport(JSON.stringify(EXPORT)).inputs, SOURCES)).toEqual({ DS_PROM: "p2", VAR_JOB: "node" });
  });

  it("is nothing where no data source fits", () => {
    expect(firstChoices(readImport(JSON.stringify(EXPORT)).inputs, [SOURCES[0]!]).DS_PROM).toBe("");
  });

  it("is put in everywhere", () => {
    const filled = JSON.stringify(fillInputs(EXPORT, { DS_PROM: "p2", VAR_JOB: "web" }));
    expect(filled).toContain('"uid":"p2"');
    expect(filled).toContain('job=\\"web\\"');
    expect(filled).not.toContain("DS_PROM");
  });
});
