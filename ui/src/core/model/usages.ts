/** Where a dashboard uses a variable. */

import { dependencies } from "../variables/graph.ts";
import { references } from "../variables/interpolate.ts";
import type { Dashboard, Panel } from "./dashboard.ts";
import { allPanels } from "./ids.ts";

/** One place: a panel (with its id), another variable, an annotation or a link, and what of it. */
export interface Usage {
  kind: "panel" | "variable" | "annotation" | "link";
  name: string;
  where: string;
  id?: number;
}

const WORDS: Record<string, string> = { targets: "queries", title: "title", description: "description", options: "options", fieldConfig: "field settings", transformations: "transformations", links: "links", datasource: "data source", interval: "min step" };

function names(value: unknown): Set<string> {
  return new Set(references(JSON.stringify(value) ?? "").map((one) => one.name));
}

// Panels never change: what one names is found once, though it is asked for each variable and after each edit.
const known = new WeakMap<Panel, Map<string, Set<string>>>();

function namesOf(panel: Panel): Map<string, Set<string>> {
  let found = known.get(panel);
  if (!found) {
    found = new Map(Object.entries(panel).filter(([key, value]) => key !== "panels" && value !== undefined).map(([key, value]) => [key, names(value)]));
    known.set(panel, found);
  }
  return found;
}

function ofPanel(panel: Panel, variable: string): string[] {
  const where = [...namesOf(panel)].filter(([, named]) => named.has(variable)).map(([key]) => (Object.hasOwn(WORDS, key) ? WORDS[key]! : key));
  return panel.repeat === variable ? [...where, "repeat"] : where;
}

/** All places that name the variable, panels first, in their order. */
export function usagesOf(dashboard: Dashboard, variable: string): Usage[] {
  const found: Usage[] = [];
  for (const panel of allPanels(dashboard.panels)) {
    const where = ofPanel(panel, variable);
    if (where.length) found.push({ kind: "panel", name: panel.title || panel.type, where: where.join(", "), ...(panel.id === undefined ? {} : { id: panel.id }) });
  }
  for (const other of dashboard.templating.list) if (other.name !== variable && dependencies(other).has(variable)) found.push({ kind: "variable", name: other.name, where: "query" });
  for (const annotation of dashboard.annotations.list) if (names(annotation).has(variable)) found.push({ kind: "annotation", name: annotation.name, where: "query" });
  for (const link of dashboard.links) if (names(link).has(variable)) found.push({ kind: "link", name: link.title || link.type, where: "address" });
  return found;
}

/** The dashboard with a variable called otherwise, in everything that names it. `to` must be free. */
export function renameVariable(dashboard: Dashboard, from: string, to: string): Dashboard {
  const put = (value: unknown): unknown => {
    if (typeof value === "string") return renamedIn(value, from, to);
    if (Array.isArray(value)) return value.map(put);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, put(part)]));
  };
  const panel = (one: Panel): Panel => {
    const made = put(one) as Panel;
    return made.repeat === from ? { ...made, repeat: to } : made;
  };
  return {
    ...dashboard,
    panels: dashboard.panels.map((one) => (one.panels ? { ...panel(one), panels: one.panels.map(panel) } : panel(one))),
    templating: { ...dashboard.templating, list: dashboard.templating.list.map((one) => ({ ...(put(one) as typeof one), name: one.name === from ? to : one.name })) },
    annotations: { ...dashboard.annotations, list: put(dashboard.annotations.list) as Dashboard["annotations"]["list"] },
    links: put(dashboard.links) as Dashboard["links"],
  };
}

function renamedIn(text: string, from: string, to: string): string {
  let made = "";
  let last = 0;
  for (const one of references(text)) {
    if (one.name !== from) continue;
    made += text.slice(last, one.from) + text.slice(one.from, one.to).replace(from, to);
    last = one.to;
  }
  return last ? made + text.slice(last) : text;
}
