/** The grid: 24 columns, no overlaps, no holes upwards; rows own the panels that follow them. */

import type { GridPos, Panel } from "./dashboard.ts";
import { COLUMNS, NOWHERE_Y } from "./panel.ts";

/** A row with its panels; the first section may have no row. */
export interface Section {
  row: Panel | null;
  panels: Panel[];
}

/** Panels by place, top to bottom and left to right; equal places keep their order. */
export function byPlace<T extends { gridPos: GridPos }>(items: readonly T[]): T[] {
  return [...items].sort((a, b) => a.gridPos.y - b.gridPos.y || a.gridPos.x - b.gridPos.x);
}

/** The panels as rows hold them: a folded row holds its own, an open one those that follow. */
export function sections(panels: readonly Panel[]): Section[] {
  const found: Section[] = [];
  for (const panel of panels) {
    if (panel.type === "row") found.push({ row: panel, panels: [...(panel.collapsed ? (panel.panels ?? []) : [])] });
    else {
      const last = found.at(-1);
      // What follows a folded row belongs to nobody's fold: it starts a part of its own.
      if (!last || last.row?.collapsed) found.push({ row: null, panels: [panel] });
      else last.panels.push(panel);
    }
  }
  return found;
}

/** How deep each column is filled. */
class Skyline {
  private readonly depths = new Array<number>(COLUMNS).fill(0);

  /** The first row at which something of these columns can stand. */
  under(x: number, w: number): number {
    let depth = 0;
    for (let column = x; column < x + w; column++) depth = Math.max(depth, this.depths[column] ?? 0);
    return depth;
  }

  fill(pos: GridPos): void {
    for (let column = pos.x; column < pos.x + pos.w && column < COLUMNS; column++) this.depths[column] = pos.y + pos.h;
  }
}

/** The same items, each as high up as those before it allow. In order of place; `first` goes before others of the same row. */
export function arrange<T extends { gridPos: GridPos }>(items: readonly T[], first?: T): T[] {
  const sky = new Skyline();
  const sorted = byPlace(items);
  if (first && sorted.includes(first)) {
    sorted.splice(sorted.indexOf(first), 1);
    const at = sorted.findIndex(({ gridPos }) => gridPos.y >= first.gridPos.y);
    sorted.splice(at < 0 ? sorted.length : at, 0, first);
  }
  return byPlace(sorted.map((item) => {
    const { x, w, h } = item.gridPos;
    const y = sky.under(x, w);
    const gridPos = { x, y, w, h };
    sky.fill(gridPos);
    return y === item.gridPos.y ? item : { ...item, gridPos };
  }));
}

/**
 * The panels in their order, those without a place after all others under the same row, side by side while they fit; under a
 * row that has none itself, after those before them. Until they are arranged, such a place may be half a row.
 */
export function withPlaces(panels: readonly Panel[]): Panel[] {
  let bottom = 0;
  let row: Panel | null = null;
  let line: { x: number; y: number } | null = null;
  return panels.map((panel) => {
    const { y, w, h } = panel.gridPos;
    if (panel.type === "row") {
      row = panel;
      line = null;
    }
    if (y < NOWHERE_Y) {
      bottom = Math.max(bottom, y + h);
      return panel;
    }
    if (panel.type === "row" || row?.gridPos.y === NOWHERE_Y) {
      if (!line || line.x + w > COLUMNS) line = { x: 0, y: bottom };
    } else if (!line) line = { x: 0, y: endOf(panels, row?.gridPos.y ?? -1) - 0.5 };
    else if (line.x + w > COLUMNS) line = { x: 0, y: line.y + 1 / 4096 };
    const gridPos = { x: line.x, y: line.y, w, h };
    line.x += w;
    bottom = Math.max(bottom, Math.ceil(line.y) + h);
    return { ...panel, gridPos };
  });
}

/** Where the panels end that stand between the row at `top` and the next one. */
function endOf(panels: readonly Panel[], top: number): number {
  let next = NOWHERE_Y;
  for (const { type, gridPos } of panels) if (type === "row" && gridPos.y > top && gridPos.y < next) next = gridPos.y;
  const under = panels.filter(({ gridPos }) => gridPos.y >= top && gridPos.y < next);
  return under.reduce((end, { gridPos }) => Math.max(end, Math.min(next, gridPos.y + gridPos.h)), top + 1);
}

/** Grid rows that the items need. */
export function heightOf(items: readonly { gridPos: GridPos }[]): number {
  return items.reduce((height, { gridPos }) => Math.max(height, gridPos.y + gridPos.h), 0);
}

/** The same items with `by` more rows above them. */
export function moved<T extends { gridPos: GridPos }>(items: readonly T[], by: number): T[] {
  return by === 0 ? [...items] : items.map((item) => ({ ...item, gridPos: { ...item.gridPos, y: item.gridPos.y + by } }));
}

/** Where the items begin. */
export function topOf(items: readonly { gridPos: GridPos }[]): number {
  return items.reduce((top, { gridPos }) => Math.min(top, gridPos.y), Infinity);
}

/** All panels placed section by section: rows at full width, and nothing of one section among those of another. */
export function placeSections(parts: readonly Section[]): Panel[] {
  const placed: Panel[] = [];
  let y = 0;
  for (const { row, panels } of parts) {
    const arranged = arrange(panels);
    if (row) {
      const gridPos = { x: 0, y, w: COLUMNS, h: 1 };
      y += 1;
      if (row.collapsed) {
        placed.push({ ...row, gridPos, panels: moved(arranged, y) });
        continue;
      }
      placed.push({ ...row, gridPos, panels: [] });
    }
    placed.push(...moved(arranged, y));
    y += heightOf(arranged);
  }
  return placed;
}

/** The panels with the row of this id folded or opened; panels below move up or down with it. */
export function foldRow(panels: readonly Panel[], id: number, collapsed: boolean): Panel[] {
  return placeSections(sections(panels).map((section) => (section.row?.id === id ? { ...section, row: { ...section.row, collapsed } } : section)));
}

/** The panels with all rows folded or opened. */
export function foldAllRows(panels: readonly Panel[], collapsed: boolean): Panel[] {
  return placeSections(sections(panels).map((section) => (section.row ? { ...section, row: { ...section.row, collapsed } } : section)));
}
