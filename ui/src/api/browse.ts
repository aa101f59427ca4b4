/** Folders and dashboards as they are moved, renamed and imported. */

import { grafana } from "./grafana.ts";
import type { SearchHit } from "./grafana.ts";
import { request, requestJson } from "./http.ts";

const folderPath = (uid: string) => `/api/folders/${encodeURIComponent(uid)}`;

export const browse = {
  /** All folders and dashboards that the person may see, or only those that they may change. */
  all: (editable: boolean, signal?: AbortSignal) => grafana.search({ limit: 5000, ...(editable ? { permission: "Edit" } : {}) }, signal) as Promise<SearchHit[]>,

  /** A folder; `parentUid` "" for one at the top. */
  createFolder: (title: string, parentUid: string) => requestJson<{ uid: string }>("/api/folders", { method: "POST", body: { title, ...(parentUid ? { parentUid } : {}) } }),

  async renameFolder(uid: string, title: string): Promise<void> {
    await request(folderPath(uid), { method: "PUT", body: { title, overwrite: true } });
  },

  async moveFolder(uid: string, parentUid: string): Promise<void> {
    await request(`${folderPath(uid)}/move`, { method: "POST", body: { parentUid } });
  },

  /** How much is in a folder and all below it. */
  counts: (uid: string, signal?: AbortSignal) => requestJson<{ folder: number; dashboard: number }>(`${folderPath(uid)}/counts`, { signal }),

  async moveDashboard(uid: string, folderUid: string): Promise<void> {
    const { dashboard } = await grafana.dashboard(uid);
    await grafana.save(dashboard, { folderUid, message: "Moved" });
  },

  /** Keeps an export with its inputs filled in. A 412 says that there is one of its uid or name. */
  import(body: { dashboard: unknown; inputs: { name: string; type: string; pluginId: string; value: string }[]; folderUid: string; overwrite: boolean }): Promise<{ uid: string; importedUrl: string }> {
    return requestJson("/api/dashboards/import", { method: "POST", body });
  },
};
