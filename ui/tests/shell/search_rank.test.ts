import { expect, it } from "vitest";
import { rank } from "../../src/shell/search_rank.ts";

it("puts titles that begin with the word first, then words, then tags", () => {
  const items = [{ title: "A", words: "node" }, { title: "Use of nodes" }, { title: "Node / USE" }, { title: "Pods" }];
  expect(rank(items, "node").map((item) => item.title)).toEqual(["Node / USE", "Use of nodes", "A"]);
  expect(rank(items, "node use").map((item) => item.title)).toEqual(["Node / USE", "Use of nodes"]);
  expect(rank(items, "")).toHaveLength(4);
});
