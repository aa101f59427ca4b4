import { afterEach, describe, expect, it, vi } from "vitest";
import type { Panel, Target } from "../../src/core/model/dashboard.ts";
import { dashboardScope } from "../../src/core/variables/builtin.ts";
import type { QueryContext } from "../../src/query/context.ts";
import { letters, queryPanel } from "../../src/query/panel_query.ts";
import { recent } from "../../src/query/recent.ts";

const range = { raw: { from: "now-1h", to: "now" }, span: { from: 1_700_000_000_000, to: 1_700_003_600_000 } };
const context: QueryContext = {
  range, zone: "UTC", width: 600, priority: 0, adhoc: [],
  scope: dashboardScope([], { dashboard: { uid: "u", title: "t" }, range, zone: "utc" }),
  sources: [{ uid: "prom", name: "Prometheus", type: "prometheus", isDefault: true }, { uid: "logs", name: "Loki", type: "loki" }],
};
const panel = (targets: Partial<Target>[], more: Partial<Panel> = {}): Panel =>
  ({ type: "timeseries", gridPos: { x: 0, y: 0, w: 12, h: 8 }, targets: targets as Target[], fieldConfig: { defaults: {}, overrides: [] }, options: {}, transformations: [], links: [], ...more }) as Panel;

/** Answers by path; what was asked is kept. */
function server(answer: (url: URL) => Response | object): URL[] {
  const asked: URL[] = [];
  vi.stubGlobal("fetch", async (text: string) => {
    const url = new URL(text, "http://local");
    asked.push(url);
    const said = answer(url);
    return said instanceof Response ? said : new Response(JSON.stringify(said));
  });
  return asked;
}

const matrix = (...values: number[]) => ({ status: "success", data: { resultType: "matrix", result: values.map((value) => ({ metric: { v: String(value) }, values: [[1_700_000_000, String(value)]] })) } });

afterEach(() => {
  vi.unstubAllGlobals();
  recent.clear();
});

describe("letters", () => {
  it("gives the first free ones", () => {
    expect(letters([{}, { refId: "A" }, {}] as Target[]).map((target) => target.refId)).toEqual(["B", "A", "C"]);
    expect(letters(Array.from({ length: 28 }, () => ({}) as Target)).at(-1)!.refId).toBe("AB");
  });
});

describe("queryPanel", () => {
  it("asks each at its own source and keeps their order", async () => {
    const asked = server((url) => (url.pathname.includes("/loki/") ? { status: "success", data: { resultType: "streams", result: [] } } : matrix(1)));
    const answer = await queryPanel(panel([{ refId: "A", expr: '{job="x"}', datasource: { type: "loki", uid: "logs" } }, { refId: "B", expr: "up" }]), context);
    expect(asked.map((url) => url.pathname).sort()).toEqual(["/api/datasources/proxy/uid/logs/loki/api/v1/query_range", "/api/datasources/proxy/uid/prom/api/v1/query_range"]);
    expect(answer.frames.map((frame) => frame.refId)).toEqual(["B"]);
    expect(answer.faults).toEqual([]);
  });

  it("keeps what came when one fails, with the server's words and place", async () => {
    server((url) => (url.searchParams.get("query") === "up" ? matrix(1) : new Response('{"status":"error","errorType":"bad_data","error":"1:5: parse error: x"}', { status: 400 })));
    const answer = await queryPanel(panel([{ refId: "A", expr: "up" }, { refId: "B", expr: "sum(" }]), context);
    expect(answer.frames).toHaveLength(1);
    expect(answer.faults).toEqual([{ refId: "B", text: "1:5: parse error: x", position: { line: 1, column: 5 } }]);
  });

  it("shows what another panel has, after its transformations where it asks for that", async () => {
    const asked: unknown[] = [];
    const panelFrames: QueryContext["panelFrames"] = async (...how) => {
      asked.push(how);
      return [];
    };
    const datasource = { type: "datasource", uid: "-- Dashboard --" };
    await queryPanel(panel([{ refId: "A", panelId: 3 }, { refId: "B", panelId: 4, withTransforms: true }], { datasource }), { ...context, panelFrames });
    expect(asked).toEqual([[3, false], [4, true]]);
  });

  it("does not ask hidden ones, and tells of a source that is not known", async () => {
    const asked = server(() => matrix(1));
    const answer = await queryPanel(panel([{ refId: "A", expr: "up", hide: true }, { refId: "B", expr: "down", datasource: { type: "prometheus", uid: "gone" } }]), context);
    expect(asked).toHaveLength(1);
    expect(answer.notices[0]!.text).toContain('"gone"');
    const none = await queryPanel(panel([{ refId: "A", expr: "x", datasource: { type: "mysql", uid: "m" } }]), context);
    expect(none.faults[0]!.text).toContain("mysql");
  });

  it("asks equal queries once and puts the interval in", async () => {
    const asked = server(() => matrix(1));
    await queryPanel(panel([{ refId: "A", expr: "rate(x[$__rate_interval])" }, { refId: "B", expr: "rate(x[$__rate_interval])" }]), context);
    expect(asked).toHaveLength(1);
    expect(asked[0]!.searchParams.get("query")).toBe("rate(x[1m])");
    expect(asked[0]!.searchParams.get("step")).toBe("5");
  });

  it("evaluates expressions on hidden queries", async () => {
    server(() => matrix(4));
    const answer = await queryPanel(
      panel([{ refId: "A", expr: "up", hide: true }, { refId: "B", type: "math", expression: "$A * 2", datasource: { type: "__expr__", uid: "__expr__" } }]),
      context,
    );
    expect(answer.frames.map((frame) => [frame.refId, frame.fields[1]!.values[0]])).toEqual([["B", 8]]);
    const datasource = { type: "__expr__", uid: "__expr__" };
    const chained = panel([{ refId: "C", type: "math", expression: "$B + 1", datasource }, { refId: "B", type: "math", expression: "$A * 2", datasource, hide: true }, { refId: "A", expr: "up", hide: true }]);
    expect((await queryPanel(chained, context)).frames.map((frame) => [frame.refId, frame.fields[1]!.values[0]])).toEqual([["C", 9]]);
  });

  it("is called off as a whole", async () => {
    const stop = new AbortController();
    vi.stubGlobal("fetch", (_: string, { signal }: { signal: AbortSignal }) => new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error))));
    const answer = queryPanel(panel([{ refId: "A", expr: "up" }]), { ...context, signal: stop.signal }).catch((error: Error) => error.name);
    setTimeout(() => stop.abort(), 5);
    expect(await answer).toBe("AbortError");
  });
});
