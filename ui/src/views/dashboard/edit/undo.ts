/** Steps back and forth through what was changed on a dashboard. */

import { describeChanges } from "../../../core/model/changes.ts";
import type { Dashboard } from "../../../core/model/dashboard.ts";
import { findPanel } from "../../../core/model/ids.ts";
import type { Board } from "../board.svelte.ts";

/** What the next step back takes away, in a few words; empty where there is none. */
export function undoText(board: Board): string {
  const before = board.past.at(-1);
  return before ? brief(describeChanges(before, board.model)) : "";
}

/** What the next step forth brings back. */
export function redoText(board: Board): string {
  const next = board.future[0];
  return next ? brief(describeChanges(board.model, next)) : "";
}

function brief(lines: string[]): string {
  return lines.length > 2 ? `${lines[0]} and ${lines.length - 1} more` : lines.join("; ") || "a change";
}

/** Takes the last change back; what it was, or an empty text where there was none. */
export function undo(board: Board): string {
  const before = board.past.at(-1);
  if (!before) return "";
  const text = undoText(board);
  board.future = [board.model, ...board.future];
  board.past = board.past.slice(0, -1);
  show(board, before);
  return text;
}

/** Does again what was taken back last. */
export function redo(board: Board): string {
  const next = board.future[0];
  if (!next) return "";
  const text = redoText(board);
  board.past = [...board.past, board.model];
  board.future = board.future.slice(1);
  show(board, next);
  return text;
}

function show(board: Board, model: Dashboard): void {
  board.show(model);
  const { editPanel } = board.url;
  // The panel that is being edited may be what was added.
  if (editPanel !== undefined && findPanel(model, editPanel) === undefined) board.editPanel(null);
}

/** All as it was saved; this too can be undone. */
export function discardChanges(board: Board): void {
  board.edit(board.saved);
}

/** After a save: earlier states are of the same dashboard, so that saving one of them makes the next version. */
export function rebase(board: Board, saved: Dashboard): void {
  const of = (model: Dashboard): Dashboard => ({ ...model, uid: saved.uid, ...(saved.version === undefined ? {} : { version: saved.version }) });
  board.past = board.past.map(of);
  board.future = [];
}
