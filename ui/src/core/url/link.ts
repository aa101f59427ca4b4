/** The links of panels and data: their templates to addresses that a page may have. */

import type { DataLink } from "../frame/config.ts";
import { interpolate } from "../variables/interpolate.ts";
import type { Scope } from "../variables/scope.ts";
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
