/** The URL of a dashboard as it is written: in one form, so that equal states have equal URLs. */

import type { DashboardUrl } from "./dashboard_url.ts";
import { encodeParam, type Params, writeParams } from "./query.ts";

/** The URL below the base, "/d/uid/slug?orgId=1&from=…": always in the same order, so that equal states have equal URLs. */
export function writeDashboardUrl(url: DashboardUrl): string {
  const path = { d: "/d/", solo: "/d-solo/", render: "/render/d-solo/" }[url.route];
  const slug = url.slug ? `/${encodeURIComponent(url.slug)}` : "";
  return `${path}${encodeURIComponent(url.uid)}${slug}${writeParams(stateParams(url))}`;
}

/** The parameters of a state in the order that they are written. */
export function stateParams(url: DashboardUrl): Params {
  const params: Params = [];
  const push = (name: string, value: string | undefined) => value !== undefined && params.push([name, value]);
  push("orgId", url.orgId);
  push("from", url.range?.from);
  push("to", url.range?.to);
  push("timezone", url.timezone);
  for (const [name, values] of Object.entries(url.vars)) for (const value of values) params.push([`var-${name}`, value]);
  push("refresh", url.refresh);
  for (const name of ["viewPanel", "editPanel", "inspect", "inspectTab", "editview", "shareView", "panelId"] as const) push(name, url[name]);
  if (url.kiosk !== "off") params.push(["kiosk", url.kiosk === "tv" ? "tv" : null]);
  if (url.autofitpanels) params.push(["autofitpanels", null]);
  push("theme", url.theme);
  return [...params, ...url.rest];
}

/** A title as the slug of its URL: "Kubernetes / Pods" is "kubernetes-pods". Letters of all scripts stay. */
export function slugOf(title: string): string {
  return title.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-+|-+$/g, "").slice(0, 100).replace(/-+$/, "");
}

/** The path of a dashboard: "/d/uid/slug". */
export function dashboardPath(uid: string, title: string): string {
  const slug = slugOf(title);
  return `/d/${encodeURIComponent(uid)}${slug ? `/${encodeURIComponent(slug)}` : ""}`;
}

/** A parameter as it stands in a URL. */
export function pair(name: string, value: string): string {
  return `${encodeParam(name)}=${encodeParam(value)}`;
}
