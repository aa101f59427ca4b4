/** Grafana's second schema (`elements` and `layout`, of Grafana 12 and later), as the classic one that everything here works with. */

import { type Json, number, present, record, records, text } from "../part.ts";

const SORTS = [
  "disabled", "alphabeticalAsc", "alphabeticalDesc", "numericalAsc", "numericalDesc", "alphabeticalCaseInsensitiveAsc", "alphabeticalCaseInsensitiveDesc",
  "naturalAsc", "naturalDesc",
];

const VARIABLES: Record<string, string> = {
  QueryVariable: "query", TextVariable: "textbox", ConstantVariable: "constant", DatasourceVariable: "datasource", IntervalVariable: "interval",
  CustomVariable: "custom", SwitchVariable: "switch", GroupByVariable: "groupby", AdhocVariable: "adhoc",
};

/** Layouts may hold layouts; nobody's are deeper than this. */
const DEEPEST = 6;

/** The classic JSON of a `spec`. Tabs become rows; panels whose sizes were automatic stand in columns. `uid` is the resource's name. */
export function fromSecond(spec: Json, uid: string | undefined): Json {
  const time = record(spec.timeSettings);
  const elements = record(spec.elements);
  const panels: Json[] = [];
  place(record(spec.layout), elements, panels, 0, 0);
  return present({
    uid, title: spec.title, description: spec.description, tags: spec.tags, links: spec.links, editable: spec.editable, liveNow: spec.liveNow, preload: spec.preload,
    schemaVersion: 42,
    graphTooltip: { Crosshair: 1, Tooltip: 2 }[String(spec.cursorSync)] ?? 0,
    timezone: time.timezone, refresh: time.autoRefresh, weekStart: time.weekStart, fiscalYearStartMonth: time.fiscalYearStartMonth,
    time: present({ from: time.from, to: time.to }),
    timepicker: present({ refresh_intervals: time.autoRefreshIntervals, hidden: time.hideTimepicker, nowDelay: time.nowDelay, quick_ranges: time.quickRanges }),
    templating: { list: records(spec.variables).map(variableOf) },
    annotations: { list: records(spec.annotations).map(annotationOf) },
    panels,
  });
}

/** The datasource and the query's own settings, in either of the two forms that this schema has had. */
function queryOf(query: Json, datasource: unknown): { type: string | undefined; datasource: Json | undefined; spec: Json } {
  const type = text(query.group) ?? (query.kind === "DataQuery" ? undefined : text(query.kind));
  const named = text(record(query.datasource).name) ?? text(record(datasource).uid);
  const ref = type || named ? present({ type: type ?? text(record(datasource).type), uid: named }) : undefined;
  return { type, datasource: ref, spec: record(query.spec) };
}

function panelOf(element: unknown): Json | null {
  const { kind, spec: inner } = record(element);
  const spec = record(inner);
  if (kind === "LibraryPanel") return { id: spec.id, title: spec.title, libraryPanel: spec.libraryPanel };
  if (kind !== "Panel") return null;
  const viz = record(spec.vizConfig);
  const shown = record(viz.spec);
  const data = record(record(spec.data).spec);
  const targets = records(data.queries).map((each) => {
    const own = record(each.spec);
    const query = queryOf(record(own.query), own.datasource);
    return present({ ...query.spec, refId: own.refId, hide: own.hidden === true ? true : undefined, datasource: query.datasource });
  });
  const transformations = records(data.transformations).map((each) => {
    const own = record(each.spec);
    return present({ id: text(own.id) ?? text(each.group) ?? text(each.kind), options: own.options, disabled: own.disabled, filter: own.filter });
  });
  return present({
    id: spec.id, title: spec.title, description: spec.description, transparent: spec.transparent, links: spec.links,
    type: viz.kind === "VizConfig" ? viz.group : viz.kind, pluginVersion: text(viz.version) ?? shown.pluginVersion,
    options: shown.options, fieldConfig: shown.fieldConfig, targets, transformations, ...record(data.queryOptions),
  });
}

function repeatOf(spec: Json): Json {
  const repeat = record(spec.repeat);
  return text(repeat.value) ? present({ repeat: repeat.value, repeatDirection: repeat.direction, maxPerRow: repeat.maxPerRow }) : {};
}

/** Adds the panels of a layout below row `y`; the row after them. */
function place(layout: Json, elements: Json, panels: Json[], y: number, depth: number): number {
  const spec = record(layout.spec);
  if (depth > DEEPEST) return y;
  const find = (item: Json) => {
    const name = text(record(item.element).name);
    return name && Object.hasOwn(elements, name) ? panelOf(elements[name]) : null;
  };
  let end = y;
  if (layout.kind === "RowsLayout" || layout.kind === "TabsLayout") {
    for (const part of records(spec.rows ?? spec.tabs)) {
      const row = record(part.spec);
      const inside: Json[] = [];
      const after = place(record(row.layout), elements, inside, end + 1, depth + 1);
      const collapsed = row.collapse === true;
      // Rows cannot hold rows in the classic schema: what is inside of inner ones stands in the outer one.
      const own = inside.flatMap((panel) => (panel.type === "row" ? records(panel.panels) : [panel]));
      if (row.hideHeader !== true) panels.push({ type: "row", title: text(row.title) ?? "", collapsed, panels: collapsed ? own : [], gridPos: { x: 0, y: end, w: 24, h: 1 }, ...repeatOf(row) });
      if (!collapsed || row.hideHeader === true) panels.push(...own);
      end = collapsed && row.hideHeader !== true ? end + 1 : after;
    }
    return end;
  }
  if (layout.kind === "AutoGridLayout" || layout.kind === "ResponsiveGridLayout") {
    const columns = Math.min(6, Math.max(1, number(spec.maxColumnCount) ?? 3));
    const w = Math.floor(24 / columns);
    const h = { short: 6, standard: 9, tall: 15 }[String(spec.rowHeightMode)] ?? 9;
    records(spec.items).forEach((item, index) => {
      const own = record(item.spec);
      const gridPos = { x: (index % columns) * w, y: y + Math.floor(index / columns) * h, w, h };
      const panel = find(own);
      if (panel) panels.push({ ...panel, ...repeatOf(own), gridPos });
      end = Math.max(end, gridPos.y + h);
    });
    return end;
  }
  for (const item of records(spec.items)) {
    const own = record(item.spec);
    const at = y + (number(own.y) ?? 0);
    if (item.kind === "GridLayoutRow") {
      const inside: Json[] = [];
      end = Math.max(end, place({ kind: "GridLayout", spec: { items: own.elements } }, elements, inside, at + 1, depth + 1));
      panels.push({ type: "row", title: text(own.title) ?? "", collapsed: own.collapsed === true, panels: own.collapsed === true ? inside : [], gridPos: { x: 0, y: at, w: 24, h: 1 }, ...repeatOf(own) });
      if (own.collapsed !== true) panels.push(...inside);
      continue;
    }
    const panel = find(own);
    if (panel) panels.push({ ...panel, ...repeatOf(own), gridPos: { x: own.x, y: at, w: own.width, h: own.height } });
    end = Math.max(end, at + (number(own.height) ?? 0));
  }
  return end;
}

function variableOf(variable: Json): Json {
  const spec = record(variable.spec);
  const type = VARIABLES[String(variable.kind)] ?? String(variable.kind);
  const refresh = { onDashboardLoad: 1, onTimeRangeChanged: 2, onTimeChanged: 2 }[String(spec.refresh)] ?? 0;
  const shared = { ...spec, type, sort: Math.max(0, SORTS.indexOf(String(spec.sort))), refresh: type === "query" ? refresh : undefined };
  const named = text(record(variable.datasource).name);
  const datasource = text(variable.group) || named ? present({ type: text(variable.group), uid: named }) : spec.datasource;
  if (type === "query") {
    const query = queryOf(record(spec.query), spec.datasource);
    // A query that was one text is kept under a name of its own.
    const own = text(query.spec.__legacyStringValue) ?? query.spec;
    return present({ ...shared, query: own, datasource: query.datasource });
  }
  if (type === "datasource") return present({ ...shared, query: spec.pluginId });
  return present({ ...shared, datasource });
}

function annotationOf(annotation: Json): Json {
  const spec = record(annotation.spec);
  const query = queryOf(record(spec.query), spec.datasource);
  const own = { ...query.spec, ...record(spec.legacyOptions) };
  return present({ ...own, ...present({ name: spec.name, enable: spec.enable, hide: spec.hide, iconColor: spec.iconColor, builtIn: spec.builtIn === true ? 1 : undefined }), datasource: query.datasource });
}
