/** A dashboard with the data of all its panels, frozen. */

import { toSnapshotFrame } from "../../../core/frame/snapshot.ts";
import type { Panel } from "../../../core/model/dashboard.ts";
import { gridItems } from "../../../core/model/repeat.ts";
import type { GridItem } from "../../../core/model/repeat.ts";
import { toJson } from "../../../core/model/save.ts";
import { frozenVariable } from "../../../core/model/snapshot.ts";
import { panelRange } from "../../../core/time/range.ts";
import { resolveZone } from "../../../core/time/zone.ts";
import { repeatScope } from "../../../core/variables/builtin.ts";
import { interpolate } from "../../../core/variables/interpolate.ts";
import type { Scope } from "../../../core/variables/scope.ts";
import { chosenOptions } from "../../../core/variables/state.ts";
import type { QueryContext } from "../../../query/context.ts";
import { queryPanel } from "../../../query/panel_query.ts";
import type { Board } from "../board.svelte.ts";
import { asks } from "../panel_run.svelte.ts";

export interface SnapshotOptions {
  title: string;
  /** Only this panel. */
  only?: GridItem | undefined;
  /** Told how many panels of all are done. */
  onprogress?: (done: number, all: number) => void;
  signal?: AbortSignal | undefined;
}

/** The JSON to keep. Panels that fail are kept empty; raises AbortError when it is called off. */
export async function takeSnapshot(board: Board, options: SnapshotOptions): Promise<Record<string, unknown>> {
  const { items } = gridItems(board.model.panels, {
    values: (name) => {
      const state = board.states.find((one) => one.variable.name === name);
      return state ? chosenOptions(state) : null;
    },
    // What is in folded rows is frozen too.
    collapsed: () => false,
  });
  const wanted = options.only ? [{ ...options.only, gridPos: { x: 0, y: 0, w: 24, h: Math.max(14, options.only.gridPos.h) } }] : items;
  let done = 0;
  const panels = await Promise.all(
    wanted.map(async (item, at): Promise<Panel> => {
      const made = await frozenPanel(board, item, at + 1, options.signal);
      options.onprogress?.(++done, wanted.length);
      return made;
    }),
  );
  const { span } = board.range;
  const model = {
    ...board.model,
    uid: "", title: options.title, links: [], refresh: "", panels: folded(wanted, panels),
    time: { from: new Date(span.from).toISOString(), to: new Date(span.to).toISOString() },
    timezone: board.zone,
    templating: { list: board.states.map(frozenVariable) },
    annotations: { list: frozenEvents(board) },
  };
  return { ...toJson(model), id: null, snapshot: { timestamp: new Date().toISOString(), originalUrl: location.href } };
}

/** The panels of folded rows, back in them. */
function folded(items: readonly GridItem[], panels: readonly Panel[]): Panel[] {
  const made: Panel[] = [];
  let row: { key: string; panels: Panel[] } | null = null;
  items.forEach((item, at) => {
    const panel = panels[at]!;
    if (panel.type === "row") {
      row = item.panel.collapsed ? { key: item.key, panels: [] } : null;
      made.push(row ? { ...panel, collapsed: true, panels: row.panels } : panel);
    } else if (row && item.row === row.key) row.panels.push(panel);
    else made.push(panel);
  });
  return made;
}

function frozenEvents(board: Board) {
  const sources = new Set(board.events.map((event) => event.source));
  return [...sources].map((name) => {
    const events = board.events.filter((event) => event.source === name);
    return {
      name, enable: true, hide: true, builtIn: 0, iconColor: events[0]?.color ?? "", datasource: { type: "grafana", uid: "grafana" },
      snapshotData: events.map(({ time, timeEnd, title, text, tags, panelId }) => ({ time, timeEnd, title, text, tags, ...(panelId === undefined ? {} : { panelId }) })),
    };
  });
}

async function frozenPanel(board: Board, item: GridItem, id: number, signal: AbortSignal | undefined): Promise<Panel> {
  const { panel } = item;
  let { scope } = board;
  for (const [name, one] of Object.entries(item.scoped)) scope = repeatScope(scope, name, one.value, one.text);
  const made: Panel = { ...filled(panel, item, scope), id, gridPos: item.gridPos, datasource: null, targets: [], links: [] };
  for (const key of ["repeat", "repeatDirection", "maxPerRow", "libraryPanel"]) delete made[key];
  if (panel.type === "row") return { ...made, collapsed: false, panels: [] };
  if (!asks(panel)) return made;
  const range = rangeOf(board, panel);
  // A range of its own is relative to a now that is gone: it is kept as it was.
  const own = range.span.from !== board.range.span.from || range.span.to !== board.range.span.to ? { snapshotRange: { ...range.span, note: range.note } } : {};
  return { ...made, ...own, snapshotData: await framesOf(board, item, scope, signal) };
}

function rangeOf(board: Board, panel: Panel) {
  const { fiscalYearStartMonth, weekStart } = board.model;
  return panelRange(board.range, panel, { now: board.range.span.to, zone: resolveZone(board.zone), fiscalYearStartMonth, weekStart });
}

/** Texts of a panel that is repeated, with its own values put in: what is frozen has no copies. */
function filled(panel: Panel, item: GridItem, scope: Scope): Panel {
  const title = panel.title ? { title: interpolate(panel.title, scope, "text") } : {};
  const names = Object.keys(item.scoped);
  if (!names.length) return { ...panel, ...title };
  const own: Scope = { ...scope, get: (name: string) => (names.includes(name) ? scope.get(name) : undefined) };
  const fill = (value: unknown): unknown => {
    if (typeof value === "string") return interpolate(value, own, "text");
    if (Array.isArray(value)) return value.map(fill);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, fill(part)]));
  };
  const description = panel.description ? { description: fill(panel.description) as string } : {};
  return { ...panel, ...title, ...description, options: fill(panel.options) as Panel["options"], fieldConfig: fill(panel.fieldConfig) as Panel["fieldConfig"] };
}

async function framesOf(board: Board, item: GridItem, scope: Scope, signal: AbortSignal | undefined) {
  const { panel } = item;
  const zone = resolveZone(board.zone);
  const range = rangeOf(board, panel);
  // As wide as on the page, so that what was asked there need not be asked again.
  const shown = document.querySelector<HTMLElement>(`section.panel[data-panel="${CSS.escape(item.key)}"]`);
  const context: QueryContext = {
    range, zone, scope, width: shown?.clientWidth || Math.round((item.gridPos.w / 24) * 1200), sources: board.sources, adhoc: board.adhoc, priority: 4, exemplars: board.exemplars, signal,
    panelFrames: async (id) => {
      const other = board.panels.find((one) => one.id === id);
      if (!other || other.id === panel.id) return [];
      return (await queryPanel(other, { ...context, panelFrames: () => Promise.resolve([]) })).frames;
    },
  };
  const { frames } = await queryPanel(panel, context);
  return frames.map(toSnapshotFrame);
}
