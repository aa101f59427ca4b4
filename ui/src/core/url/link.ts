/** The links of dashboards, panels and data: their templates to addresses that a page may have. */

import type { DataLink } from "../frame/config.ts";
import type { DashboardLink } from "../model/dashboard.ts";
import { interpolate } from "../variables/interpolate.ts";
import type { Scope } from "../variables/scope.ts";
import { withQuery } from "./dashboard_url.ts";
import { linkHref } from "./sanitize.ts";

/** A link that can be shown. `title` is plain text. */
export interface ReadyLink {
  title: string;
  href: string;
  newTab: boolean;
  tooltip?: string;
  icon?: string;
}

/** A link on data or of a panel with its variables put in; null where its address is none that a page may have. */
export function dataLink(link: DataLink, scope: Scope, base: string): ReadyLink | null {
  const href = linkHref(interpolate((link.url ?? "").replace(/\n/g, ""), scope, "link"), base);
  if (href === null) return null;
  const title = interpolate(link.title ?? "", scope, "text").trim();
  return { title: title || href, href, newTab: link.targetBlank ?? false };
}

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
