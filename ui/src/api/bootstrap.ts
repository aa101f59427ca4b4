/** What the server puts into the page so that nothing has to be asked before something is drawn. */

import { requestJson, setCsrfToken } from "./http.ts";
import type { DataSource } from "./grafana.ts";

export type Role = "None" | "Viewer" | "Editor" | "Admin";

export interface User {
  isSignedIn: boolean;
  login: string;
  name: string;
  email: string;
  role: Role;
  /** Administers the server, and not only what is on it. */
  isAdmin: boolean;
  /** What they like, kept by the server: "dark", "light", or "" for none. */
  theme: string;
}

export interface Bootstrap {
  user: User;
  datasources: DataSource[];
  csrfToken: string | null;
  /** The version of the server. */
  version: string;
  /** Whether there is a login at all: without users everyone may do everything. */
  loginEnabled: boolean;
  homeUid: string | null;
  timezone: string;
  minRefreshMs: number;
}

const NOBODY: User = { isSignedIn: false, login: "", name: "", email: "", role: "Viewer", isAdmin: false, theme: "" };

/** Reads what a server says, with a default for whatever it leaves out. */
export function readBootstrap(raw: unknown): Bootstrap {
  const all = (typeof raw === "object" && raw !== null ? raw : {}) as Record<string, unknown>;
  const user = (all.user ?? {}) as Record<string, unknown>;
  const text = (value: unknown) => (typeof value === "string" ? value : "");
  const role = text(user.role ?? user.orgRole);
  const settings = (all.settings ?? {}) as Record<string, unknown>;
  const build = (settings.buildInfo ?? all.buildInfo ?? {}) as Record<string, unknown>;
  const found = {
    user: {
      isSignedIn: user.isSignedIn === true,
      login: text(user.login),
      name: text(user.name) || text(user.login),
      email: text(user.email),
      role: (/^(none|viewer|editor|admin)$/i.test(role) ? role[0]!.toUpperCase() + role.slice(1).toLowerCase() : "Viewer") as Role,
      isAdmin: user.isAdmin === true,
      theme: text(user.theme),
    },
    datasources: Array.isArray(all.datasources) ? (all.datasources as DataSource[]) : [],
    csrfToken: text(all.csrfToken ?? all.csrf) || null,
    version: text(all.version) || text(build.version),
    loginEnabled: (all.loginEnabled ?? settings.loginEnabled) !== false,
    homeUid: text(all.homeUid ?? settings.homeUid) || null,
    timezone: text(all.timezone ?? settings.timezone),
    minRefreshMs: Number(all.minRefreshMs ?? settings.minRefreshMs) || 5000,
  };
  setCsrfToken(found.csrfToken);
  return found;
}

/** What came with the page; empty where nothing did. */
export function pageBootstrap(): Bootstrap {
  const element = typeof document === "undefined" ? null : document.getElementById("bootstrap");
  try {
    return readBootstrap(JSON.parse(element?.textContent || "{}"));
  } catch {
    return readBootstrap({});
  }
}

/** Whether the page came with it. */
export function hasBootstrap(): boolean {
  const text = typeof document === "undefined" ? "" : document.getElementById("bootstrap")?.textContent;
  return Boolean(text && text.trim().length > 2);
}

/** Asks for the same by the API: who is there, and which data sources. */
export async function fetchBootstrap(): Promise<Bootstrap> {
  const [settings, user, datasources] = await Promise.all([
    requestJson<Record<string, unknown>>("/api/frontend/settings").catch(() => ({})),
    requestJson<Record<string, unknown>>("/api/user").then((found) => ({ isSignedIn: true, ...found })).catch(() => NOBODY),
    requestJson<DataSource[]>("/api/datasources").catch(() => []),
  ]);
  return readBootstrap({ ...settings, user: (settings as { user?: unknown }).user ?? user, datasources });
}
