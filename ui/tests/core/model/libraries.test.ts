import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { allPanels } from "../../../src/core/model/ids.ts";
import { loadLazily } from "../../../src/core/model/load_lazily.ts";
import { load } from "../../../src/core/model/migrate.ts";

/** What tests/processes/boards_of_libraries.py writes with each library. */
function written(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`libraries/${name}.json`, import.meta.url), "utf8"));
}

describe.each(["grafanalib", "foundation_sdk"])("a dashboard written by %s", (name) => {
  test("loads without a notice, now and lazily", async () => {
    const { dashboard, notices } = load(written(name));
    expect(notices).toEqual([]);
    expect((await loadLazily(written(name))).notices).toEqual([]);
    expect(dashboard.panels.length).toBeGreaterThan(14);
    expect(new Set(allPanels(dashboard.panels).map((panel) => panel.id)).size).toBe(allPanels(dashboard.panels).length);
    for (const panel of allPanels(dashboard.panels)) expect(panel.type, panel.title).not.toBe("unknown");
  });
});

test("the old panels of grafanalib are today's", () => {
  const types = allPanels(load(written("grafanalib")).dashboard.panels).map((panel) => panel.type);
  expect(types).toContain("heatmap");
  expect(types.filter((type) => ["graph", "singlestat", "grafana-piechart-panel"].includes(type))).toEqual([]);
});

test("variables of both keep their kinds", () => {
  const kinds = (name: string) => load(written(name)).dashboard.templating.list.map((variable) => variable.type).sort();
  expect(kinds("grafanalib")).toEqual(["constant", "custom", "datasource", "interval", "query", "textbox"]);
  expect(kinds("foundation_sdk")).toEqual(["adhoc", "constant", "custom", "datasource", "interval", "query", "textbox"]);
});
