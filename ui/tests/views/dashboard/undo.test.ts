import { beforeEach, describe, expect, it } from "vitest";
import { addPanel, newDashboard } from "../../../src/core/model/edit.ts";
import { Board } from "../../../src/views/dashboard/board.svelte.ts";
import { rowStep } from "../../../src/views/dashboard/edit/drag_panel.ts";
import { discardChanges, rebase, redo, redoText, undo, undoText } from "../../../src/views/dashboard/edit/undo.ts";

describe("undo", () => {
  let board: Board;
  const first = { ...newDashboard("First"), uid: "u", version: 3 };
  beforeEach(() => {
    board = new Board();
    board.open(first, {}, "stored");
  });

  it("goes back and forth, and says through what", () => {
    board.edit({ ...board.model, title: "Second" });
    board.edit(addPanel(board.model, "stat").dashboard);
    expect(undoText(board)).toBe("panel “Panel title” added");
    undo(board);
    undo(board);
    expect(board.model).toBe(first);
    expect(board.changed).toBe(false);
    expect(undo(board)).toBe("");
    expect(redoText(board)).toBe("title changed");
    redo(board);
    expect(board.model.title).toBe("Second");
    board.edit({ ...board.model, title: "Third" });
    expect(redo(board)).toBe("");
  });

  it("takes a typed word as one step, and two fields as two", () => {
    for (const title of ["a", "ab", "abc"]) board.edit({ ...board.model, title }, "title");
    board.edit({ ...board.model, description: "x" }, "description");
    undo(board);
    expect(board.model.title).toBe("abc");
    undo(board);
    expect(board.model.title).toBe("First");
  });

  it("brings back what was discarded", () => {
    board.edit({ ...board.model, title: "Second" });
    discardChanges(board);
    expect(board.changed).toBe(false);
    undo(board);
    expect(board.model.title).toBe("Second");
  });

  it("after a save goes to earlier states of the version that was saved", () => {
    board.edit({ ...board.model, title: "Second" });
    const saved = { ...board.model, version: 4 };
    rebase(board, saved);
    board.model = board.saved = saved;
    undo(board);
    expect(board.model).toMatchObject({ title: "First", version: 4, uid: "u" });
    expect(board.changed).toBe(true);
  });
});

describe("rowStep", () => {
  const row = (id: number, y: number) => ({ ...addPanel(newDashboard(), "row").dashboard.panels[0]!, id, gridPos: { x: 0, y, w: 24, h: 1 } });
  it("goes past the whole row before or behind", () => {
    const rows = [row(1, 0), row(2, 5), row(3, 9)];
    expect(rowStep(rows, 3, false)).toBe(5);
    expect(rowStep(rows, 1, true)).toBe(9);
    expect(rowStep(rows, 2, true)).toBe(Number.MAX_SAFE_INTEGER);
    expect(rowStep(rows, 1, false)).toBe(0);
  });
});
