/** A panel that a person holds: by pointer, or by the arrow keys. */

import { movePanel } from "../../../core/model/edit.ts";
import type { GridItem } from "../../../core/model/repeat.ts";
import type { Board } from "../board.svelte.ts";
import { CELL_PX, columnStep, GAP_PX } from "../cells.ts";

const ROW_PX = CELL_PX + GAP_PX;
const EDGE_PX = 60;
const SCROLL_PX = 14;

/**
 * Moves a panel or changes its size until the pointer lets go; the others make room meanwhile. Escape puts it back. A key
 * moves it by one. `hold` is told the key of the panel that is held, and null after.
 */
export function dragPanel(board: Board, event: PointerEvent | KeyboardEvent, item: GridItem, how: "move" | "size", width: number, hold: (key: string | null) => void): void {
  const { id } = item.panel;
  if (id === undefined) return;
  const start = { ...item.gridPos, ...(item.panel.type === "row" ? {} : { w: item.panel.gridPos.w, h: item.panel.gridPos.h }) };
  const place = (dx: number, dy: number) =>
    how === "move" ? { ...start, x: start.x + dx, y: Math.max(0, start.y + dy) } : { ...start, w: Math.max(1, start.w + dx), h: Math.max(2, start.h + dy) };
  if (event instanceof KeyboardEvent) {
    const step: Record<string, [number, number]> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const by = step[event.key];
    if (!by) return;
    event.preventDefault();
    board.edit(movePanel(board.model, id, place(...by)));
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
    const dy = Math.round((at.y - from.y) / ROW_PX);
    const name = `${dx} ${dy}`;
    if (name === last) return;
    last = name;
    board.edit(movePanel(before, id, place(dx, dy)));
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
  };
  const key = (pressed: KeyboardEvent) => {
    if (pressed.key !== "Escape") return;
    pressed.stopPropagation();
    board.edit(before);
    end();
  };
  addEventListener("pointermove", move);
  addEventListener("pointerup", end);
  addEventListener("pointercancel", end);
  addEventListener("keydown", key, true);
}
