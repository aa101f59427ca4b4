import { describe, expect, it } from "vitest";
import { playOrder, stepped } from "../../../src/views/playlists/play_order.ts";

const FOUND = [
  { id: 7, uid: "b", title: "Beta", tags: ["web"] },
  { id: 8, uid: "a", title: "Alpha", tags: ["web", "db"] },
  { id: 9, uid: "c", title: "Gamma", tags: [] },
];

describe("what a playlist shows", () => {
  it("is each dashboard in its place, and a tag's by title", () => {
    const items = [{ type: "dashboard_by_uid", value: "c" }, { type: "dashboard_by_tag", value: "web" }, { type: "dashboard_by_id", value: "7" }] as const;
    expect(playOrder(items, FOUND)).toEqual(["c", "a", "b", "b"]);
  });

  it("leaves out what is gone", () => {
    expect(playOrder([{ type: "dashboard_by_uid", value: "x" }, { type: "dashboard_by_tag", value: "none" }, { type: "dashboard_by_id", value: "1" }], FOUND)).toEqual([]);
  });

  it("goes around its ends", () => {
    expect([stepped(0, -1, 3), stepped(2, 1, 3), stepped(1, 1, 3), stepped(0, 1, 0)]).toEqual([2, 0, 2, 0]);
  });
});
