/** Changes to a dashboard. Each gives a new one and leaves the old as it was, so that undo is keeping it; what did not change is shared. */

import type { FieldConfig } from "../frame/config.ts";
import type { Annotation, Dashboard, DashboardLink, GridPos, Panel, Target, Variable } from "./dashboard.ts";
import { panelDefaults } from "./defaults.ts";
import { findPanel, nextId, withIds } from "./ids.ts";
import { arrange, foldRow, heightOf, placeSections, type Section, sections } from "./layout.ts";
import { COLUMNS } from "./panel.ts";
import { SCHEMA_VERSION } from "./read.ts";
import { freeRefId } from "./target.ts";

/** A dashboard with nothing on it. It has no uid until it is saved. */
export function newDashboard(title = "New dashboard"): Dashboard {
  return {
    uid: "", title, tags: [], schemaVersion: SCHEMA_VERSION, editable: true, graphTooltip: 0, timezone: "browser", refresh: "", time: { from: "now-6h", to: "now" },
    templating: { list: [] }, annotations: { list: [] }, links: [], panels: [],
  };
}

/** A panel with the defaults of its type and one empty query. */
export function newPanel(type: string, id: number, gridPos: GridPos): Panel {
  const { options, defaults } = panelDefaults(type);
  return {
    id, type, title: type === "row" ? "Row title" : "Panel title", gridPos, targets: type === "row" || type === "text" ? [] : [{ refId: "A" }],
    fieldConfig: { defaults, overrides: [] }, options, transformations: [], links: [], ...(type === "row" ? { collapsed: false, panels: [] } : {}),
  };
}

function withPanels(dashboard: Dashboard, panels: readonly Panel[]): Dashboard {
  return { ...dashboard, panels: placeSections(sections(panels)) };
}

/** The dashboard with a new panel on top, and the panel's id. A row goes to the end. */
export function addPanel(dashboard: Dashboard, type: string, size: { w: number; h: number } = { w: 12, h: 8 }): { dashboard: Dashboard; id: number } {
  const id = nextId(dashboard.panels);
  if (type === "row") {
    const row = newPanel("row", id, { x: 0, y: heightOf(dashboard.panels), w: COLUMNS, h: 1 });
    return { dashboard: withPanels(dashboard, [...dashboard.panels, row]), id };
  }
  return { dashboard: insert(dashboard, newPanel(type, id, { x: 0, y: 0, ...size })), id };
}

/** The dashboard with a panel from elsewhere (a clipboard, an import) on top; it gets an id of its own. */
export function pastePanel(dashboard: Dashboard, panel: Panel): { dashboard: Dashboard; id: number } {
  const id = nextId(dashboard.panels);
  return { dashboard: insert(dashboard, { ...panel, id, gridPos: { ...panel.gridPos, x: 0, y: 0 } }), id };
}

function insert(dashboard: Dashboard, panel: Panel): Dashboard {
  const parts = sections(dashboard.panels);
  const first = parts[0];
  if (!first || first.row) return { ...dashboard, panels: placeSections([{ row: null, panels: [panel] }, ...parts]) };
  const panels = arrange([panel, ...first.panels], panel);
  return { ...dashboard, panels: placeSections([{ row: null, panels }, ...parts.slice(1)]) };
}

function mapSections(dashboard: Dashboard, change: (panels: Panel[], section: Section) => Panel[]): Dashboard {
  return { ...dashboard, panels: placeSections(sections(dashboard.panels).map((section) => ({ ...section, panels: change(section.panels, section) }))) };
}

/** The dashboard with one panel changed by `change`, wherever it is; the same dashboard where there is none of this id. */
export function updatePanel(dashboard: Dashboard, id: number, change: (panel: Panel) => Panel): Dashboard {
  let found = false;
  const visit = (panels: readonly Panel[]): Panel[] =>
    panels.map((panel) => {
      if (panel.id === id && !found) {
        found = true;
        return change(panel);
      }
      return panel.panels?.length ? { ...panel, panels: visit(panel.panels) } : panel;
    });
  const panels = visit(dashboard.panels);
  return found ? { ...dashboard, panels } : dashboard;
}

/**
 * The dashboard with a panel at another place or of another size; others make room. A place among the panels of another row
 * puts it there. A row moves with all its panels.
 */
export function movePanel(dashboard: Dashboard, id: number, to: GridPos): Dashboard {
  const panel = findPanel(dashboard, id);
  if (!panel) return dashboard;
  if (panel.type === "row") return moveRow(dashboard, id, to.y);
  const w = Math.max(1, Math.min(COLUMNS, Math.round(to.w)));
  const gridPos = { x: Math.max(0, Math.min(COLUMNS - w, Math.round(to.x))), y: Math.max(0, Math.round(to.y)), w, h: Math.max(1, Math.round(to.h)) };
  const placed = { ...panel, gridPos };
  const parts = sections(dashboard.panels).map((section) => ({ ...section, panels: section.panels.filter((each) => each.id !== id) }));
  const target = sectionAt(parts, gridPos.y, dashboard.panels, id);
  target.panels = arrange([...target.panels, placed], placed);
  return { ...dashboard, panels: placeSections(parts) };
}

/** The section that a grid row is in: the last open one that begins above it. A folded row's panels stay with it. */
function sectionAt(parts: Section[], y: number, before: readonly Panel[], id: number): Section {
  const folded = parts.find(({ row }) => row?.collapsed && before.find((panel) => panel.id === row.id)?.panels?.some((panel) => panel.id === id));
  if (folded) return folded;
  if (!parts.length || parts[0]!.row) parts.unshift({ row: null, panels: [] });
  let found = parts[0]!;
  for (const part of parts) {
    if (!part.row) {
      if (part.panels.length && Math.min(...part.panels.map(({ gridPos }) => gridPos.y)) <= y) found = part;
    } else if (!part.row.collapsed && part.row.gridPos.y < y) found = part;
  }
  return found;
}

function moveRow(dashboard: Dashboard, id: number, y: number): Dashboard {
  const parts = sections(dashboard.panels);
  const from = parts.findIndex(({ row }) => row?.id === id);
  const [part] = parts.splice(from, 1);
  const at = parts.findIndex(({ row }) => row !== null && row.gridPos.y >= y);
  parts.splice(at < 0 ? parts.length : at, 0, part!);
  return { ...dashboard, panels: placeSections(parts) };
}

/** The dashboard without a panel. Of a row only the header goes, unless its panels shall go `withPanels`. */
export function removePanel(dashboard: Dashboard, id: number, withPanels = false): Dashboard {
  const parts = sections(dashboard.panels);
  const at = parts.findIndex(({ row }) => row?.id === id);
  if (at < 0) return mapSections(dashboard, (panels) => panels.filter((panel) => panel.id !== id));
  if (withPanels) return { ...dashboard, panels: placeSections(parts.filter((_, index) => index !== at)) };
  // Its panels go on below those of the part before it.
  const before = parts[at - 1];
  const own = parts[at]!.panels;
  if (before && !before.row?.collapsed) {
    const depth = heightOf(before.panels);
    before.panels = [...before.panels, ...own.map((panel) => ({ ...panel, gridPos: { ...panel.gridPos, y: depth + panel.gridPos.y } }))];
    parts.splice(at, 1);
  } else parts[at] = { row: null, panels: own };
  return { ...dashboard, panels: placeSections(parts) };
}

/** The dashboard with a copy of a panel beside it where there is room, else below. Of a row, with copies of its panels. */
export function duplicatePanel(dashboard: Dashboard, id: number): { dashboard: Dashboard; id: number } {
  const panel = findPanel(dashboard, id);
  if (!panel) return { dashboard, id };
  const copyId = nextId(dashboard.panels);
  if (panel.type === "row") {
    const parts = sections(dashboard.panels);
    const at = parts.findIndex(({ row }) => row?.id === id);
    const part = parts[at]!;
    parts.splice(at + 1, 0, { row: { ...panel, id: copyId }, panels: part.panels.map((each, index) => ({ ...each, id: copyId + 1 + index })) });
    return { dashboard: { ...dashboard, panels: placeSections(parts) }, id: copyId };
  }
  const { x, y, w, h } = panel.gridPos;
  const beside = x + 2 * w <= COLUMNS;
  const copy: Panel = { ...panel, id: copyId, gridPos: beside ? { x: x + w, y, w, h } : { x, y: y + h, w, h } };
  // Repeats are of the original alone.
  delete copy.repeat;
  delete copy.repeatDirection;
  delete copy.maxPerRow;
  return {
    dashboard: mapSections(dashboard, (panels) => (panels.some((each) => each.id === id) ? arrange([...panels, copy], copy) : panels)),
    id: copyId,
  };
}

/** The dashboard with a row folded or opened, as it will be stored. */
export function setRowCollapsed(dashboard: Dashboard, id: number, collapsed: boolean): Dashboard {
  return { ...dashboard, panels: foldRow(dashboard.panels, id, collapsed) };
}

/** `object` with `value` at a path of keys ("legend.showLegend"); undefined takes the key away. Lists are indexed by number. */
export function setAt<T>(object: T, path: string | readonly (string | number)[], value: unknown): T {
  const [key, ...rest] = typeof path === "string" ? path.split(".") : path;
  if (key === undefined || key === "__proto__") return object;
  if (Array.isArray(object)) {
    const list: unknown[] = [...(object as unknown[])];
    const index = Number(key);
    if (rest.length) list[index] = setAt(list[index] ?? {}, rest, value);
    else if (value === undefined) list.splice(index, 1);
    else list[index] = value;
    return list as T;
  }
  const from = typeof object === "object" && object !== null ? (object as Record<string, unknown>) : {};
  const made = { ...from };
  if (rest.length) made[key] = setAt(Object.hasOwn(from, key) ? (from[key] ?? {}) : {}, rest, value);
  else if (value === undefined) delete made[key];
  else made[key] = value;
  return made as T;
}

/** The dashboard with one setting of a panel changed: "options.legend.showLegend", "fieldConfig.defaults.unit", "title". */
export function setOption(dashboard: Dashboard, id: number, path: string | readonly (string | number)[], value: unknown): Dashboard {
  return updatePanel(dashboard, id, (panel) => setAt(panel, path, value));
}

/** The panel as another type: what all types share stays, what the new one has no use for gives way to its defaults. */
export function changeType(panel: Panel, type: string): Panel {
  if (panel.type === type) return panel;
  const { options: own, defaults: wanted } = panelDefaults(type);
  const options: Record<string, unknown> = { ...own };
  for (const key of Object.keys(own)) if (panel.options[key] !== undefined && typeof panel.options[key] === typeof own[key]) options[key] = panel.options[key];
  const { custom, color, ...shared } = panel.fieldConfig.defaults;
  const kept = Object.fromEntries(Object.entries(custom ?? {}).filter(([key]) => wanted.custom && key in wanted.custom));
  const defaults: FieldConfig = { ...wanted, ...shared };
  if (color?.mode === "fixed" && wanted.color) defaults.color = color;
  if (wanted.custom) defaults.custom = { ...wanted.custom, ...kept };
  // Settings of a type alone mean nothing to another: of overrides too.
  const overrides = panel.fieldConfig.overrides
    .map((override) => ({ ...override, properties: override.properties.filter(({ id }) => !id.startsWith("custom.") || (wanted.custom !== undefined && id.slice(7).split(".")[0]! in wanted.custom)) }))
    .filter((override) => override.properties.length > 0);
  const made: Panel = { ...panel, type, options, fieldConfig: { defaults, overrides } };
  delete made.pluginVersion;
  return made;
}

/** The panel as a type that it had before, with the options and own settings of then; what all types share is that of now. */
export function backToType(panel: Panel, before: Panel): Panel {
  const made = changeType(panel, before.type);
  const { custom, color } = before.fieldConfig.defaults;
  const defaults: FieldConfig = { ...made.fieldConfig.defaults, ...(custom ? { custom } : {}), ...(color ? { color } : {}) };
  return { ...made, options: before.options, fieldConfig: { defaults, overrides: before.fieldConfig.overrides } };
}

/** The panel with one more query, like the last one but empty. */
export function addTarget(panel: Panel): Panel {
  const refId = freeRefId(new Set(panel.targets.map((target) => target.refId)));
  const datasource = panel.targets.at(-1)?.datasource;
  return { ...panel, targets: [...panel.targets, { refId, ...(datasource ? { datasource } : {}) }] };
}

/** The panel with an expression over its other queries: one that makes one number of the last of them. */
export function addExpression(panel: Panel): Panel {
  const refId = freeRefId(new Set(panel.targets.map((target) => target.refId)));
  const of = panel.targets.at(-1)?.refId ?? "";
  return { ...panel, targets: [...panel.targets, { refId, datasource: { type: "__expr__", uid: "__expr__" }, type: "reduce", expression: of, reducer: "last" }] };
}

/** What an expression says with a query called otherwise in it: `$A`, `${A}`, or the letter alone. */
function renamedIn(expression: string, from: string, to: string): string {
  if (expression.trim() === from) return to;
  return expression.replace(/\$\{([^}]+)\}|\$(\w+)/g, (all: string, braced: string | undefined, bare: string | undefined) => (braced === from ? `\${${to}}` : bare === from ? `$${to}` : all));
}

/** The panel with a query called otherwise, in expressions and overrides too; as it is where the name is taken or is none. */
export function renameTarget(panel: Panel, from: string, to: string): Panel {
  if (!to.trim() || to === from || panel.targets.some((target) => target.refId === to)) return panel;
  const targets = panel.targets.map((target): Target => {
    if (target.refId === from) return { ...target, refId: to };
    return target.datasource?.type === "__expr__" && typeof target.expression === "string" ? { ...target, expression: renamedIn(target.expression, from, to) } : target;
  });
  const overrides = panel.fieldConfig.overrides.map((one) => (one.matcher.id === "byFrameRefID" && one.matcher.options === from ? { ...one, matcher: { ...one.matcher, options: to } } : one));
  return { ...panel, targets, fieldConfig: { ...panel.fieldConfig, overrides } };
}

/** The panel with a query changed; `change` is merged into it, undefined takes a key away. */
export function setTarget(panel: Panel, refId: string, change: Partial<Target>): Panel {
  return {
    ...panel,
    targets: panel.targets.map((target) => {
      if (target.refId !== refId) return target;
      const made: Target = { ...target, ...change };
      for (const key of Object.keys(change)) if (change[key] === undefined) delete made[key];
      return made;
    }),
  };
}

/** The panel without a query. */
export function removeTarget(panel: Panel, refId: string): Panel {
  return { ...panel, targets: panel.targets.filter((target) => target.refId !== refId) };
}

/** The panel with a copy of a query behind it. */
export function duplicateTarget(panel: Panel, refId: string): Panel {
  const at = panel.targets.findIndex((target) => target.refId === refId);
  if (at < 0) return panel;
  const copy = { ...panel.targets[at]!, refId: freeRefId(new Set(panel.targets.map((target) => target.refId))) };
  return { ...panel, targets: panel.targets.toSpliced(at + 1, 0, copy) };
}

/** A list with an item moved to another place. */
export function reorder<T>(list: readonly T[], from: number, to: number): T[] {
  if (from < 0 || from >= list.length) return [...list];
  return list.toSpliced(from, 1).toSpliced(Math.max(0, Math.min(list.length - 1, to)), 0, list[from]!);
}

/** The dashboard with other variables. */
export function setVariables(dashboard: Dashboard, list: Variable[]): Dashboard {
  return { ...dashboard, templating: { ...dashboard.templating, list } };
}

/** The dashboard with other annotations. */
export function setAnnotations(dashboard: Dashboard, list: Annotation[]): Dashboard {
  return { ...dashboard, annotations: { ...dashboard.annotations, list } };
}

/** The dashboard with other links. */
export function setLinks(dashboard: Dashboard, links: DashboardLink[]): Dashboard {
  return { ...dashboard, links };
}

/** The dashboard with other panels, ids and places put right: after its JSON was edited by hand. */
export function setPanels(dashboard: Dashboard, panels: readonly Panel[]): Dashboard {
  return withPanels(dashboard, withIds(panels).panels);
}
