/** A dashboard as JSON to store or to give away. */

import type { DataSource } from "../variables/datasource.ts";
import type { Dashboard, DataSourceRef, Panel, Variable } from "./dashboard.ts";
import { allPanels } from "./ids.ts";
import type { Json } from "./part.ts";
import { record, without } from "./part.ts";

/** Where the folder stands that a person chose and that is not stored yet: a folder is no part of the JSON. */
export const FOLDER = "__folder";

/** Kept on the page, never stored. */
const TRANSIENT = ["__inputs", "__requires", "__elements", "iteration", FOLDER];

/** The order in which Grafana writes these keys: a change then is a small difference between versions. */
const FIRST = [
  "__inputs", "__elements", "__requires", "annotations", "description", "editable", "fiscalYearStartMonth", "graphTooltip", "id", "links", "panels", "preload",
  "refresh", "schemaVersion", "tags", "templating", "time", "timepicker", "timezone", "title", "uid", "version", "weekStart",
];

function ordered(json: Json): Json {
  const made: Json = {};
  for (const key of FIRST) if (json[key] !== undefined) made[key] = json[key];
  for (const key of Object.keys(json)) if (!(key in made) && json[key] !== undefined) made[key] = json[key];
  return made;
}

function panelJson(panel: Panel): Json {
  const made: Json = { ...panel };
  if (panel.type === "row") {
    for (const key of ["targets", "fieldConfig", "options", "transformations", "links"]) delete made[key];
    made.panels = (panel.panels ?? []).map(panelJson);
    made.collapsed = panel.collapsed ?? false;
    return made;
  }
  if (!panel.transformations.length) delete made.transformations;
  if (!panel.links.length) delete made.links;
  return made;
}

/** Options of variables that are asked for anew are not stored; nor are those of datasources, which are others elsewhere. */
function variableJson(variable: Variable): Json {
  const asked = variable.type === "datasource" || (variable.type === "query" && variable.refresh !== 0 && variable.refresh !== undefined);
  return { ...variable, ...(asked ? { options: [] } : {}) };
}

/** The dashboard as it is stored. Loading it again gives an equal one. */
export function toJson(dashboard: Dashboard): Json {
  return ordered({
    ...without(dashboard, TRANSIENT),
    panels: dashboard.panels.map(panelJson),
    templating: { ...dashboard.templating, list: dashboard.templating.list.map(variableJson) },
  });
}

/** The choices of now as what is stored: `current` of each variable by name. */
export function withCurrent(dashboard: Dashboard, current: Readonly<Record<string, { text: string | string[]; value: string | string[] }>>): Dashboard {
  const list = dashboard.templating.list.map((variable) => {
    const now = Object.hasOwn(current, variable.name) ? current[variable.name] : undefined;
    return now ? { ...variable, current: now } : variable;
  });
  return { ...dashboard, templating: { ...dashboard.templating, list } };
}

/** Of what an export needs to be told. `version` is the product's, written where Grafana writes its own. */
export interface ExportOptions {
  sources: readonly DataSource[];
  version?: string;
}

/**
 * The dashboard for people elsewhere: without ids of this place, and every datasource that is named outright as an input
 * (`${DS_PROMETHEUS}`) that whoever imports it chooses. Grafana's import and ours read it.
 */
export function toSharedJson(dashboard: Dashboard, options: ExportOptions): Json {
  const inputs = new Map<string, Json>();
  const requires = new Map<string, Json>();
  const json = toJson(dashboard);
  const known = new Set(dashboard.templating.list.map((variable) => variable.name));
  const put = (value: unknown): unknown => {
    const ref = datasourceInput(record(value), options.sources, inputs, requires, known);
    return ref ?? value;
  };
  const walk = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(walk);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, key === "datasource" ? put(part) : key === "options" || key === "fieldConfig" ? part : walk(part)]));
  };
  for (const panel of allPanels(dashboard.panels)) {
    if (panel.type !== "row") requires.set(`panel ${panel.type}`, { type: "panel", id: panel.type, name: panel.type, version: "" });
  }
  const templating = { ...record(json.templating), list: dashboard.templating.list.map((variable) => sharedVariable(variable, put, inputs)) };
  const shared = { ...json, id: null, panels: walk(json.panels), annotations: walk(json.annotations), templating };
  requires.set("grafana", { type: "grafana", id: "grafana", name: "Grafana", version: options.version ?? "11.0.0" });
  return ordered({
    ...without(shared, ["version"]),
    __inputs: [...inputs.values()],
    __elements: {},
    __requires: [...requires.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, each]) => each),
  });
}

function datasourceInput(ref: Json, sources: readonly DataSource[], inputs: Map<string, Json>, requires: Map<string, Json>, known: ReadonlySet<string>): DataSourceRef | null {
  const uid = typeof ref.uid === "string" ? ref.uid : "";
  // Those that are chosen by a variable of the dashboard, and those with a meaning of their own, are the same everywhere.
  const variable = /^(?:\$(\w+)|\$\{(\w+)(?::\w+)?\}|\[\[(\w+)\]\])$/.exec(uid);
  if (!uid || uid.startsWith("-- ") || uid === "grafana" || (variable && known.has((variable[1] ?? variable[2] ?? variable[3])!))) return null;
  const source = sources.find((each) => each.uid === uid || each.name === uid);
  const type = source?.type ?? (typeof ref.type === "string" ? ref.type : "prometheus");
  // An input that nobody filled in stays the one that it was.
  const label = variable ? (variable[1] ?? variable[2] ?? variable[3])!.replace(/^DS_/, "") : (source?.name ?? uid);
  const name = `DS_${label.toUpperCase().replace(/[^A-Z0-9]+/g, "_").replace(/^_+|_+$/g, "") || "DATASOURCE"}`;
  inputs.set(name, { name, label, description: "", type: "datasource", pluginId: type, pluginName: PRODUCTS[type] ?? type });
  requires.set(`datasource ${type}`, { type: "datasource", id: type, name: PRODUCTS[type] ?? type, version: "1.0.0" });
  return { type, uid: `\${${name}}` };
}

const PRODUCTS: Record<string, string> = { prometheus: "Prometheus", loki: "Loki", alertmanager: "Alertmanager" };

function sharedVariable(variable: Variable, put: (value: unknown) => unknown, inputs: Map<string, Json>): Json {
  const json = variableJson(variable);
  if (variable.datasource) json.datasource = put(variable.datasource);
  if (variable.type === "constant") {
    const name = `VAR_${variable.name.replace(/ /g, "_").toUpperCase()}`;
    const value = typeof variable.query === "string" ? variable.query : "";
    inputs.set(name, { name, type: "constant", label: variable.label || variable.name, value, description: "" });
    const option = { value: `\${${name}}`, text: `\${${name}}`, selected: false };
    return { ...json, query: `\${${name}}`, current: option, options: [option] };
  }
  // What was found here says nothing elsewhere.
  if (variable.type === "query") json.options = [];
  if (variable.type === "query" || variable.type === "datasource") json.current = {};
  return json;
}

/** What an import asks for: an entry of `__inputs`. */
export interface ImportInput {
  name: string;
  label: string;
  type: "datasource" | "constant";
  pluginId: string;
  value: string;
}

/** The inputs that JSON of an export asks for. */
export function importInputs(json: unknown): ImportInput[] {
  const list = record(json).__inputs;
  if (!Array.isArray(list)) return [];
  return list.flatMap((item: unknown) => {
    const input = record(item);
    if (typeof input.name !== "string" || !input.name) return [];
    const string = (value: unknown) => (typeof value === "string" ? value : "");
    return [{
      name: input.name, label: string(input.label) || input.name, type: input.type === "constant" ? "constant" : "datasource", pluginId: string(input.pluginId), value: string(input.value),
    }];
  });
}

/** Exported JSON with its inputs filled in, everywhere in it; what was not chosen stays for `resolveDatasource` to find a default for. */
export function fillInputs(json: unknown, chosen: Readonly<Record<string, string>>): unknown {
  const elements = record(record(json).__elements);
  const names = importInputs(json).map((input) => input.name).filter((name) => Object.hasOwn(chosen, name));
  const fill = (value: unknown, filled = false): unknown => {
    if (typeof value === "string") {
      let made = value;
      for (const name of names) made = made === `$${name}` ? chosen[name]! : made.split(`\${${name}}`).join(chosen[name]);
      return made;
    }
    if (Array.isArray(value)) return value.map((item) => fill(item, filled));
    if (typeof value !== "object" || value === null) return value;
    // A panel of the library that the export was made with: the export has it too.
    const uid = record(record(value).libraryPanel).uid;
    const model = filled || "type" in value || typeof uid !== "string" || !Object.hasOwn(elements, uid) ? null : record(record(elements[uid]).model);
    return Object.fromEntries(Object.entries({ ...model, ...value }).map(([key, part]) => [key, fill(part, filled || model !== null)]));
  };
  return without(record(fill(json)), names.length ? ["__inputs", "__requires", "__elements"] : []);
}
