/** Explore's queries as a panel of a dashboard. */

import type { Panel, Target } from "../../core/model/dashboard.ts";
import { newDashboard, pastePanel } from "../../core/model/edit.ts";
import { loadLazily } from "../../core/model/load_lazily.ts";
import { toJson } from "../../core/model/save.ts";
import type { RawRange } from "../../core/time/range.ts";
import type { Pane } from "./pane.svelte.ts";

export type Asked = Pick<Pane, "queries" | "sourceOfQuery">;

/** How the answers are looked at: lines, a heatmap, the table of an instant, or a graph. */
export function typeOf(queries: readonly Target[], givesLines: (query: Target) => boolean): string {
  const shown = queries.filter((query) => !query.hide);
  if (shown.length && shown.every(givesLines)) return "logs";
  if (shown.length && shown.every((query) => query.format === "heatmap")) return "heatmap";
  return shown.length && shown.every((query) => query.instant === true && query.range !== true) ? "table" : "timeseries";
}

/** The panel. Explore asks for ranges and instants at once: a graph has the range alone. */
export function panelOf(pane: Asked, title: string, givesLines: (query: Target) => boolean): Panel {
  const type = typeOf(pane.queries, givesLines);
  const queries = pane.queries.filter((query) => query.expr?.trim());
  const targets = queries.map((query): Target => {
    const { type: kind, uid } = pane.sourceOfQuery(query);
    const how = kind !== "prometheus" ? {} : type === "table" ? { instant: true, range: false, format: "table" as const } : { instant: false, range: true };
    return { ...query, ...how, datasource: { type: kind, uid } };
  });
  const uids = new Set(targets.map((target) => target.datasource?.uid));
  const datasource = uids.size > 1 ? { uid: "-- Mixed --" } : (targets[0]?.datasource ?? null);
  return { type, title, gridPos: { x: 0, y: 0, w: 12, h: type === "logs" ? 12 : 8 }, datasource, targets, fieldConfig: { defaults: {}, overrides: [] }, options: {}, transformations: [], links: [] };
}

/** A new dashboard of the panel alone, with the range it was looked at, as it is sent. */
export function dashboardOf(panel: Panel, title: string, range: RawRange): Record<string, unknown> {
  const { dashboard } = pastePanel(newDashboard(title), panel);
  return { ...toJson({ ...dashboard, time: { from: range.from, to: range.to } }), id: null };
}

/** A stored dashboard with the panel on top, as it is sent; everything else stays as it was. */
export async function withPanel(stored: unknown, panel: Panel): Promise<{ dashboard: Record<string, unknown>; id: number }> {
  const { dashboard } = await loadLazily(stored);
  const added = pastePanel(dashboard, panel);
  return { dashboard: toJson(added.dashboard), id: added.id };
}
