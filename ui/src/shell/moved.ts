/** The URLs of other programs' pages to ours: fetched for an address that no view of ours has. Pure. */

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
