/** Whether the person may leave annotations on a dashboard, and change those that are there. */

import { session } from "../../../page/session.svelte.ts";
import type { Board } from "../board.svelte.ts";

/** As the server says; where it says nothing, editors and administrators may. */
export function mayAnnotate(board: Board): boolean {
  return board.origin === "stored" && (board.meta.annotationsPermissions?.dashboard.canAdd ?? session.canEdit);
}

/** Whether panels of a type have a time axis with annotations on it. */
export function hasMarks(type: string): boolean {
  return ["timeseries", "graph", "heatmap", "state-timeline", "status-history"].includes(type);
}
