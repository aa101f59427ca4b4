import { afterEach, expect, it, vi } from "vitest";
import type { DataSource } from "../../src/api/grafana.ts";
import { EMPTY_SCOPE } from "../../src/core/variables/scope.ts";
import { queriedEvents } from "../../src/query/annotation_events.ts";
import type { AnnotationContext } from "../../src/query/annotation_query.ts";

const source = { uid: "prometheus", name: "Prometheus", type: "prometheus" } as DataSource;
const context = { range: { raw: { from: "0", to: "600000" }, span: { from: 0, to: 600_000 } }, scope: EMPTY_SCOPE, sources: [source], dashboardUid: "d" } as AnnotationContext;

afterEach(() => vi.unstubAllGlobals());

function answers(values: [number, string][]): void {
  const data = { resultType: "matrix", result: [{ metric: { app: "shop", version: "2" }, values }] };
  vi.stubGlobal("fetch", () => Promise.resolve(new Response(JSON.stringify({ status: "success", data }), { headers: { "content-type": "application/json" } })));
}

it("makes one event of steps in a row, with texts of labels", async () => {
  answers([[60, "1"], [120, "1"], [180, "0"], [420, "1"]]);
  const annotation = { name: "Deploys", expr: "deploys", titleFormat: "{{app}} is out", textFormat: "{{ version }}", tagKeys: "app" };
  const events = await queriedEvents(annotation, "red", source, context);
  expect(events.map(({ time, timeEnd, title, text, tags }) => [time, timeEnd, title, text, tags])).toEqual([
    [60_000, 120_000, "shop is out", "2", ["shop"]], [420_000, 420_000, "shop is out", "2", ["shop"]],
  ]);
});

it.each([true, "on"])("takes values for times where it says %s", async (useValueForTime) => {
  answers([[60, "90000"], [120, "90000"], [180, "9e9"]]);
  expect((await queriedEvents({ name: "x", expr: "started", useValueForTime }, "red", source, context)).map(({ time, timeEnd }) => [time, timeEnd])).toEqual([[90_000, 90_000]]);
});
