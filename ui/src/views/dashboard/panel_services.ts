/** What panels ask the dashboard and the server for beside their queries. */

import type { AnnotationMark } from "../../charts/marks.ts";
import type { Panel } from "../../core/model/dashboard.ts";
import { provideServices } from "../../panels/services.ts";
import type { Board } from "./board.svelte.ts";
import { marking } from "./annotate/marking.svelte.ts";
import { mayAnnotate } from "./annotate/may_annotate.ts";

/** Gives all panels below the calling component their services. */
export function panelServices(board: Board): void {
  provideServices({
    base: board.base,
    annotations: (panel) => marksOf(board, panel),
    refreshed: () => board.ticks,
    recolor: (panel, name, color) => void recolor(board, panel, name, color),
    alerts: async (signal) => (await import("./panel_lists.ts")).alerts(board, signal),
    dashboards: async (query, signal) => (await import("./panel_lists.ts")).dashboards(query, signal),
  });
}

/** While the dashboard is edited it is a change like others; else it is shown, not saved. */
async function recolor(board: Board, panel: Panel, name: string, color: string): Promise<void> {
  const { recolored } = await import("../../core/model/recolor.ts");
  const model = recolored(board.model, panel.id ?? -1, name, color);
  if (board.editing || board.changed) {
    board.edit(model, `color ${name}`);
    return;
  }
  board.show(model);
  board.saved = model;
}

function marksOf(board: Board, panel: Panel): AnnotationMark[] {
  return board.events
    .filter((event) => (event.panelId === undefined || event.panelId === panel.id) && isFor(board, event.source, panel))
    .map((event): AnnotationMark => ({
      time: event.time, ...(event.timeEnd > event.time ? { timeEnd: event.timeEnd } : {}), title: event.title, text: event.text, tags: event.tags, color: event.color, lane: (panel.options.annotations as { multiLane?: unknown } | undefined)?.multiLane ? event.source : undefined,
      ...(event.id !== undefined && mayAnnotate(board) ? { change: () => (marking.asked = { event: event as typeof event & { id: number } }) } : {}),
    }));
}

/** Whether an annotation is for this panel: it may name those that it is for, or those that it is not. */
function isFor(board: Board, annotation: string, panel: Panel): boolean {
  const filter = board.model.annotations.list.find((one) => one.name === annotation)?.filter as { exclude?: boolean; ids?: number[] } | undefined;
  return !filter?.ids?.length || filter.ids.includes(panel.id ?? -1) !== (filter.exclude === true);
}
