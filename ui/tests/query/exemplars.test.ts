import { afterEach, expect, test, vi } from "vitest";
import type { Panel, Target } from "../../src/core/model/dashboard.ts";
import { dashboardScope } from "../../src/core/variables/builtin.ts";
import type { QueryContext } from "../../src/query/context.ts";
import { queryPanel } from "../../src/query/panel_query.ts";
import { recent } from "../../src/query/recent.ts";
import { shownFrames } from "../../src/views/dashboard/shown_frames.ts";

const range = { raw: { from: "now-1h", to: "now" }, span: { from: 1_700_000_000_000, to: 1_700_003_600_000 } };
const traces = [{ name: "trace_id", url: "https://traces.example/${__value.raw}", urlDisplayLabel: "Trace" }, { name: "job", datasourceUid: "tempo" }];
const context: QueryContext = {
  range, zone: "UTC", width: 600, priority: 0, adhoc: [], exemplars: true, scope: dashboardScope([], { dashboard: { uid: "u", title: "t" }, range, zone: "utc" }),
  sources: [{ uid: "prom", name: "Prometheus", type: "prometheus", isDefault: true, jsonData: { exemplarTraceIdDestinations: traces } }] as QueryContext["sources"],
};
const panel = (type: string): Panel => ({ type, gridPos: { x: 0, y: 0, w: 12, h: 8 }, targets: [{ refId: "A", expr: "latency", exemplar: true }] as Target[], fieldConfig: { defaults: {}, overrides: [] }, options: {}, transformations: [], links: [] });

function server(exemplars: unknown): string[] {
  const asked: string[] = [];
  vi.stubGlobal("fetch", async (text: string) => {
    const url = new URL(text, "http://local");
    asked.push(url.pathname.split("/").at(-1)!);
    const data = url.pathname.endsWith("query_exemplars") ? exemplars : { resultType: "matrix", result: [{ metric: {}, values: [[1_700_000_000, "1"]] }] };
    return new Response(JSON.stringify({ status: "success", data }));
  });
  return asked;
}

afterEach(() => {
  vi.unstubAllGlobals();
  recent.clear();
});

const ANSWER = [{ seriesLabels: { job: "api" }, exemplars: [{ labels: { trace_id: "abc" }, value: "0.5", timestamp: 1_700_000_100 }] }];

test("exemplars are asked for, link to their traces, and lie over charts alone", async () => {
  const asked = server(ANSWER);
  const answer = await queryPanel(panel("timeseries"), context);
  expect(asked.sort()).toEqual(["query_exemplars", "query_range"]);
  const [own] = answer.frames.filter((frame) => frame.meta?.kind === "exemplars");
  expect(own!.fields.map((field) => [field.name, field.config.links?.map((link) => link.url) ?? []])).toEqual([["Time", []], ["Value", []], ["job", []], ["trace_id", ["https://traces.example/${__value.raw}"]]]);
  expect(shownFrames(answer.frames, panel("timeseries"), (text) => text).map((frame) => frame.meta?.kind)).toEqual(["timeseries", "exemplars"]);
  // A table, a stat or a pie would take them for values.
  expect(shownFrames(answer.frames, panel("stat"), (text) => text).map((frame) => frame.meta?.kind)).toEqual(["timeseries"]);
});

test("where they are switched off none are asked for, and where there are none nothing fails", async () => {
  const asked = server(null);
  expect((await queryPanel(panel("timeseries"), { ...context, exemplars: false })).faults).toEqual([]);
  expect(asked).toEqual(["query_range"]);
  const answer = await queryPanel(panel("timeseries"), context);
  expect(asked.filter((name) => name === "query_exemplars")).toHaveLength(1);
  expect(answer.frames).toHaveLength(1);
  expect(answer.faults).toEqual([]);
});
