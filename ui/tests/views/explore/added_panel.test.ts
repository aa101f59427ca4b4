import { expect, test } from "vitest";
import { givesLines } from "../../../src/query/loki_query.ts";
import { dashboardOf, panelOf, withPanel } from "../../../src/views/explore/added_panel.ts";

const source = (type: string) => ({ uid: type, name: type, type });
const lines = (query: { expr?: string }) => givesLines(query.expr ?? "");
const asked = (queries: object[], type = "prometheus") => ({ queries: queries as never, sourceOfQuery: (query: { datasource?: { type?: string } | null }) => source(query.datasource?.type ?? type) });

test("metrics become a graph of ranges, instants a table, lines logs", () => {
  const graph = panelOf(asked([{ refId: "A", expr: "up" }, { refId: "B", expr: " " }]), "Mine", lines);
  expect(graph).toMatchObject({ type: "timeseries", title: "Mine", datasource: { uid: "prometheus" }, targets: [{ refId: "A", expr: "up", range: true, instant: false }] });
  expect(panelOf(asked([{ refId: "A", expr: "up", instant: true, range: false }]), "", lines)).toMatchObject({ type: "table", targets: [{ format: "table", instant: true }] });
  expect(panelOf(asked([{ refId: "A", expr: "b_bucket", format: "heatmap" }]), "", lines)).toMatchObject({ type: "heatmap", targets: [{ format: "heatmap", range: true }] });
  expect(panelOf(asked([{ refId: "A", expr: '{a="b"}' }], "loki"), "", lines)).toMatchObject({ type: "logs", targets: [{ expr: '{a="b"}', datasource: { type: "loki", uid: "loki" } }] });
  expect(panelOf(asked([{ refId: "A", expr: "up" }, { refId: "B", expr: 'rate({a="b"}[1m])', datasource: { type: "loki" } }]), "", lines).datasource).toEqual({ uid: "-- Mixed --" });
});

test("a dashboard keeps what it has; a new one has the range", async () => {
  const panel = panelOf(asked([{ refId: "A", expr: "up" }]), "Mine", lines);
  const stored = { uid: "x", title: "There", schemaVersion: 41, more: { kept: true }, panels: [{ id: 7, type: "stat", title: "Old", gridPos: { x: 0, y: 0, w: 24, h: 4 }, targets: [] }] };
  const { dashboard, id } = await withPanel(stored, panel);
  const panels = dashboard.panels as { id: number; title: string; gridPos: { y: number } }[];
  expect(panels.map((one) => one.title).sort()).toEqual(["Mine", "Old"]);
  expect(id).toBe(8);
  expect(panels.find((one) => one.title === "Old")!.gridPos.y).toBe(8);
  expect(dashboard).toMatchObject({ uid: "x", more: { kept: true } });
  expect(dashboardOf(panel, "New", { from: "now-2h", to: "now" })).toMatchObject({ id: null, title: "New", time: { from: "now-2h", to: "now" }, panels: [{ title: "Mine" }] });
});
