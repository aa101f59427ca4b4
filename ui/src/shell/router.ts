/** Paths to views, and the URLs of other programs' pages to ours. Pure: what is in the address bar is an argument. */

import type { View } from "../views/table.ts";

export interface Match {
  view: View;
  params: Record<string, string>;
}

/** The parts of `path` that `pattern` names; null where it does not fit. */
export function matchPath(pattern: string, path: string): Record<string, string> | null {
  const wanted = pattern.split("/").filter((part) => part);
  const given = path.split("/").filter((part) => part);
  const params: Record<string, string> = {};
  for (const [at, part] of wanted.entries()) {
    if (part === "*") {
      params.rest = given.slice(at).map(decode).join("/");
      return params;
    }
    const value = given[at];
    if (value === undefined) {
      if (part.endsWith("?")) continue;
      return null;
    }
    if (part.startsWith(":")) params[part.slice(1).replace("?", "")] = decode(value);
    else if (part !== value) return null;
  }
  return given.length > wanted.length ? null : params;
}

/** The first view of the table whose path fits. */
export function matchView(views: readonly View[], path: string): Match | null {
  for (const view of views) {
    for (const pattern of view.paths) {
      const params = matchPath(pattern, path);
      if (params) return { view, params };
    }
  }
  return null;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

const MOVED: [RegExp, string][] = [
  [/^\/alerting\/(list|groups)\/?$/, "/alerts"],
  [/^\/alerting\/silence\/new\/?$/, "/silences/new"],
  [/^\/alerting\/silence\/([^/]+)\/edit\/?$/, "/silences/$1"],
  [/^\/alerting\/silences\/?$/, "/silences"],
  [/^\/alerting\/?$/, "/alerts"],
  [/^\/alerting\/(notifications|routes)\/?$/, "/alerts/routing"],
  [/^\/tsdb-status\/?$/, "/status/storage"],
  [/^\/(flags|config|tsdb)\/?$/, "/status/$1"],
  [/^\/alertmanager-discovery\/?$/, "/status/alertmanagers"],
  [/^\/agent\/?$/, "/status"],
  [/^\/alertmanager\/?$/, "/alerts"],
  [/^\/dashboards\/home\/?$/, "/"],
  [/^\/drilldown\/?$/, "/explore"],
];

/**
 * Where a URL of Grafana's, Prometheus' or Alertmanager's own pages is found here; null for a URL of ours. Unknown
 * parameters stay. `/dashboard/db/<slug>` can't be known without asking: it becomes a search for the slug.
 */
export function redirect(path: string, search: string, hash: string): string | null {
  if ((path === "/" || path === "/alertmanager") && hash.startsWith("#/")) return fromAlertmanager(hash.slice(1));
  for (const [pattern, to] of MOVED) {
    const match = pattern.exec(path);
    if (match) return to.replace("$1", match[1] ?? "") + search;
  }
  // Explore itself reads the expressions of Prometheus' pages.
  if (/^\/(graph|query)\/?$/.test(path)) return `/explore${search}`;
  const slug = /^\/dashboard\/db\/([^/]+)\/?$/.exec(path);
  if (slug) return `/dashboards?slug=${slug[1]}${search ? `&${search.slice(1)}` : ""}`;
  return null;
}

function fromAlertmanager(hash: string): string | null {
  const [path = "", query = ""] = hash.split("?");
  const search = query ? `?${query}` : "";
  if (/^\/(alerts|silences|status)(\/|$)/.test(path)) return path.replace(/^\/status/, "/alerts/status") + search;
  return null;
}
