import { describe, expect, test } from "vitest";
import { newDashboard, newPanel, setOption, updatePanel } from "../../../src/core/model/edit.ts";
import { changedInLibrary, inLibrary, libraryModel, libraryOf, withLibrary } from "../../../src/core/model/library.ts";

const reference = { uid: "lib", name: "Shared", version: 2 };
const panel = (id: number, x: number) => inLibrary({ ...newPanel("stat", id, { x, y: 0, w: 6, h: 4 }), repeat: "job" }, reference);
const board = { ...newDashboard(), panels: [panel(1, 0), panel(2, 6), newPanel("text", 3, { x: 12, y: 0, w: 6, h: 4 })] };

describe("panels of the library", () => {
  test("are told by their reference, and hold nothing of the dashboard there", () => {
    expect(libraryOf(board.panels[0]!)).toEqual(reference);
    expect(libraryOf(board.panels[2]!)).toBeNull();
    expect(libraryOf(inLibrary(board.panels[0]!, null))).toBeNull();
    expect(Object.keys(libraryModel(board.panels[0]!))).not.toEqual(expect.arrayContaining(["id"]));
    expect(libraryModel(board.panels[0]!)).toEqual(libraryModel(board.panels[1]!));
  });

  test("that were changed are found once; a place is no change", () => {
    expect(changedInLibrary(board, board)).toEqual([]);
    expect(changedInLibrary(board, updatePanel(board, 1, (one) => ({ ...one, gridPos: { ...one.gridPos, x: 3 } })))).toEqual([]);
    expect(changedInLibrary(board, setOption(board, 3, "title", "x"))).toEqual([]);
    const changed = setOption(board, 1, "title", "New");
    expect(changedInLibrary(board, changed).map((one) => one.id)).toEqual([1]);
  });

  test("are all as the library has them, at their own places", () => {
    const changed = setOption(board, 1, "title", "New");
    const made = withLibrary(changed, { ...reference, version: 3 }, libraryModel(changed.panels[0]!));
    expect(made.panels.map((one) => [one.id, one.title, one.gridPos.x, libraryOf(one)?.version])).toEqual([[1, "New", 0, 3], [2, "New", 6, 3], [3, "Panel title", 12, undefined]]);
  });
});
