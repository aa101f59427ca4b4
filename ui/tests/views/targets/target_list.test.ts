import { describe, expect, it } from "vitest";
import { type ActiveTarget, discoveryOf, hasWords, poolsOf } from "../../../src/views/targets/target_list.ts";

function target(pool: string, health: ActiveTarget["health"], labels: Record<string, string>, error = ""): ActiveTarget {
  return {
    discoveredLabels: { __address__: labels.instance ?? "", job: pool }, labels: { job: pool, ...labels }, scrapePool: pool, scrapeUrl: `http://${labels.instance}/metrics`,
    globalUrl: "", lastError: error, lastScrape: "", lastScrapeDuration: 0, health, scrapeInterval: "5s", scrapeTimeout: "5s",
  };
}

const TARGETS = [target("node", "up", { instance: "a:1" }), target("node", "down", { instance: "b:1" }, "refused"), target("api", "unknown", { instance: "c:1" })];
const ALL = { text: "", health: [], pool: "" };

describe("targets", () => {
  it("are shown by pool, those that are down first, with counts of all", () => {
    const pools = poolsOf(TARGETS, ALL);
    expect(pools.map((pool) => [pool.name, pool.up, pool.down, pool.unknown])).toEqual([["api", 0, 0, 1], ["node", 1, 1, 0]]);
    expect(pools[1]!.targets.map((each) => each.health)).toEqual(["down", "up"]);
  });

  it("are filtered by health, pool, and words anywhere", () => {
    expect(poolsOf(TARGETS, { ...ALL, health: ["down"] }).map((pool) => [pool.name, pool.targets.length, pool.up])).toEqual([["node", 1, 1]]);
    expect(poolsOf(TARGETS, { ...ALL, pool: "api" }).map((pool) => pool.name)).toEqual(["api"]);
    expect(poolsOf(TARGETS, { ...ALL, text: "job=NODE refused" })[0]!.targets.map((each) => each.labels.instance)).toEqual(["b:1"]);
    expect(poolsOf(TARGETS, { ...ALL, text: "nowhere" })).toEqual([]);
    expect(hasWords("  ", [])).toBe(true);
  });

  it("that were dropped stand by their pool, with the server's count", () => {
    const answer = { activeTargets: TARGETS, droppedTargets: [{ discoveredLabels: { job: "node", x: "1" }, scrapePool: "node" }], droppedTargetCounts: { node: 7, gone: 2 } };
    expect(discoveryOf(answer, "").map((pool) => [pool.name, pool.active.length, pool.dropped.length, pool.droppedCount])).toEqual([["api", 1, 0, 0], ["gone", 0, 0, 2], ["node", 2, 1, 7]]);
    expect(discoveryOf(answer, "x=1").map((pool) => [pool.name, pool.active.length, pool.dropped.length])).toEqual([["node", 0, 1]]);
  });
});
