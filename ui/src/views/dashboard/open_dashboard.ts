/** Gets a dashboard and opens its board. */

import { grafana } from "../../api/grafana.ts";
import type { DashboardMeta, StoredDashboard } from "../../api/grafana.ts";
import { loadLazily } from "../../core/model/load_lazily.ts";
import { loadPanel } from "../../panels/panel.ts";
import { withBuiltIn } from "./annotate/built_in.ts";
import type { Board } from "./board.svelte.ts";
import { takeDraft } from "./draft.ts";

export type Wanted = { uid: string } | { snapshot: string } | { fresh: string } | { stored: StoredDashboard };

/** Raises ApiError, or an Error that says what is wrong with the JSON. */
export async function openDashboard(board: Board, wanted: Wanted, signal?: AbortSignal): Promise<void> {
  if ("fresh" in wanted) {
    const { newDashboard } = await import("../../core/model/edit.ts");
    const draft = takeDraft();
    const found = draft ? await loadLazily(draft) : { dashboard: newDashboard(), notices: [] };
    board.open({ ...found.dashboard, uid: found.dashboard.uid || "" }, wanted.fresh ? { folderUid: wanted.fresh } : {}, "new", found.notices.map((one) => one.text));
    board.editing = true;
    return;
  }
  // What nearly every dashboard has comes while the dashboard itself does.
  void loadPanel("timeseries").catch(() => undefined);
  const stored = "uid" in wanted ? await grafana.dashboard(wanted.uid, signal) : "snapshot" in wanted ? await grafana.snapshot(wanted.snapshot, signal) : wanted.stored;
  const { dashboard, notices } = await loadLazily(stored.dashboard);
  const meta: DashboardMeta = stored.meta ?? {};
  const shown = "snapshot" in wanted ? (await import("../../core/model/snapshot.ts")).thawed(dashboard) : withBuiltIn(dashboard);
  board.open(shown, meta, "snapshot" in wanted ? "snapshot" : "stored", notices.filter((one) => one.severity !== "info").map((one) => one.text));
  // A link to a panel's editor, or the editor loaded anew.
  board.editing = board.url.editPanel !== undefined && board.mayEdit;
}
