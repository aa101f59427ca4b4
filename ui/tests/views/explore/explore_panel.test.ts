import { expect, test } from "vitest";
import { explorePanel, freeLetter, graphPanel, unknownVariables } from "../../../src/views/explore/explore_panel.ts";

test("variables without a value are told once, those of the page are none", () => {
  const queries = [{ refId: "A", expr: 'rate(a{b="$job"}[$__rate_interval]) + ${x:regex} + $job', legendFormat: "[[y]] {{z}} $1" }, { refId: "B", expr: "$hidden", hide: true }];
  expect(unknownVariables(queries, (name) => name === "x")).toEqual(["job", "y"]);
});

test("each query is asked of its own data source, metrics as range and instant", () => {
  const source = (uid: string) => ({ uid, name: uid, type: uid });
  const panel = explorePanel([{ refId: "A", expr: "up" }, { refId: "B", expr: "{}" }], (target) => source(target.refId === "A" ? "prometheus" : "loki"));
  expect(panel.targets).toMatchObject([{ datasource: { uid: "prometheus" }, range: true, instant: true }, { datasource: { uid: "loki" } }]);
  expect(panel.targets![1]!.range).toBeUndefined();
  expect(freeLetter(panel.targets!)).toBe("C");
});

test("an instant alone, as links to Prometheus' table are, is one table of all its series", () => {
  const { targets } = explorePanel([{ refId: "A", expr: "up", instant: true, range: false }, { refId: "B", expr: "up", range: true }], () => ({ uid: "p", name: "p", type: "prometheus" }));
  expect(targets.map((target) => target.format)).toEqual(["table", undefined]);
  const logs = explorePanel([{ refId: "A", expr: "sum(rate({a=\"b\"}[1m]))", queryType: "instant" }, { refId: "B", expr: "{a=\"b\"}", queryType: "instant" }], () => ({ uid: "l", name: "l", type: "loki" }));
  expect(logs.targets.map((target) => target.format)).toEqual(["table", undefined]);
});

test("many names have a line each", () => {
  expect([1, 40, 41].map((series) => (graphPanel("lines", series).options.legend as { displayMode: string }).displayMode)).toEqual(["list", "list", "table"]);
});
