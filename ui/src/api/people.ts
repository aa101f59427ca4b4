/** Users, teams and service accounts, as Grafana's API has them. Times are RFC 3339; "0001-…" is never. */

import { request, requestJson } from "./http.ts";

export type OrgRole = "None" | "Viewer" | "Editor" | "Admin";
export const ROLES: readonly OrgRole[] = ["None", "Viewer", "Editor", "Admin"];

export interface UserRow {
  id: number;
  login: string;
  email: string;
  name: string;
  role: OrgRole;
  /** Administers the server: keeps the role Admin, and the last of them can't be taken away. */
  isGrafanaAdmin: boolean;
  isDisabled: boolean;
  lastSeenAt: string;
}

export interface Team {
  id: number;
  uid: string;
  name: string;
  email: string;
  memberCount: number;
}

export interface TeamMember {
  userId: number;
  login: string;
  name: string;
  email: string;
}

export interface ServiceAccount {
  id: number;
  name: string;
  login: string;
  role: OrgRole;
  isDisabled: boolean;
  /** How many it has. */
  tokens: number;
  createdAt: string;
}

export interface Token {
  id: number;
  name: string;
  created: string;
  lastUsedAt: string | null;
  /** null for never. */
  expiration: string | null;
  hasExpired: boolean;
}

export interface Session {
  id: number;
  /** Whether it is the one that asks. */
  isActive: boolean;
  clientIp: string;
  userAgent: string;
  createdAt: string;
  seenAt: string;
}

/** Empty texts are the organisation's own. */
export interface Preferences {
  theme: string;
  timezone: string;
  weekStart: string;
  homeDashboardUID: string;
}

const MOST = 5000;

async function send(method: "POST" | "PUT" | "PATCH" | "DELETE", path: string, body?: unknown): Promise<void> {
  await request(path, { method, ...(body === undefined ? {} : { body }) });
}

export const users = {
  /** All of them, by login, for administrators. */
  async all(signal?: AbortSignal): Promise<UserRow[]> {
    const found = await requestJson<(Omit<UserRow, "id"> & { userId: number })[]>("/api/org/users", { params: { perpage: MOST }, signal });
    return found.map(({ userId, ...user }) => ({ ...user, id: userId }));
  },

  /** Whom one may give a permission, for those who administer something. */
  names: (signal?: AbortSignal) => requestJson<{ userId: number; login: string }[]>("/api/org/users/lookup", { params: { limit: MOST }, signal }),

  create(user: { login: string; email: string; name: string; role: OrgRole; password: string }): Promise<{ id: number }> {
    return requestJson("/api/admin/users", { method: "POST", body: user });
  },

  update: (id: number, user: { login: string; email: string; name: string }) => send("PUT", `/api/users/${id}`, user),
  setRole: (id: number, role: OrgRole) => send("PATCH", `/api/org/users/${id}`, { role }),
  setAdmin: (id: number, isGrafanaAdmin: boolean) => send("PUT", `/api/admin/users/${id}/permissions`, { isGrafanaAdmin }),
  setDisabled: (id: number, disabled: boolean) => send("POST", `/api/admin/users/${id}/${disabled ? "disable" : "enable"}`),
  setPassword: (id: number, password: string) => send("PUT", `/api/admin/users/${id}/password`, { password }),
  signOut: (id: number) => send("POST", `/api/admin/users/${id}/logout`),
  sessions: (id: number, signal?: AbortSignal) => requestJson<Session[]>(`/api/admin/users/${id}/auth-tokens`, { signal }),
  endSession: (id: number, session: number) => send("POST", `/api/admin/users/${id}/revoke-auth-token`, { authTokenId: session }),
  remove: (id: number) => send("DELETE", `/api/org/users/${id}`),
};

/** The one who is signed in. */
export const me = {
  get: (signal?: AbortSignal) => requestJson<UserRow>("/api/user", { signal }),
  update: (user: { login: string; email: string; name: string }) => send("PUT", "/api/user", user),
  teams: (signal?: AbortSignal) => requestJson<Team[]>("/api/user/teams", { signal }),
  sessions: (signal?: AbortSignal) => requestJson<Session[]>("/api/user/auth-tokens", { signal }),
  endSession: (id: number) => send("POST", "/api/user/revoke-auth-token", { authTokenId: id }),
};

/** What the person likes, or (`org`) what those get who said nothing. */
export const preferences = {
  get: (of: "user" | "org", signal?: AbortSignal) => requestJson<Preferences>(`/api/${of}/preferences`, { signal }),
  set: (of: "user" | "org", changes: Partial<Preferences>) => send("PATCH", `/api/${of}/preferences`, changes),
};

/** The one organisation that there is. */
export const organisation = {
  name: async (signal?: AbortSignal) => (await requestJson<{ name: string }>("/api/org", { signal })).name,
  rename: (name: string) => send("PUT", "/api/org", { name }),
};

export const teams = {
  /** All of them, by name. */
  async all(signal?: AbortSignal): Promise<Team[]> {
    return (await requestJson<{ teams: Team[] }>("/api/teams/search", { params: { perpage: MOST }, signal })).teams;
  },

  get: (id: number, signal?: AbortSignal) => requestJson<Team>(`/api/teams/${id}`, { signal }),
  create: (team: { name: string; email: string }) => requestJson<{ teamId: number }>("/api/teams", { method: "POST", body: team }),
  update: (id: number, team: { name: string; email: string }) => send("PUT", `/api/teams/${id}`, team),
  remove: (id: number) => send("DELETE", `/api/teams/${id}`),
  members: (id: number, signal?: AbortSignal) => requestJson<TeamMember[]>(`/api/teams/${id}/members`, { signal }),
  addMember: (id: number, userId: number) => send("POST", `/api/teams/${id}/members`, { userId }),
  removeMember: (id: number, userId: number) => send("DELETE", `/api/teams/${id}/members/${userId}`),
};

export const accounts = {
  async all(signal?: AbortSignal): Promise<ServiceAccount[]> {
    return (await requestJson<{ serviceAccounts: ServiceAccount[] }>("/api/serviceaccounts/search", { params: { perpage: MOST }, signal })).serviceAccounts;
  },

  get: (id: number, signal?: AbortSignal) => requestJson<ServiceAccount>(`/api/serviceaccounts/${id}`, { signal }),
  create: (account: { name: string; role: OrgRole }) => requestJson<ServiceAccount>("/api/serviceaccounts", { method: "POST", body: account }),
  update: (id: number, changes: { name?: string; role?: OrgRole; isDisabled?: boolean }) => send("PATCH", `/api/serviceaccounts/${id}`, changes),
  remove: (id: number) => send("DELETE", `/api/serviceaccounts/${id}`),
  tokens: (id: number, signal?: AbortSignal) => requestJson<Token[]>(`/api/serviceaccounts/${id}/tokens`, { signal }),

  /** A new token; its key is told this once. `secondsToLive` 0 for ever. */
  addToken(id: number, token: { name: string; secondsToLive: number }): Promise<{ id: number; key: string }> {
    return requestJson(`/api/serviceaccounts/${id}/tokens`, { method: "POST", body: token });
  },

  removeToken: (id: number, token: number) => send("DELETE", `/api/serviceaccounts/${id}/tokens/${token}`),
};
