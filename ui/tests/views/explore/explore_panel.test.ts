import { expect, test } from "vitest";
import { explorePanel, freeLetter, unknownVariables } from "../../../src/views/explore/explore_panel.ts";

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
