/** Panels that several dashboards share, as the server keeps them. */

import { grafana } from "./grafana.ts";
import type { SearchHit } from "./grafana.ts";
import { request, requestJson } from "./http.ts";

export interface LibraryElement {
  uid: string;
  name: string;
  type: string;
  description: string;
  version: number;
  folderUid: string;
  model: Record<string, unknown>;
  meta: { folderName?: string; connectedDashboards: number; canEdit?: boolean };
}

/** "one dashboard", "no dashboard", … */
export function usedBy({ meta: { connectedDashboards: n } }: LibraryElement): string {
  return n === 0 ? "no dashboard" : n === 1 ? "one dashboard" : `${n} dashboards`;
}

const path = (uid: string) => `/api/library-elements/${encodeURIComponent(uid)}`;
const PANEL = 1;

export const library = {
  /** Panels whose name or description has `words`, by name. */
  async find(words: string, signal?: AbortSignal): Promise<LibraryElement[]> {
    const said = await requestJson<{ result: { elements: LibraryElement[] } }>("/api/library-elements", { params: { kind: PANEL, searchString: words, perPage: 500 }, signal });
    return said.result.elements;
  },

  async get(uid: string, signal?: AbortSignal): Promise<LibraryElement> {
    return (await requestJson<{ result: LibraryElement }>(path(uid), { signal })).result;
  },

  async add(name: string, model: Record<string, unknown>, folderUid: string): Promise<LibraryElement> {
    return (await requestJson<{ result: LibraryElement }>("/api/library-elements", { method: "POST", body: { kind: PANEL, name, model, folderUid } })).result;
  },

  /** Changes it for all who use it. `version` is the one that was seen; a 412 says that there is a newer one. */
  async change(uid: string, model: Record<string, unknown>, version: number): Promise<LibraryElement> {
    return (await requestJson<{ result: LibraryElement }>(path(uid), { method: "PATCH", body: { kind: PANEL, model, version } })).result;
  },

  /** Gives it another name, or another folder ("" for none). */
  async set({ uid, version }: LibraryElement, said: { name: string } | { folderUid: string }): Promise<void> {
    await request(path(uid), { method: "PATCH", body: { kind: PANEL, version, ...said } });
  },

  /** The dashboards that use it and may be seen, by title. */
  async uses(uid: string, signal?: AbortSignal): Promise<SearchHit[]> {
    const said = await requestJson<{ result: { connectionUid: string }[] }>(`${path(uid)}/connections`, { signal });
    const uids = said.result.map((one) => one.connectionUid);
    return uids.length ? grafana.search({ type: "dash-db", dashboardUIDs: uids.join(",") }, signal) : [];
  },

  /** Takes away one that no dashboard uses. */
  async remove(uid: string): Promise<void> {
    await request(path(uid), { method: "DELETE" });
  },
};
