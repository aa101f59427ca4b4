import { describe, expect, test } from "vitest";
import type { Dashboard } from "../../../src/core/model/dashboard.ts";
import { load } from "../../../src/core/model/migrate.ts";
import { renameVariable, usagesOf } from "../../../src/core/model/usages.ts";

const board: Dashboard = load({
  title: "x", schemaVersion: 42,
  panels: [
    { id: 1, type: "timeseries", title: "CPU of $job", gridPos: { x: 0, y: 0, w: 12, h: 8 }, targets: [{ refId: "A", expr: 'up{job="$job", j="${job:regex}", o="$jobs"}' }] },
    { id: 2, type: "row", title: "Row", collapsed: true, repeat: "job", gridPos: { x: 0, y: 8, w: 24, h: 1 }, panels: [{ id: 3, type: "stat", title: "Inside", gridPos: { x: 0, y: 9, w: 6, h: 4 }, targets: [{ refId: "A", expr: "up[[job]]" }] }] },
    { id: 4, type: "text", title: "Other", gridPos: { x: 0, y: 20, w: 6, h: 4 }, options: { content: "$jobs" } },
  ],
  templating: { list: [{ name: "job", type: "custom", query: "a,b" }, { name: "jobs", type: "custom", query: "a" }, { name: "instance", type: "query", query: 'label_values(up{job="$job"}, instance)' }] },
  links: [{ type: "link", title: "Link", url: "/d/x?var-job=${job}" }],
}).dashboard;

describe("usagesOf", () => {
  test("finds panels with what of them, those in rows, repeats, variables and links; not names that begin alike", () => {
    expect(usagesOf(board, "job")).toEqual([
      { kind: "panel", name: "CPU of $job", where: "title, queries", id: 1 }, { kind: "panel", name: "Row", where: "repeat", id: 2 }, { kind: "panel", name: "Inside", where: "queries", id: 3 },
      { kind: "variable", name: "instance", where: "query" }, { kind: "link", name: "Link", where: "address" },
    ].map((one) => (one.id === 1 ? { ...one, where: expect.stringMatching(/title.*queries|queries.*title/) as unknown as string } : one)));
    expect(usagesOf(board, "instance")).toEqual([]);
  });
});

describe("renameVariable", () => {
  test("changes every reference and nothing else", () => {
    const made = renameVariable(board, "job", "team");
    expect(made.panels[0]).toMatchObject({ title: "CPU of $team", targets: [{ expr: 'up{job="$team", j="${team:regex}", o="$jobs"}' }] });
    expect(made.panels[1]).toMatchObject({ repeat: "team", panels: [{ targets: [{ expr: "up[[team]]" }] }] });
    expect(made.templating.list.map((one) => one.name)).toEqual(["team", "jobs", "instance"]);
    expect(made.templating.list[2]!.query).toBe('label_values(up{job="$team"}, instance)');
    expect(made.links[0]!.url).toBe("/d/x?var-job=${team}");
    expect(usagesOf(made, "job")).toEqual([]);
    expect(usagesOf(made, "jobs").map((one) => one.id)).toEqual([1, 4]);
  });
});
