/** Snapshots, playlists, and who may do what with folders and dashboards, as Grafana's API has them. */

import { request, requestJson } from "./http.ts";
import type { OrgRole } from "./people.ts";

export interface MadeSnapshot {
  key: string;
  url: string;
  deleteUrl: string;
}

export interface SnapshotRow {
  id: number;
  key: string;
  name: string;
  created: string;
  /** "0001-…" for never. */
  expires: string;
}

export const snapshots = {
  /** Keeps one; `expires` in seconds, 0 for never. */
  add(body: { dashboard: unknown; name: string; expires: number }): Promise<MadeSnapshot> {
    return requestJson("/api/snapshots", { method: "POST", body });
  },

  /** Newest first. */
  all: (signal?: AbortSignal) => requestJson<SnapshotRow[]>("/api/dashboard/snapshots", { params: { limit: 5000 }, signal }),

  async remove(key: string): Promise<void> {
    await request(`/api/snapshots/${encodeURIComponent(key)}`, { method: "DELETE" });
  },
};

export interface PlaylistItem {
  type: "dashboard_by_uid" | "dashboard_by_tag" | "dashboard_by_id";
  value: string;
  title?: string;
}

export interface Playlist {
  uid: string;
  name: string;
  /** "5m". */
  interval: string;
  items: PlaylistItem[];
}

const playlistPath = (uid: string) => `/api/playlists/${encodeURIComponent(uid)}`;

export const playlists = {
  /** Without their items. */
  all: (signal?: AbortSignal) => requestJson<Omit<Playlist, "items">[]>("/api/playlists", { signal }),
  get: (uid: string, signal?: AbortSignal) => requestJson<Playlist>(playlistPath(uid), { signal }),
  create: (said: Omit<Playlist, "uid">) => requestJson<Playlist>("/api/playlists", { method: "POST", body: said }),
  update: (uid: string, said: Omit<Playlist, "uid">) => requestJson<Playlist>(playlistPath(uid), { method: "PUT", body: said }),

  async remove(uid: string): Promise<void> {
    await request(playlistPath(uid), { method: "DELETE" });
  },
};

/** What somebody may do: 1 view, 2 edit, 4 administer. */
export type Level = 1 | 2 | 4;

/** An entry of the list: of a role, a team or a user. */
export interface Permission {
  role?: OrgRole | "";
  teamId?: number;
  team?: string;
  userId?: number;
  userLogin?: string;
  permission: Level;
  /** From a folder above: it can't be changed here. */
  inherited?: boolean;
}

/** Whose permissions: of a folder or a dashboard, by uid. */
export interface Guarded {
  kind: "folder" | "dashboard";
  uid: string;
}

const permissionPath = ({ kind, uid }: Guarded) => `/api/${kind === "folder" ? "folders" : "dashboards/uid"}/${encodeURIComponent(uid)}/permissions`;

export const permissions = {
  get: (of: Guarded, signal?: AbortSignal) => requestJson<Permission[]>(permissionPath(of), { signal }),

  /** Replaces all that are not inherited. */
  async set(of: Guarded, items: readonly Permission[]): Promise<void> {
    const body = {
      items: items
        .filter((one) => !one.inherited)
        .map(({ role, teamId, userId, permission }) => ({ ...(userId ? { userId } : teamId ? { teamId } : { role }), permission })),
    };
    await request(permissionPath(of), { method: "POST", body });
  },
};
