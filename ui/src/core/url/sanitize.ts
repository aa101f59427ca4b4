/** Which URLs a link may lead to. Texts of links come from dashboards, labels and logs: they are hostile until shown otherwise. */

const SCHEMES = new Set(["http:", "https:", "mailto:"]);

/**
 * `url` if a link may have it: http, https, mailto, or relative; else null. What browsers drop or skip before they look for a
 * scheme (controls, spaces, newlines within) is dropped first.
 */
export function safeUrl(url: string): string | null {
  const bare = url.replace(/[\u0000-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060\ufeff]/g, "").trim();
  if (!bare) return null;
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(bare);
  if (scheme) return SCHEMES.has(scheme[1]!.toLowerCase() + ":") ? bare : null;
  // A colon before the path begins, with a scheme that only looks like none: "java&#115;cript:", "%6aavascript:". A # is no end here: it may be an entity's.
  const colon = bare.indexOf(":");
  const end = bare.search(/^#|[/?\\]/);
  return colon >= 0 && (end < 0 || colon < end) ? null : bare;
}

/** Whether a URL leads away from this host. */
export function isExternal(url: string): boolean {
  return /^(?:[a-z][a-z0-9+.-]*:|\/\/|\\\\|\/\\|\\\/)/i.test(url);
}

/** A link's URL below the path that the pages are served at ("/" or "/grafana/"): "/d/…" becomes "/grafana/d/…". Null where `safeUrl` refuses. */
export function linkHref(url: string, base: string): string | null {
  const safe = safeUrl(url);
  if (safe === null || isExternal(safe)) return safe;
  const root = base.replace(/\/+$/, "");
  if (!root || !safe.startsWith("/")) return safe;
  return safe === root || safe.startsWith(`${root}/`) || safe.startsWith(`${root}?`) ? safe : root + safe;
}
