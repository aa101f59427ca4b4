import { describe, expect, it } from "vitest";
import { findRuns, inOrder, pastTexts, type PastQuery, readHistory, withRun } from "../../../src/views/explore/past_queries.ts";

const run = (query: string, at: number, more: Partial<PastQuery> = {}): PastQuery => ({ uid: "p", type: "prometheus", queries: [query], at, ...more });

describe("the history of queries", () => {
  it("has a run once, with its star, the newest first", () => {
    const list = withRun([run("up", 1, { starred: true, comment: "mine" }), run("x", 0)], run("up", 9));
    expect(list).toEqual([run("up", 9, { starred: true, comment: "mine" }), run("x", 0)]);
    expect(withRun(list, run("up", 10, { uid: "other" }))).toHaveLength(3);
  });

  it("lets the oldest go, never those with a star", () => {
    const list = withRun([run("a", 3), run("b", 2), run("c", 1, { starred: true })], run("d", 4), 2);
    expect(list.map(({ queries }) => queries[0])).toEqual(["d", "a", "c"]);
  });

  it("is searched by words", () => {
    const list = [run("rate(http_total[5m])", 2, { comment: "Errors" }), run("up", 1, { starred: true })];
    expect(findRuns(list, "HTTP errors")).toEqual([list[0]]);
    expect(findRuns(list, "", { starred: true })).toEqual([list[1]]);
    expect(findRuns(list, "", { uid: "none" })).toEqual([]);
    expect(pastTexts([...list, run("up", 0), run("{}", 0, { type: "loki" })], "prometheus")).toEqual(["rate(http_total[5m])", "up"]);
  });

  it("has an order, and texts by the data source that each was asked of", () => {
    const list = [run("b", 2), run("a", 3), run("c", 1)];
    const texts = (order: Parameters<typeof inOrder>[1]) => inOrder(list, order).map(({ queries }) => queries[0]).join("");
    expect([texts("newest"), texts("oldest"), texts("text")]).toEqual(["abc", "cba", "abc"]);
    const mixed = run("up", 1, { uid: "-- Mixed --", type: "mixed", queries: ["up", "{}"], sources: [{ uid: "p", type: "prometheus" }, { uid: "l", type: "loki" }] });
    expect([pastTexts([mixed], "prometheus"), pastTexts([mixed], "loki")]).toEqual([["up"], ["{}"]]);
  });

  it("survives whatever is kept", () => {
    for (const text of [null, "", "{}", "[", '[null, 1, {"uid": 1}]', '[{"uid":"a","at":1,"queries":[]}]']) expect(readHistory(text)).toEqual([]);
    expect(readHistory('[{"uid":"a","at":1,"queries":["up"]}]')).toEqual([{ uid: "a", at: 1, queries: ["up"], type: "prometheus" }]);
  });
});
