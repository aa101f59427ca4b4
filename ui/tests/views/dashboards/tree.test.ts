import { describe, expect, it } from "vitest";
import type { SearchHit } from "../../../src/api/grafana.ts";
import { forEach } from "../../../src/views/dashboards/bulk.ts";
import { above, folderChoices, found, tagCounts, tree } from "../../../src/views/dashboards/tree.ts";
import type { Folder, Sought } from "../../../src/views/dashboards/tree.ts";

const folder = (uid: string, title: string, parent = ""): SearchHit => ({ uid, title, url: `/dashboards/f/${uid}`, type: "dash-folder", tags: [], ...(parent ? { folderUid: parent } : {}) });
const board = (uid: string, title: string, parent = "", more: Partial<SearchHit> = {}): SearchHit => ({ uid, title, url: `/d/${uid}`, type: "dash-db", tags: [], ...(parent ? { folderUid: parent } : {}), ...more });

const HITS = [
  folder("web", "Web"), folder("db", "Databases"), folder("pg", "Postgres", "db"), folder("empty", "Empty"), folder("lost", "Lost", "hidden"),
  board("w2", "Node 10", "web"), board("w1", "Node 9", "web", { tags: ["node", "prod"], isStarred: true }), board("p", "Queries", "pg", { tags: ["prod"] }), board("t", "At the top"), board("h", "In a hidden folder", "hidden"),
];
const NOTHING: Sought = { text: "", tags: [], starred: false };
const shape = (one: Folder | null): unknown => one && [one.title, one.count, one.folders.map(shape), one.dashboards.map((hit) => hit.uid)];

describe("the tree of folders", () => {
  it("has folders and dashboards by title, numbers by size, and counts all below", () => {
    expect(shape(tree(HITS, NOTHING))).toEqual(["", 5, [
      ["Databases", 1, [["Postgres", 1, [], ["p"]]], []], ["Empty", 0, [], []], ["Lost", 0, [], []], ["Web", 2, [], ["w1", "w2"]],
    ], ["t", "h"]]);
  });

  it("leaves out folders without a find", () => {
    expect(shape(tree(HITS, { ...NOTHING, tags: ["prod"] }))).toEqual(["", 2, [["Databases", 1, [["Postgres", 1, [], ["p"]]], []], ["Web", 1, [], ["w1"]]], []]);
    expect(shape(tree(HITS, { ...NOTHING, text: "no such" }))).toEqual(["", 0, [], []]);
  });

  it("of one folder is what is in it; there is none of one that is not there", () => {
    expect(shape(tree(HITS, NOTHING, "db"))).toEqual(["Databases", 1, [["Postgres", 1, [], ["p"]]], []]);
    expect(tree(HITS, NOTHING, "gone")).toBeNull();
  });
});

describe("what is sought", () => {
  it("needs every word, every tag and the star", () => {
    const uids = (sought: Partial<Sought>) => found(HITS, { ...NOTHING, ...sought }).map((hit) => hit.uid);
    expect(uids({ text: "node 9" })).toEqual(["w1"]);
    expect(uids({ tags: ["prod", "node"] })).toEqual(["w1"]);
    expect(uids({ starred: true })).toEqual(["w1"]);
    expect(uids({ text: "queries", starred: true })).toEqual([]);
  });
});

describe("folders to choose from", () => {
  it("have the names of those above", () => expect(folderChoices(HITS).map((one) => one.path)).toEqual(["Databases", "Databases / Postgres", "Empty", "Lost", "Web"]));
  it("are none below the one that is moved", () => expect(folderChoices(HITS, "db").map((one) => one.uid)).toEqual(["empty", "lost", "web"]));
  it("end where two stand in each other", () => expect(folderChoices([folder("a", "A", "b"), folder("b", "B", "a")]).map((one) => one.path)).toEqual(["A / B", "B / A"]));
});

it("the way to a folder", () => {
  expect(above(HITS, "pg").map((one) => one.uid)).toEqual(["db", "pg"]);
  expect(above(HITS, "gone")).toEqual([]);
});

it("tags are counted", () => expect(tagCounts(HITS)).toEqual([["node", 1], ["prod", 2]]));

it("one that fails stops none of the others", async () => {
  const through: number[] = [];
  const outcome = await forEach(HITS.slice(5, 8), (hit) => (hit.uid === "w1" ? Promise.reject(new Error("it is in a file")) : Promise.resolve()), (count) => through.push(count));
  expect(outcome).toEqual({ done: 2, faults: ["Node 9: it is in a file"] });
  expect(through).toEqual([1, 2, 3]);
});
