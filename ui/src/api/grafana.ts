/** Grafana's HTTP API as our server answers it: dashboards, folders, search, annotations, users. */

import { request, requestJson } from "./http.ts";
import type { Params } from "./http.ts";

export interface DataSource {
  uid: string;
  name: string;
  /** `prometheus`, `loki`, `alertmanager`, … */
  type: string;
  isDefault?: boolean;
  jsonData?: { timeInterval?: string; [key: string]: unknown };
}

export interface DashboardMeta {
  slug?: string;
  url?: string;
  folderUid?: string;
  folderTitle?: string;
  version?: number;
  created?: string;
  updated?: string;
  updatedBy?: string;
  canSave?: boolean;
  canEdit?: boolean;
  /** Whether the person may say who else may. */
  canAdmin?: boolean;
  canDelete?: boolean;
  isStarred?: boolean;
  provisioned?: boolean;
  provisionedExternalId?: string;
  isSnapshot?: boolean;
  annotationsPermissions?: { dashboard: { canAdd: boolean } };
}

export interface StoredDashboard {
  dashboard: Record<string, unknown>;
  meta: DashboardMeta;
}

export interface SearchHit {
  uid: string;
  title: string;
  url: string;
  type: "dash-db" | "dash-folder";
  tags: string[];
  isStarred?: boolean;
  folderUid?: string;
  folderTitle?: string;
}

export interface DashboardVersion {
  id: number;
  version: number;
  created: string;
  createdBy: string;
  message: string;
}

export interface StoredAnnotation {
  id: number;
  time: number;
  timeEnd?: number;
  text: string;
  tags: string[];
  dashboardUID?: string;
  panelId?: number;
}

export interface SavedAnswer {
  uid: string;
  url: string;
  version: number;
  slug?: string;
}

const uidPath = (uid: string) => `/api/dashboards/uid/${encodeURIComponent(uid)}`;

export const grafana = {
  dashboard(uid: string, signal?: AbortSignal): Promise<StoredDashboard> {
    return requestJson(uidPath(uid), { signal });
  },

  /** The home dashboard, or where it is. */
  home(signal?: AbortSignal): Promise<StoredDashboard | { redirectUri: string }> {
    return requestJson("/api/dashboards/home", { signal });
  },

  snapshot(key: string, signal?: AbortSignal): Promise<StoredDashboard> {
    return requestJson(`/api/snapshots/${encodeURIComponent(key)}`, { signal });
  },

  /** Keeps a dashboard. A 412 says that somebody else changed it meanwhile, or that the name is taken. */
  save(dashboard: unknown, options: { folderUid?: string; message?: string; overwrite?: boolean } = {}): Promise<SavedAnswer> {
    return requestJson("/api/dashboards/db", { method: "POST", body: { dashboard, ...options } });
  },

  async remove(uid: string): Promise<void> {
    await request(uidPath(uid), { method: "DELETE" });
  },

  search(params: Params = {}, signal?: AbortSignal): Promise<SearchHit[]> {
    return requestJson("/api/search", { params: { limit: 1000, ...params }, signal });
  },

  tags(signal?: AbortSignal): Promise<{ term: string; count: number }[]> {
    return requestJson("/api/dashboards/tags", { signal });
  },

  folders(signal?: AbortSignal): Promise<{ uid: string; title: string }[]> {
    return requestJson("/api/folders", { params: { limit: 1000 }, signal });
  },

  async removeFolder(uid: string): Promise<void> {
    await request(`/api/folders/${encodeURIComponent(uid)}`, { method: "DELETE" });
  },

  /** Newest first. */
  async versions(uid: string, signal?: AbortSignal): Promise<DashboardVersion[]> {
    const said = await requestJson<DashboardVersion[] | { versions: DashboardVersion[] }>(`${uidPath(uid)}/versions`, { signal });
    return Array.isArray(said) ? said : said.versions;
  },

  async version(uid: string, version: number, signal?: AbortSignal): Promise<Record<string, unknown>> {
    const said = await requestJson<{ data: Record<string, unknown> }>(`${uidPath(uid)}/versions/${version}`, { signal });
    return said.data;
  },

  restore(uid: string, version: number): Promise<SavedAnswer> {
    return requestJson(`${uidPath(uid)}/restore`, { method: "POST", body: { version } });
  },

  async star(uid: string, on: boolean): Promise<void> {
    await request(`/api/user/stars/dashboard/uid/${encodeURIComponent(uid)}`, { method: on ? "POST" : "DELETE" });
  },

  annotations(params: Params, signal?: AbortSignal): Promise<StoredAnnotation[]> {
    return requestJson("/api/annotations", { params, signal });
  },

  /** A short link to a path; its URL. */
  async shorten(path: string): Promise<string> {
    return (await requestJson<{ url: string }>("/api/short-urls", { method: "POST", body: { path } })).url;
  },

  /** Signs in; the session is a cookie. */
  async login(user: string, password: string): Promise<void> {
    await request("/login", { method: "POST", body: { user, password } });
  },

  async logout(): Promise<void> {
    await request("/logout", { method: "POST" });
  },

  async changePassword(oldPassword: string, newPassword: string): Promise<void> {
    await request("/api/user/password", { method: "PUT", body: { oldPassword, newPassword, confirmNew: newPassword }, refuses: true });
  },
};

/** The path of a data source's proxy: what API clients take as their base. */
export function proxyPath(uid: string): string {
  return `/api/datasources/proxy/uid/${encodeURIComponent(uid)}`;
}
