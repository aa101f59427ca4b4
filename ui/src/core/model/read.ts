/** Dashboards of any age, in the form that everything here works with; what reads the old forms is handed in, so that it may be fetched alone. */

import { parseDate } from "../time/datemath.ts";
import { parseUrlInstant } from "../time/instant.ts";
import { isZone } from "../time/zone.ts";
import { variableOrder } from "../variables/graph.ts";
import type { Annotation, Dashboard, DashboardLink, Panel, Variable } from "./dashboard.ts";
import { withIds } from "./ids.ts";
import { byPlace, placeSections, sections, withPlaces } from "./layout.ts";
import type { OldForms } from "./old/forms.ts";
import { isOldPanel, panelOf } from "./panel.ts";
import { isRecord, type Json, type Notice, number, Part, present, record, records, text } from "./part.ts";
import { datasourceOf } from "./target.ts";
import { variableOf } from "./variable.ts";

export type { Notice } from "./part.ts";

/** The last version of this form. */
export const SCHEMA_VERSION = 42;

/** More than anybody looks at; a file with more is broken or meant to break. */
const MOST_PANELS = 5000;
const MOST_VARIABLES = 500;
const MOST_NOTICES = 100;

/** The dashboard of parsed JSON, and what people should know of it. See `load` of `migrate.ts`. */
export function read(json: unknown, forms: OldForms): { dashboard: Dashboard; notices: Notice[] } {
  const notices: Notice[] = [];
  let raw: Json = {};
  try {
    raw = modelOf(json, notices, forms);
    return { dashboard: dashboardOf(raw, notices, forms), notices: cut(notices) };
  } catch (error) {
    // Not reached by any input we know of; a page with a message is better than none.
    notices.unshift({ severity: "error", text: `this dashboard cannot be read: ${error instanceof Error ? error.message : String(error)}` });
    return { dashboard: dashboardOf({ title: text(raw.title) ?? "Broken dashboard", uid: text(raw.uid) ?? "" }, [], forms), notices: cut(notices) };
  }
}

/** Whether reading it takes the old forms: rows, panel types that are gone, the second schema. */
export function isOld(json: unknown): boolean {
  const raw = modelOf(json, [], null);
  if (hasRows(raw) || isSecond(raw)) return true;
  return records(raw.panels).some((panel) => isOldPanel(panel) || records(panel.panels).some(isOldPanel));
}

/** Whether panels stand in rows, as before Grafana 5. */
function hasRows(raw: Json): boolean {
  return Array.isArray(raw.rows) && raw.rows.length > 0 && !(Array.isArray(raw.panels) && raw.panels.length > 0);
}

/** Whether it is of the second schema, of Grafana 12 and later. */
function isSecond(raw: Json): boolean {
  return isRecord(raw.elements) && isRecord(raw.layout);
}

function cut(notices: Notice[]): Notice[] {
  if (notices.length <= MOST_NOTICES) return notices;
  return [...notices.slice(0, MOST_NOTICES), { severity: "info", text: `${notices.length - MOST_NOTICES} more like these` }];
}

/** The model in its wrappers; without `forms`, one of the second schema as it is. */
function modelOf(json: unknown, notices: Notice[], forms: OldForms | null): Json {
  if (!isRecord(json)) {
    notices.push({ severity: "error", text: `this is no dashboard: it is ${Array.isArray(json) ? "a list" : json === null ? "null" : `a ${typeof json}`}, not an object` });
    return {};
  }
  const resource = isRecord(json.spec) && (typeof json.kind === "string" || typeof json.apiVersion === "string");
  const uid = resource ? text(record(json.metadata).name) : undefined;
  const spec = resource ? record(json.spec) : json;
  if (isSecond(spec)) {
    if (!forms) return spec;
    notices.push({ severity: "info", text: "it is of Grafana's second schema (elements and layout); it is shown, and will be saved, in the classic one" });
    return forms.second(spec, uid ?? text(spec.uid));
  }
  if (resource) return { ...(uid ? { uid } : {}), ...spec };
  if (isRecord(json.dashboard) && !Array.isArray(json.panels)) return json.dashboard;
  return json;
}

function dashboardOf(raw: Json, notices: Notice[], forms: OldForms): Dashboard {
  const part = new Part(raw, "", notices);
  const version = part.number("schemaVersion") ?? 0;
  if (version > SCHEMA_VERSION) part.say("info", `it is of version ${version}, newer than what is known here (${SCHEMA_VERSION}); it is read as far as possible`);
  const variables = variablesOf(part, version);
  const made: Dashboard = {
    ...raw,
    uid: part.text("uid") ?? "",
    title: part.text("title") ?? "Untitled",
    tags: part.texts("tags"),
    schemaVersion: SCHEMA_VERSION,
    graphTooltip: tooltipOf(raw),
    timezone: timezoneOf(part),
    refresh: typeof raw.refresh === "string" ? raw.refresh : "",
    time: timeOf(part),
    templating: { list: variables },
    annotations: { list: annotationsOf(part) },
    links: linksOf(part),
    panels: panelsOf(part, forms),
  };
  const keep = (key: string, value: unknown) => {
    if (value === undefined) delete made[key];
    else made[key] = value;
  };
  if ("description" in raw) keep("description", part.text("description"));
  if ("editable" in raw) keep("editable", part.boolean("editable"));
  if ("version" in raw) keep("version", part.number("version"));
  if ("weekStart" in raw) keep("weekStart", part.text("weekStart"));
  keep("fiscalYearStartMonth", monthOf(raw.fiscalYearStartMonth));
  keep("timepicker", timepickerOf(raw));
  for (const key of ["rows", "sharedCrosshair", "hideControls", "style"]) delete made[key];
  return made;
}

function tooltipOf(raw: Json): 0 | 1 | 2 {
  const value = raw.graphTooltip ?? (raw.sharedCrosshair === true ? 1 : 0);
  return value === 1 || value === 2 ? value : 0;
}

function timezoneOf(part: Part): string {
  const zone = part.text("timezone") ?? "";
  if (isZone(zone)) return zone;
  part.say("warning", `time zone "${zone}" is not known; the browser's is used`);
  return "browser";
}

function monthOf(value: unknown): number | undefined {
  const month = number(value);
  return month !== undefined && month >= 0 && month <= 11 ? Math.floor(month) : undefined;
}

function timeOf(part: Part): { from: string; to: string } {
  const time = part.record("time") ?? {};
  const end = (key: string, otherwise: string) => {
    const value = time[key];
    const bare = typeof value === "number" ? String(value) : text(value);
    if (bare === undefined) return otherwise;
    if (parseDate(bare, { now: 0, zone: "utc" }) !== null) return bare;
    const at = parseUrlInstant(bare, "utc");
    if (at !== null) return new Date(at).toISOString();
    part.say("warning", `"time.${key}" cannot be read: ${JSON.stringify(bare).slice(0, 60)}; ${otherwise} is used`);
    return otherwise;
  };
  return { from: end("from", "now-6h"), to: end("to", "now") };
}

function timepickerOf(raw: Json): Dashboard["timepicker"] | undefined {
  // Before version 6 it was in a list of "nav" bars.
  const picker = isRecord(raw.timepicker) ? raw.timepicker : Array.isArray(raw.nav) ? record(raw.nav[0]) : undefined;
  if (!picker) return undefined;
  const texts = (value: unknown) => (Array.isArray(value) ? value.filter((item): item is string => typeof item === "string") : undefined);
  return {
    ...picker,
    ...present({ refresh_intervals: texts(picker.refresh_intervals), time_options: texts(picker.time_options), nowDelay: text(picker.nowDelay) }),
  } as Dashboard["timepicker"];
}

function variablesOf(dashboard: Part, version: number): Variable[] {
  const templating = dashboard.record("templating");
  if (!templating) return [];
  const part = new Part(templating, "templating", dashboard.notices);
  const list = part.records("list");
  if (list.length > MOST_VARIABLES) part.say("warning", `only the first ${MOST_VARIABLES} of ${list.length} variables are read`);
  const byName = new Map<string, Variable>();
  for (const raw of list.slice(0, MOST_VARIABLES)) {
    const variable = variableOf(raw, version, dashboard.notices);
    if (!variable) continue;
    if (byName.has(variable.name)) dashboard.say("warning", `there are two variables called ${variable.name}; the first one counts`);
    else byName.set(variable.name, variable);
  }
  const variables = [...byName.values()];
  for (const cycle of variableOrder(variables).cycles) {
    const path = cycle.length > 1 ? `${cycle.map((name) => `$${name}`).join(", ")} need each other` : `$${cycle[0]} needs itself`;
    dashboard.say("warning", `variables go round in a circle: ${path}`);
  }
  return variables;
}

function annotationsOf(dashboard: Part): Annotation[] {
  const annotations = dashboard.record("annotations");
  if (!annotations) return [];
  return new Part(annotations, "annotations", dashboard.notices).records("list").map((raw) => {
    const datasource = datasourceOf(raw.datasource);
    const target = record(raw.target);
    const expr = text(raw.expr) ?? text(target.expr);
    const made: Annotation = { ...raw, name: text(raw.name) ?? "Annotations", enable: raw.enable !== false };
    delete made.datasource;
    if (datasource) made.datasource = datasource;
    if (expr !== undefined) made.expr = expr;
    else delete made.expr;
    for (const key of ["step", "titleFormat", "textFormat", "tagKeys", "iconColor"] as const) if (key in raw && typeof raw[key] !== "string") delete made[key];
    return made;
  });
}

function linksOf(dashboard: Part): DashboardLink[] {
  return dashboard.records("links").map((raw) => {
    const tags = Array.isArray(raw.tags) ? raw.tags.filter((tag): tag is string => typeof tag === "string") : [];
    const link: DashboardLink = { ...raw, type: raw.type === "link" ? "link" : raw.type === "dashboards" || tags.length ? "dashboards" : "link", tags };
    for (const key of ["title", "url", "icon", "tooltip"] as const) if (key in raw && typeof raw[key] !== "string") delete link[key];
    for (const key of ["asDropdown", "includeVars", "keepTime", "targetBlank"] as const) if (key in raw) link[key] = raw[key] === true;
    return link;
  });
}

function panelsOf(dashboard: Part, forms: OldForms): Panel[] {
  const old = hasRows(dashboard.raw);
  if (!old && dashboard.raw.rows !== undefined && !Array.isArray(dashboard.raw.rows)) dashboard.say("warning", `"rows" should be a list; it is left out`);
  let left = MOST_PANELS;
  const take = (list: Json[]): Json[] => {
    // Copies that an older Grafana stored with the dashboard: they are made anew.
    const own = list.filter((raw) => !(raw.repeatPanelId && !raw.repeat && raw.repeatIteration));
    const taken = own.slice(0, Math.max(0, left));
    left -= own.length;
    return taken;
  };
  const panels = take(old ? forms.rows(dashboard) : dashboard.records("panels")).map((raw) => {
    const panel = panelOf(raw, dashboard.notices, forms);
    if (panel.type !== "row") return panel;
    const own = new Part(raw, "", dashboard.notices, panel.title);
    const inside = own.records("panels");
    panel.collapsed = panel.collapsed ?? false;
    if (!panel.collapsed && inside.length) own.say("info", "the row is open, so the panels stored inside of it are not shown");
    panel.panels = panel.collapsed ? byPlace(withPlaces(take(inside.filter((each) => each.type !== "row")).map((each) => panelOf(each, dashboard.notices, forms)))) : [];
    return panel;
  });
  if (left < 0) dashboard.say("warning", `only the first ${MOST_PANELS} of ${MOST_PANELS - left} panels are read`);
  const { panels: given, changed } = withIds(byPlace(withPlaces(panels)));
  if (changed) dashboard.say("info", `${changed} ${changed === 1 ? "panel has" : "panels have"} an id that another has too; new ones were given`);
  return placeSections(sections(given));
}
