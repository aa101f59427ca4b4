/** Grid places to pixels. */

import type { GridPos } from "../../core/model/dashboard.ts";

const COLUMNS = 24;
export const CELL_PX = 30;
export const GAP_PX = 8;
/** Below this width of the grid panels stand in one column. */
export const NARROW_PX = 640;

/** Height of `h` grid rows, px; `cell` is that of one. */
export function rowsHeight(h: number, cell = CELL_PX): number {
  return h * cell + (h - 1) * GAP_PX;
}

/** Height of one grid row, px, with which `rows` of them fill `height`; never so low that nothing can be read. */
export function fittedCell(rows: number, height: number): number {
  return rows ? Math.max(6, (height + GAP_PX) / rows - GAP_PX) : CELL_PX;
}

/** Width of one column with its gap, in px, of a grid that is `width` wide. */
export function columnStep(width: number): number {
  return (width + GAP_PX) / COLUMNS;
}

/** CSS of a cell. */
export function cellStyle(pos: GridPos, width: number, narrow: boolean, cell = CELL_PX): string {
  // Where all stand in one column, small ones still stand in pairs.
  if (narrow) return `width:${pos.w <= 6 ? "calc(50% - 4px)" : "100%"};height:${rowsHeight(pos.h, cell)}px`;
  const step = columnStep(width);
  const left = Math.round(pos.x * step);
  const right = Math.round((pos.x + pos.w) * step) - GAP_PX;
  return `width:${right - left}px;height:${rowsHeight(pos.h, cell)}px;transform:translate(${left}px,${pos.y * (cell + GAP_PX)}px)`;
}

/** Height of the whole grid, px. */
export function gridHeight(items: readonly { gridPos: GridPos }[], cell = CELL_PX): number {
  const rows = gridRows(items);
  return rows ? rowsHeight(rows, cell) : 0;
}

/** Grid rows that the items take. */
export function gridRows(items: readonly { gridPos: GridPos }[]): number {
  let rows = 0;
  for (const { gridPos } of items) rows = Math.max(rows, gridPos.y + gridPos.h);
  return rows;
}
