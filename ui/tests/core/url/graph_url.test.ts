import { expect, test } from "vitest";
import { parseExploreUrl } from "../../../src/core/url/explore_url.ts";
import { letter } from "../../../src/core/url/graph_url.ts";

let count = 0;
const parse = (search: string) => parseExploreUrl(search, "utc", () => `n${String(count++).padStart(2, "0")}`);

test("all expressions of one range are queries of one pane, in the order of their numbers", () => {
  const search = [0, 1, 2, 10, 3].map((at) => `g${at}.expr=up%20%2B%20${at}&g${at}.tab=0&g${at}.range_input=2h`).join("&");
  const { panes, rest } = parse(`?${search}&theme=dark&x=1`);
  expect(panes.length).toBe(1);
  expect(panes[0]!.queries.map((query) => [query.refId, query.expr])).toEqual([["A", "up + 0"], ["B", "up + 1"], ["C", "up + 2"], ["D", "up + 3"], ["E", "up + 10"]]);
  expect(panes[0]).toMatchObject({ datasource: "prometheus", range: { from: "now-2h", to: "now" } });
  expect(panes[0]!.queries[0]).toMatchObject({ range: true, instant: false });
  expect(rest).toEqual([["x", "1"]]);
});

test("forty of them all open", () => {
  const { panes } = parse(`?${Array.from({ length: 40 }, (_, at) => `g${at}.expr=m${at}`).join("&")}`);
  expect(panes[0]!.queries.map((query) => query.expr)).toEqual(Array.from({ length: 40 }, (_, at) => `m${at}`));
  expect(new Set(panes[0]!.queries.map((query) => query.refId)).size).toBe(40);
  expect(letter(27)).toBe("AB");
});

test("another range is another pane; ends, steps and exemplars are kept", () => {
  const { panes } = parse("?g0.expr=a&g0.tab=graph&g0.range_input=30m&g0.end_input=2026-01-02+10:00:00&g0.step_input=5&g0.show_exemplars=1&g1.expr=b&g1.tab=table&g1.moment_input=2026-01-02T10:00:00Z");
  expect(panes.map((pane) => pane.range)).toEqual([
    { from: "2026-01-02T09:30:00.000Z", to: "2026-01-02T10:00:00.000Z" }, { from: "2026-01-02T09:00:00.000Z", to: "2026-01-02T10:00:00.000Z" },
  ]);
  expect(panes[0]!.queries[0]).toMatchObject({ interval: "5s", exemplar: true, range: true });
  expect(panes[1]!.queries[0]).toMatchObject({ expr: "b", instant: true, range: false });
  const many = parse(`?${Array.from({ length: 12 }, (_, at) => `g${at}.expr=m${at}&g${at}.range_input=${at + 1}h`).join("&")}`).panes;
  expect(many.flatMap((pane) => pane.queries.map((query) => query.expr))).toHaveLength(12);
});

test("empty expressions and broken ranges do no harm", () => {
  expect(parse("?g0.expr=&g1.range_input=1h").panes[0]).toMatchObject({ queries: [], range: { from: "now-1h" } });
  expect(parse("?g0.expr=up&g0.range_input=junk&g0.end_input=junk").panes[0]!.range).toEqual({ from: "now-1h", to: "now" });
});

test("what is no JSON is told of in the pane that takes its place", () => {
  expect(parse("?panes={").panes[0]!.fault).toContain("panes");
  const two = parse(`?left={bad&right=${encodeURIComponent(JSON.stringify({ queries: [{ expr: "up" }] }))}`).panes;
  expect([two[0]!.fault?.includes("left"), two[1]!.fault, two[1]!.queries[0]!.expr]).toEqual([true, undefined, "up"]);
});
