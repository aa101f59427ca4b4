/** A panel that a person holds: by pointer, or by the arrow keys. */

import { movePanel } from "../../../core/model/edit.ts";
import { findPanel } from "../../../core/model/ids.ts";
import type { Panel } from "../../../core/model/dashboard.ts";
import type { GridItem } from "../../../core/model/repeat.ts";
import type { Board } from "../board.svelte.ts";
import { columnStep, GAP_PX } from "../cells.ts";

const EDGE_PX = 60;
const SCROLL_PX = 14;

/** How a panel is held: `width` of the grid and `cell` of one of its rows in px; `hold` is told the panel's key, and null after. */
export interface Held {
  how: "move" | "size";
  width: number;
  cell: number;
  hold: (key: string | null) => void;
}

/** Where a row goes by one step up or down: past the whole row before or behind it. */
export function rowStep(panels: readonly Panel[], id: number, down: boolean): number {
  const rows = panels.filter((panel) => panel.type === "row");
  const at = rows.findIndex((panel) => panel.id === id);
  return down ? (rows[at + 2]?.gridPos.y ?? Number.MAX_SAFE_INTEGER) : (rows[at - 1]?.gridPos.y ?? 0);
}

/**
 * Moves a panel or changes its size until the pointer lets go; the others make room meanwhile. Escape puts it back. An arrow
 * key moves it by one, a row past the next.
 */
export function dragPanel(board: Board, event: PointerEvent | KeyboardEvent, item: GridItem, { how, width, cell, hold }: Held): void {
  const { id } = item.panel;
  const rowPx = cell + GAP_PX;
  if (id === undefined) return;
  const start = { ...item.gridPos, ...(item.panel.type === "row" ? {} : { w: item.panel.gridPos.w, h: item.panel.gridPos.h }) };
  const place = (dx: number, dy: number) =>
    how === "move" ? { ...start, x: start.x + dx, y: Math.max(0, start.y + dy) } : { ...start, w: Math.max(1, start.w + dx), h: Math.max(2, start.h + dy) };
  if (event instanceof KeyboardEvent) {
    const step: Record<string, [number, number]> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const by = step[event.key];
    if (!by) return;
    const isRow = item.panel.type === "row";
    if (isRow && by[1] === 0) return;
    const button = event.target;
    // From where it is now: keys may follow each other faster than the page is drawn.
    const now = findPanel(board.model, id)?.gridPos ?? start;
    const [dx, dy] = by;
    const to = isRow ? { ...now, y: rowStep(board.model.panels, id, dy > 0) } : how === "move" ? { ...now, x: now.x + dx, y: Math.max(0, now.y + dy) } : { ...now, w: Math.max(1, now.w + dx), h: Math.max(2, now.h + dy) };
    board.edit(movePanel(board.model, id, to), `arrows ${id}`);
    requestAnimationFrame(() => button instanceof HTMLElement && button.closest(".cell")?.scrollIntoView({ block: "nearest" }));
    return;
  }
  event.preventDefault();
  const before = board.model;
  const from = { x: event.clientX, y: event.clientY + scrollY };
  const step = columnStep(width);
  let last = "";
  let scroll = 0;
  let at = from;
  hold(item.key);
  const show = () => {
    const dx = Math.round((at.x - from.x) / step);
    const dy = Math.round((at.y - from.y) / rowPx);
    const name = `${dx} ${dy}`;
    if (name === last) return;
    last = name;
    board.show(movePanel(before, id, place(dx, dy)));
  };
  const move = (moved: PointerEvent) => {
    at = { x: moved.clientX, y: moved.clientY + scrollY };
    scroll = moved.clientY < EDGE_PX ? -SCROLL_PX : moved.clientY > innerHeight - EDGE_PX ? SCROLL_PX : 0;
    show();
  };
  const timer = setInterval(() => {
    if (!scroll) return;
    scrollBy(0, scroll);
    at = { x: at.x, y: at.y + scroll };
    show();
  }, 30);
  const end = () => {
    clearInterval(timer);
    removeEventListener("pointermove", move);
    removeEventListener("pointerup", end);
    removeEventListener("pointercancel", end);
    removeEventListener("keydown", key, true);
    hold(null);
    // All of the way is one step to undo.
    const after = board.model;
    if (after === before) return;
    board.show(before);
    board.edit(after);
  };
  const key = (pressed: KeyboardEvent) => {
    if (pressed.key !== "Escape") return;
    pressed.stopPropagation();
    board.show(before);
    end();
  };
  addEventListener("pointermove", move);
  addEventListener("pointerup", end);
  addEventListener("pointercancel", end);
  addEventListener("keydown", key, true);
}
