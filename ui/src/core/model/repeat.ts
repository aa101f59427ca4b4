/** What stands on the page: rows and panels repeated for values of a variable, placed on the grid. */

import type { GridPos, Panel } from "./dashboard.ts";
import { panelKey } from "./ids.ts";
import { arrange, byPlace, heightOf, moved, sections, topOf } from "./layout.ts";
import { COLUMNS } from "./panel.ts";

/** A value of a variable as a repeat takes it. */
export interface RepeatValue {
  text: string;
  value: string;
}

/**
 * One panel or row header on the page.
 *
 * key      unique on the page, and what `viewPanel` in the URL says: "panel-12", "panel-12-clone-1"
 * panel    as in the dashboard; `gridPos` of the item counts, not the panel's
 * scoped   the repeats that it stands in: a variable to its value here
 * row      the key of the row that it is under
 * collapsed, count   of a row: whether it is folded, and how many panels it has
 */
export interface GridItem {
  key: string;
  panel: Panel;
  gridPos: GridPos;
  scoped: Readonly<Record<string, RepeatValue>>;
  row?: string;
  collapsed?: boolean;
  count?: number;
}

export interface GridOptions {
  /** The values that a variable has now, all of them where All is chosen; null where there is no such variable. */
  values: (name: string) => readonly RepeatValue[] | null;
  /** Whether a row is folded on this page; without, as stored. */
  collapsed?: (key: string, row: Panel) => boolean;
}

/** More copies than this of one panel help nobody, and a variable may have 100,000 values. */
export const MOST_COPIES = 200;
const MOST_ITEMS = 3000;

/** Everything on the page in order of place, what is in folded rows left out; notices for people about what was cut. */
export function gridItems(panels: readonly Panel[], options: GridOptions): { items: GridItem[]; notices: string[] } {
  const items: GridItem[] = [];
  const notices = new Set<string>();
  let y = 0;
  for (const section of sections(panels)) {
    const { row } = section;
    const copies = row ? copiesOf(row, {}, options, notices) : [{ scoped: {}, suffix: "" }];
    for (const { scoped, suffix } of copies) {
      if (items.length > MOST_ITEMS) break;
      let rowKey: string | undefined;
      if (row) {
        rowKey = panelKey(row) + suffix;
        const collapsed = options.collapsed?.(rowKey, row) ?? row.collapsed ?? false;
        items.push({ key: rowKey, panel: row, gridPos: { x: 0, y, w: COLUMNS, h: 1 }, scoped, collapsed, count: section.panels.length });
        y += 1;
        if (collapsed) continue;
      }
      const placed = arrange(expand(section.panels, scoped, suffix, options, notices));
      for (const item of moved(placed, y)) items.push(rowKey === undefined ? item : { ...item, row: rowKey });
      y += heightOf(placed);
    }
  }
  if (items.length > MOST_ITEMS) {
    notices.add(`only the first ${MOST_ITEMS} panels are shown`);
    items.length = MOST_ITEMS;
  }
  return { items, notices: [...notices] };
}

interface Copy {
  scoped: Readonly<Record<string, RepeatValue>>;
  suffix: string;
}

function copiesOf(panel: Panel, outer: Copy["scoped"], options: GridOptions, notices: Set<string>): Copy[] {
  const name = panel.repeat;
  if (!name) return [{ scoped: outer, suffix: "" }];
  // Within a row that is repeated for the same variable there is one value.
  const values = Object.hasOwn(outer, name) ? [outer[name]!] : options.values(name);
  if (values === null) notices.add(`"${panel.title ?? panel.type}" repeats for $${name}, and there is no such variable: it is shown once`);
  if (!values?.length) return [{ scoped: outer, suffix: "" }];
  if (values.length > MOST_COPIES) notices.add(`"${panel.title ?? panel.type}" repeats for ${values.length} values of $${name}: the first ${MOST_COPIES} are shown`);
  return values.slice(0, MOST_COPIES).map((value, index) => ({ scoped: { ...outer, [name]: value }, suffix: index ? `-clone-${index}` : "" }));
}

function expand(panels: readonly Panel[], scoped: Copy["scoped"], suffix: string, options: GridOptions, notices: Set<string>): GridItem[] {
  const top = topOf(panels);
  const sorted = byPlace(panels);
  const made: GridItem[] = [];
  // What copies take up beside their panel's own place pushes down all that began below it.
  const pushes: { from: number; by: number }[] = [];
  for (const panel of sorted) {
    let shift = -top;
    for (const push of pushes) if (panel.gridPos.y >= push.from) shift += push.by;
    const pos = { ...panel.gridPos, y: panel.gridPos.y + shift };
    const copies = copiesOf(panel, scoped, options, notices);
    const places = placesOf(panel, pos, copies.length);
    copies.forEach((copy, index) => {
      made.push({ key: panelKey(panel) + suffix + copy.suffix, panel, gridPos: places[index]!, scoped: copy.scoped });
    });
    const extra = heightOf(places.map((gridPos) => ({ gridPos }))) - (pos.y + pos.h);
    if (extra > 0) pushes.push({ from: panel.gridPos.y + panel.gridPos.h, by: extra });
    if (made.length > MOST_ITEMS) break;
  }
  return made;
}

/** Copies stand side by side over the whole width, at most `maxPerRow` (4) of them, or below each other. */
function placesOf(panel: Panel, pos: GridPos, count: number): GridPos[] {
  if (!panel.repeat || count < 1) return [pos];
  if (panel.repeatDirection === "v") return Array.from({ length: count }, (_, index) => ({ ...pos, y: pos.y + index * pos.h }));
  const across = Math.max(1, Math.min(count, panel.maxPerRow ?? 4, COLUMNS));
  const w = Math.floor(COLUMNS / across);
  return Array.from({ length: count }, (_, index) => ({ x: (index % across) * w, y: pos.y + Math.floor(index / across) * pos.h, w, h: pos.h }));
}
