/** Dashboards of before Grafana 5: rows with panels of so many twelfths, as places on the grid. */

import type { GridPos } from "../dashboard.ts";
import { type Json, number, type Part, records, text, without } from "../part.ts";

const COLUMNS = 24;
const CELL_PX = 38;
const LEAST_PX = 90;
const ROW_PX = 250;
const SPAN = 4;

/** Grid units of a height in pixels, "250px" or 250. */
export function gridHeight(height: unknown): number {
  const px = typeof height === "string" ? parseInt(height, 10) : (number(height) ?? ROW_PX);
  return Math.min(100, Math.ceil(Math.max(Number.isFinite(px) ? px : ROW_PX, LEAST_PX) / CELL_PX));
}

/** The panels of all rows, with places, and with headers for the rows if one of them is folded, repeated or shows its title. */
export function fromRows(dashboard: Part): Json[] {
  const rows = dashboard.records("rows").filter((row) => !row.repeatIteration);
  const headers = rows.some((row) => row.collapse === true || row.showTitle === true || Boolean(row.repeat));
  const panels: Json[] = [];
  let y = 0;
  for (const row of rows) {
    const height = gridHeight(row.height ?? ROW_PX);
    const folded = headers && row.collapse === true;
    let header: Json | null = null;
    if (headers) {
      header = {
        type: "row", title: text(row.title) ?? "", collapsed: row.collapse === true, panels: [], gridPos: { x: 0, y, w: COLUMNS, h: 1 },
        ...(text(row.repeat) ? { repeat: row.repeat } : {}),
      };
      panels.push(header);
      y += 1;
    }
    const area = new RowArea(y, height);
    const placed = records(row.panels).map((panel) => {
      const width = Math.min(COLUMNS, Math.max(1, Math.floor(number(panel.span) || SPAN) * 2));
      const gridPos = area.place(width, panel.height === undefined || panel.height === null ? height : gridHeight(panel.height));
      const least = number(panel.minSpan);
      return { ...without(panel, ["span", "minSpan", "height"]), ...(least ? { maxPerRow: Math.max(1, Math.floor(12 / least)) } : {}), gridPos };
    });
    if (header && folded) header.panels = placed;
    else panels.push(...placed);
    if (!folded) y = area.bottom;
  }
  return panels;
}

/** Places panels from left to right; one that does not fit beside the others starts the row's height further down. */
class RowArea {
  private top: number;
  private readonly height: number;
  private used: number[] = new Array<number>(COLUMNS).fill(0);

  constructor(top: number, height: number) {
    this.top = top;
    this.height = height;
  }

  get bottom(): number {
    return this.top + this.height;
  }

  place(w: number, h: number): GridPos {
    let x = this.start();
    if (COLUMNS - x < w) {
      this.top += this.height;
      this.used = new Array<number>(COLUMNS).fill(0);
      x = 0;
    }
    const y = Math.max(...this.used.slice(x));
    for (let column = x; column < x + w; column++) this.used[column] = y + h;
    return { x, y: this.top + y, w, h };
  }

  /** The first column of the free room at the right: all from there have room left, and none is deeper than its right neighbour. */
  private start(): number {
    let x = COLUMNS;
    while (x > 0 && this.used[x - 1]! < this.height && (x === COLUMNS || this.used[x - 1]! <= this.used[x]!)) x--;
    return x;
  }
}
