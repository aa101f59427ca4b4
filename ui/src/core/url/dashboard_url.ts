/** The URL of a dashboard: everything that is set on its page, read from every form people have bookmarked. `dashboard_path.ts` writes it. */

import type { RawRange } from "../time/range_names.ts";
import { readUrlRange } from "../time/range.ts";
import { param, type Params, readParams } from "./query.ts";

export type Kiosk = "off" | "on" | "tv";

/**
 * The state in a dashboard's URL; a part that the URL does not say is absent.
 *
 * route      `d` the page, `solo` one panel to embed, `render` one to draw
 * range      expressions, or instants in ISO 8601
 * vars       every `var-` parameter by name, in the order of its values; an empty one is `[""]`
 * viewPanel  "12", "panel-12", "panel-12-clone-1" as written; so are the other panels: see `ids.ts`
 * rest       parameters nobody here knows, to be kept
 */
export interface DashboardUrl {
  route: "d" | "solo" | "render";
  uid: string;
  slug?: string;
  range?: RawRange;
  timezone?: string;
  /** "" is off. */
  refresh?: string;
  vars: Record<string, string[]>;
  viewPanel?: string;
  editPanel?: string;
  inspect?: string;
  inspectTab?: string;
  editview?: string;
  shareView?: string;
  /** Of an embedded panel. */
  panelId?: string;
  kiosk: Kiosk;
  autofitpanels?: boolean;
  theme?: "light" | "dark";
  orgId?: string;
  rest: Params;
}

/** What comes before the parameters, and which. `path` is below the pages' base, "/d/uid/slug". Null where it is no dashboard's. */
export function parseDashboardUrl(path: string, search: string, zone = "browser"): DashboardUrl | null {
  const match = /^\/?(d|d-solo|render\/d|render\/d-solo|dashboard(?=\/db\/)|dashboard-solo(?=\/db\/))\/(db\/)?([^/]+)(?:\/([^/]*))?\/?$/.exec(path);
  if (!match) return null;
  const kind = match[1]!;
  const params = readParams(search);
  const uid = safeDecode(match[3]!);
  const url: DashboardUrl = {
    route: kind.startsWith("render") ? "render" : kind.endsWith("solo") ? "solo" : "d",
    // An old link names the slug alone: whoever opens it looks the dashboard up by it.
    ...(match[2] ? { uid: "", slug: uid } : { uid, ...(match[4] ? { slug: safeDecode(match[4]) } : {}) }),
    vars: {},
    kiosk: "off",
    rest: [],
  };
  readState(url, params, zone);
  return url;
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const PLAIN = ["viewPanel", "editPanel", "inspect", "inspectTab", "editview", "shareView", "panelId", "orgId", "timezone"] as const;
const READ = new Set<string>([...PLAIN, "from", "to", "time", "time.window", "refresh", "kiosk", "autofitpanels", "theme", "fullscreen", "edit", "tab", "tz"]);

function readState(url: DashboardUrl, params: Params, pageZone: string): void {
  const get = (name: string) => param(params, name);
  for (const name of PLAIN) {
    const value = get(name);
    if (value) url[name] = value;
  }
  const zone = get("timezone") || get("tz");
  if (zone && (url.route !== "d" || get("timezone"))) url.timezone = zone;
  const range = readUrlRange(get, url.timezone ?? pageZone);
  if (range) url.range = range;
  const refresh = get("refresh");
  if (refresh !== null) url.refresh = /^(false|off|0)$/i.test(refresh) ? "" : refresh;
  const kiosk = get("kiosk");
  if (kiosk !== null && !/^(false|0)$/i.test(kiosk)) url.kiosk = kiosk === "tv" ? "tv" : "on";
  const fit = get("autofitpanels");
  if (fit !== null && fit !== "false") url.autofitpanels = true;
  const theme = get("theme");
  if (theme === "light" || theme === "dark") url.theme = theme;
  // Old: ?fullscreen&panelId=12, with &edit for the editor.
  if (url.route === "d" && url.panelId && (get("fullscreen") !== null || get("edit") !== null)) {
    if (get("edit") !== null) url.editPanel ??= url.panelId;
    else url.viewPanel ??= url.panelId;
    delete url.panelId;
  }
  for (const [name, value] of params) {
    if (name.startsWith("var-") && name.length > 4) {
      const key = name.slice(4);
      if (!Object.hasOwn(url.vars, key)) Object.defineProperty(url.vars, key, { value: [], enumerable: true, configurable: true, writable: true });
      url.vars[key]!.push(value ?? "");
    } else if (!READ.has(name)) url.rest.push([name, value]);
    else if (name === "tz" && url.route === "d") url.rest.push([name, value]);
  }
}
