/** What a person does to a dashboard and its panels beside looking at them: fetched when it is first done. */

import { grafana } from "../../api/grafana.ts";
import { addPanel, duplicatePanel, removePanel, setOption } from "../../core/model/edit.ts";
import type { GridItem } from "../../core/model/repeat.ts";
import { toasts } from "../../page/toasts.svelte.ts";
import type { Board } from "./board.svelte.ts";
import type { PanelAction } from "./panel_actions.ts";
import { copyPanel } from "./panel_clipboard.ts";

function allowed(board: Board): boolean {
  if (!board.mayEdit) toasts.show(board.model.editable === false ? "This dashboard may not be changed on the page." : "Your role does not allow you to change dashboards.", "warn");
  return board.mayEdit;
}

/** Edits, copies, duplicates or removes a panel, or takes its legend away or back; says why where it may not be. */
export function changePanel(board: Board, action: PanelAction, item: GridItem): void {
  const { id } = item.panel;
  if (id === undefined || (["edit", "duplicate", "remove"].includes(action) && !allowed(board))) return;
  if (action === "edit") {
    board.editing = true;
    board.editPanel(String(id));
  } else if (action === "copy") {
    copyPanel(item.panel);
    toasts.show("The panel was copied: paste it with Add › Paste panel.", "ok");
  } else if (action === "duplicate") {
    board.editing = true;
    board.edit(duplicatePanel(board.model, id).dashboard);
  } else if (action === "remove") {
    board.editing = true;
    if (board.url.viewPanel) board.showPanel(null);
    board.edit(removePanel(board.model, id));
    toasts.show(`“${item.panel.title || item.panel.type}” was removed: ctrl z brings it back.`);
  } else if (action === "legend") {
    const legend = (item.panel.options.legend ?? {}) as { showLegend?: boolean };
    board.edit(setOption(board.model, id, "options.legend.showLegend", legend.showLegend === false));
  }
}

/** A panel of time series on a dashboard that has none, open in the editor. */
export function addFirstPanel(board: Board): void {
  const made = addPanel(board.model, "timeseries");
  board.editing = true;
  board.edit(made.dashboard);
  board.editPanel(String(made.id));
}

/** Marks the dashboard with a star, or takes it away. */
export async function star(board: Board): Promise<void> {
  const on = !board.meta.isStarred;
  try {
    await grafana.star(board.model.uid, on);
    board.meta = { ...board.meta, isStarred: on };
  } catch (error) {
    toasts.failed("The star was not kept", error);
  }
}
