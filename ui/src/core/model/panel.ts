/** One panel as it is stored, of any age, in today's form. */

import type { DataLink } from "../frame/config.ts";
import type { GridPos, Panel, Transformation } from "./dashboard.ts";
import { fieldConfigOf } from "./field_config.ts";
import type { OldForms } from "./old/forms.ts";
import { isRecord, type Json, type Notice, number, Part, record, text } from "./part.ts";
import { datasourceOf, targetsOf } from "./target.ts";

export const COLUMNS = 24;

/** Ten screens: what is higher is broken, and would put all below it out of reach. */
const MOST_ROWS_HIGH = 200;
const USUAL_ROWS_HIGH = 8;
/** Also where a panel stands that has no place: `withPlaces` gives it one. */
export const NOWHERE_Y = 100_000;

const OLD_TYPES = new Set([
  "graph", "singlestat", "grafana-singlestat-panel", "table-old", "text2", "grafana-piechart-panel", "singlestat2", "table2",
]);

/** Whether the panel may be of a form that only `old/` reads. */
export function isOldPanel(raw: Json): boolean {
  const type = text(raw.type) ?? text(record(record(raw.libraryPanel).model).type) ?? "";
  const options = record(raw.options);
  if (OLD_TYPES.has(type)) return true;
  if (type === "table") return Array.isArray(raw.styles);
  if (type === "heatmap") return options.calculate === undefined;
  if (type === "text") return options.content === undefined;
  if (type === "dashlist" || type === "alertlist") return !Object.keys(options).length;
  return (type === "stat" || type === "gauge" || type === "bargauge") && (isRecord(options.fieldOptions) || isRecord(options.valueOptions));
}

/** The panel of `raw`; one without a place stands at `NOWHERE_Y`. */
export function panelOf(raw: Json, notices: Notice[], forms: OldForms): Panel {
  const title = text(raw.title);
  const name = title ?? (text(raw.type) ? `(${text(raw.type)})` : "(no title)");
  const current = isRecord(raw.libraryPanel) && isRecord(raw.libraryPanel.model) && !text(raw.type) ? { ...raw.libraryPanel.model, ...raw } : raw;
  const part = new Part(forms.panel(current, (message) => notices.push({ severity: "info", text: message, panel: name })), "", notices, name);
  const type = text(part.raw.type) ?? (part.raw.panels ? "row" : "unknown");
  if (type === "unknown") part.say("warning", isRecord(raw.libraryPanel) ? "it is kept in a library that is not here" : "it has no type");
  const panel: Panel = {
    ...part.raw, type,
    gridPos: gridPosOf(part),
    targets: targetsOf(part),
    fieldConfig: fieldConfigOf(part.raw.fieldConfig, part),
    options: optionsOf(part.record("options") ?? {}),
    transformations: transformationsOf(part),
    links: linksOf(part),
  };
  const keep = (key: keyof Panel & string, value: unknown) => {
    if (value === undefined) delete panel[key];
    else panel[key] = value;
  };
  keep("id", positive(part.raw.id));
  for (const key of ["title", "description", "interval", "repeat", "timeFrom", "timeShift"] as const) if (key in part.raw) keep(key, part.text(key));
  for (const key of ["transparent", "hideTimeOverride", "collapsed"] as const) if (key in part.raw) keep(key, part.boolean(key));
  if ("datasource" in part.raw) keep("datasource", datasourceOf(part.raw.datasource));
  if ("maxDataPoints" in part.raw) keep("maxDataPoints", positive(part.raw.maxDataPoints));
  if ("maxPerRow" in part.raw) keep("maxPerRow", positive(part.raw.maxPerRow));
  if ("repeatDirection" in part.raw) keep("repeatDirection", part.raw.repeatDirection === "v" ? "v" : "h");
  // An empty name repeats nothing.
  if (!panel.repeat) delete panel.repeat;
  delete panel.panels;
  return panel;
}

function positive(value: unknown): number | undefined {
  const read = number(value);
  return read !== undefined && read >= 1 && read < 2 ** 53 ? Math.floor(read) : undefined;
}

function gridPosOf(part: Part): GridPos {
  const raw = part.raw.gridPos;
  const pos = record(raw);
  if (raw !== undefined && !isRecord(raw)) part.say("warning", `"gridPos" should be an object; the panel goes below those before it`);
  const whole = (value: unknown, otherwise: number, least: number, most: number) => Math.min(most, Math.max(least, Math.round(number(value) ?? otherwise)));
  if (!isRecord(raw)) return { x: 0, y: NOWHERE_Y, w: part.raw.type === "row" ? COLUMNS : 12, h: part.raw.type === "row" ? 1 : USUAL_ROWS_HIGH };
  const w = part.raw.type === "row" ? COLUMNS : whole(pos.w, 12, 1, COLUMNS);
  const h = part.raw.type === "row" ? 1 : heightOf(part, pos.h);
  return { x: part.raw.type === "row" ? 0 : whole(pos.x, 0, 0, COLUMNS - w), y: whole(pos.y, 0, 0, NOWHERE_Y), w, h };
}

function heightOf(part: Part, value: unknown): number {
  const h = Math.round(number(value) ?? USUAL_ROWS_HIGH);
  if (h <= MOST_ROWS_HIGH) return Math.max(1, h);
  part.say("warning", `it is ${h} rows high, and at most ${MOST_ROWS_HIGH} can be; it gets the usual ${USUAL_ROWS_HIGH}`);
  return USUAL_ROWS_HIGH;
}

function optionsOf(options: Json): Json {
  const legend = options.legend;
  if (!isRecord(legend)) return options;
  // "hidden" was a display mode; calcs may be missing in JSON that people write by hand.
  const mode = legend.displayMode === "hidden" ? { displayMode: "list", showLegend: false } : {};
  return { ...options, legend: { ...legend, ...mode, ...(legend.calcs !== undefined && !Array.isArray(legend.calcs) ? { calcs: [] } : {}) } };
}

function transformationsOf(part: Part): Transformation[] {
  return part.records("transformations").flatMap((raw) => {
    const id = text(raw.id);
    if (!id) return [];
    const options = isRecord(raw.options) ? raw.options : {};
    if (id === "seriesToColumns") return [{ ...raw, id: "joinByField", options: { mode: "outer", ...options } }];
    return [{ ...raw, id, options }];
  });
}

/** Links of before Grafana 7 named a dashboard by its slug. */
function linksOf(part: Part): DataLink[] {
  return part.records("links").map((raw) => {
    let url = text(raw.url) ?? "";
    if (!url && text(raw.dashUri)) url = `/dashboard/${text(raw.dashUri)}`;
    if (!url && text(raw.dashboard)) url = `/dashboard/db/${text(raw.dashboard)!.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "-")}`;
    const added = [
      raw.keepTime === true ? "${__url_time_range}" : "", raw.includeVars === true ? "${__all_variables}" : "", text(raw.params) ?? "",
    ].filter(Boolean).join("&");
    if (added) url += (url.includes("?") ? "&" : "?") + added;
    return { title: text(raw.title) ?? "", url, ...(raw.targetBlank === true ? { targetBlank: true } : {}) };
  });
}
