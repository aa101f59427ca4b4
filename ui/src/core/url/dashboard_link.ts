/** The links of a dashboard's bar. */

import type { DashboardLink } from "../model/dashboard.ts";
import { interpolate } from "../variables/interpolate.ts";
import type { Scope } from "../variables/scope.ts";
import type { ReadyLink } from "./link.ts";
import { linkHref } from "./sanitize.ts";

/** A link of the dashboard's bar: with the time range and the variables, where it says so. Those of type `dashboards` are made by the caller, one for each found, with `url` set. */
export function dashboardLink(link: DashboardLink, scope: Scope, base: string): ReadyLink | null {
  const address = interpolate((link.url ?? "").replace(/\n/g, ""), scope, "link");
  const time = link.keepTime ? interpolate("${__url_time_range}", scope) : "";
  const variables = link.includeVars ? interpolate("${__all_variables}", scope) : "";
  const href = linkHref(withQuery(address, time, variables), base);
  if (href === null) return null;
  const title = interpolate(link.title ?? "", scope, "text").trim();
  return {
    title: title || href, href, newTab: link.targetBlank ?? false,
    ...(link.tooltip ? { tooltip: interpolate(link.tooltip, scope, "text") } : {}), ...(link.icon ? { icon: link.icon } : {}),
  };
}

/** `url` with more parameters at its query's end, before a fragment. `params` are encoded already: "from=now-1h&to=now". */
export function withQuery(url: string, ...params: string[]): string {
  const added = params.filter(Boolean).join("&");
  if (!added) return url;
  const [, head = "", hash = ""] = /^([^#]*)(#.*)?$/s.exec(url) ?? [];
  const joint = !head.includes("?") ? "?" : /[?&]$/.test(head) ? "" : "&";
  return head + joint + added + hash;
}
