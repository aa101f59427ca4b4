import { describe, expect, test } from "vitest";
import type { Panel } from "../../../src/core/model/dashboard.ts";
import { allPanels } from "../../../src/core/model/ids.ts";
import { loadLazily } from "../../../src/core/model/load_lazily.ts";
import { load } from "../../../src/core/model/migrate.ts";
import { gridItems } from "../../../src/core/model/repeat.ts";
import { refreshPlan, variableOrder } from "../../../src/core/variables/graph.ts";
import { corpusDashboards } from "../golden.ts";

const KNOWN = new Set([
  "timeseries", "stat", "gauge", "bargauge", "table", "heatmap", "histogram", "piechart", "barchart", "state-timeline", "status-history", "logs", "text", "row",
  "alertlist", "dashlist",
]);

const files = corpusDashboards();

describe.skipIf(!files.length)("dashboards people run (skipped where ../shared/corpus/dashboards is not there)", () => {
  test("all load; panels, notices and placeholders are as counted", () => {
    const types: Record<string, number> = {};
    const placeholders: string[] = [];
    const notices: string[] = [];
    const faults: string[] = [];
    let targets = 0;
    for (const [name, json] of files) {
      const loaded = load(JSON.parse(json));
      for (const panel of allPanels(loaded.dashboard.panels)) {
        types[panel.type] = (types[panel.type] ?? 0) + 1;
        targets += panel.targets.length;
        if (!KNOWN.has(panel.type)) placeholders.push(`${name}: ${panel.type}`);
        checkPanel(panel);
      }
      for (const notice of loaded.notices) (notice.severity === "info" ? notices : faults).push(`${name}: ${notice.panel ?? ""}: ${notice.text}`);
    }
    expect({ placeholders, faults }).toEqual({ placeholders: [], faults: [] });
    // Of the 50 files that were counted by hand: 35 rows are made for those that had `rows`, none of the panels is lost.
    if (files.length !== 50) return;
    expect(notices).toEqual(["lokihelm-operational.json: : 3 panels have an id that another has too; new ones were given"]);
    expect(targets).toBe(1971);
    expect(types).toEqual({
      alertlist: 1, bargauge: 12, gauge: 30, heatmap: 11, logs: 9, row: 181, stat: 154, "state-timeline": 2, table: 46, text: 39, timeseries: 967,
    });
  });

  test("nothing overlaps, ids are unique, variables have an order", () => {
    for (const [name, json] of files) {
      const { dashboard } = load(JSON.parse(json));
      const ids = allPanels(dashboard.panels).map((panel) => panel.id);
      expect([name, new Set(ids).size]).toEqual([name, ids.length]);
      const { items } = gridItems(dashboard.panels, { values: () => [{ text: "a", value: "a" }, { text: "b", value: "b" }], collapsed: () => false });
      expect(new Set(items.map((item) => item.key)).size).toBe(items.length);
      expect(overlaps(items.map((item) => item.gridPos))).toBe(0);
      const { levels, cycles } = variableOrder(dashboard.templating.list);
      expect([name, cycles]).toEqual([name, []]);
      expect(levels.flat().length).toBe(dashboard.templating.list.length);
      expect(refreshPlan(dashboard.templating.list, { kind: "load" }).flat().length).toBeLessThanOrEqual(dashboard.templating.list.length);
    }
  });

  test("are the same where old forms are read only when there are some", async () => {
    for (const [name, json] of files) {
      const parsed: unknown = JSON.parse(json);
      expect([name, await loadLazily(parsed)]).toEqual([name, load(parsed)]);
    }
  });

  test("what was loaded loads again as it is", () => {
    for (const [name, json] of files) {
      const first = load(JSON.parse(json)).dashboard;
      const second = load(JSON.parse(JSON.stringify(first))).dashboard;
      expect([name, second]).toEqual([name, JSON.parse(JSON.stringify(first))]);
    }
  });
});

function checkPanel(panel: Panel): void {
  const { x, y, w, h } = panel.gridPos;
  expect([x, y, w, h].every(Number.isInteger) && x >= 0 && y >= 0 && w >= 1 && x + w <= 24 && h >= 1).toBe(true);
  expect(new Set(panel.targets.map((target) => target.refId)).size).toBe(panel.targets.length);
  expect(panel.targets.every((target) => /^[A-Z]/.test(target.refId))).toBe(true);
  expect(Array.isArray(panel.fieldConfig.overrides)).toBe(true);
}

function overlaps(places: { x: number; y: number; w: number; h: number }[]): number {
  const cells = new Set<number>();
  let count = 0;
  for (const { x, y, w, h } of places) {
    for (let row = y; row < y + h; row++) {
      for (let column = x; column < x + w; column++) {
        const cell = row * 24 + column;
        if (cells.has(cell)) count++;
        cells.add(cell);
      }
    }
  }
  return count;
}
