/** A frame's columns as a table shows them. Pure. */

import { numberOr, oneOf } from "../../charts/series_style.ts";
import { withDefaults } from "../../charts/field_display.ts";
import type { Theme } from "../../core/frame/colors.ts";
import type { Display } from "../../core/frame/display.ts";
import { displayProcessor } from "../../core/frame/display_processor.ts";
import type { Field, Frame } from "../../core/frame/frame.ts";

export type CellType = "auto" | "color-text" | "color-background" | "gauge" | "sparkline" | "json-view" | "data-links" | "pill" | "image" | "markdown";

export interface Cell {
  type: CellType;
  /** Of backgrounds and gauges. */
  mode: "basic" | "gradient" | "lcd";
  /** The background is the whole row's. */
  applyToRow: boolean;
  /** Of gauges: their number in the value's colour, in the text's, or none. */
  valueMode: "color" | "text" | "hidden";
  wrap: boolean;
}

export interface TableColumn {
  /** Place in the frame. */
  index: number;
  title: string;
  field: Field;
  display: Display;
  align: "left" | "center" | "right";
  width: number | undefined;
  minWidth: number;
  cell: Cell;
  filterable: boolean;
  /** Whole values can be looked into. */
  inspect: boolean;
}

const record = (value: unknown): Record<string, unknown> => (value !== null && typeof value === "object" ? (value as Record<string, unknown>) : {});

/** `cellOptions` of today, or the `displayMode` that older dashboards have. */
export function cellOf(custom: Record<string, unknown>): Cell {
  const options = record(custom.cellOptions);
  const old = typeof custom.displayMode === "string" ? custom.displayMode : "auto";
  let type = typeof options.type === "string" ? options.type : old;
  let mode: Cell["mode"] = oneOf(options.mode, ["basic", "gradient", "lcd"]);
  if (options.mode === undefined && type === "color-background") mode = "gradient";
  if (options.mode === undefined && type === "gauge") mode = "gradient";
  switch (type) {
    case "color-background-solid":
      [type, mode] = ["color-background", "basic"];
      break;
    case "basic":
      [type, mode] = ["gauge", "basic"];
      break;
    case "gradient-gauge":
      [type, mode] = ["gauge", "gradient"];
      break;
    case "lcd-gauge":
      [type, mode] = ["gauge", "lcd"];
      break;
  }
  return {
    type: oneOf(type, ["auto", "color-text", "color-background", "gauge", "sparkline", "json-view", "data-links", "pill", "image", "markdown"]),
    mode, applyToRow: options.applyToRow === true, valueMode: oneOf(options.valueDisplayMode, ["color", "text", "hidden"]),
    wrap: options.wrapText === true || custom.wrapText === true,
  };
}

/** Columns that are shown, in their order. */
export function tableColumns(frame: Frame, options: Record<string, unknown>, theme: Theme, zone: string): TableColumn[] {
  const columns: TableColumn[] = [];
  frame.fields.forEach((each, index) => {
    const custom = record(each.config.custom);
    const hide = record(custom.hideFrom);
    if (custom.hidden === true || hide.viz === true) return;
    const field = withDefaults(each, "thresholds", index);
    const cell = cellOf(custom);
    const natural = field.type === "number" && cell.type !== "gauge" ? "right" : "left";
    columns.push({
      index, field, cell,
      title: field.display ?? field.name,
      display: displayProcessor(field, theme, zone),
      align: custom.align === "center" || custom.align === "right" || custom.align === "left" ? custom.align : natural,
      width: numberOr(custom.width, 0) > 0 ? numberOr(custom.width, 0, 30, 2000) : undefined,
      minWidth: numberOr(custom.minWidth, 0) > 0 ? numberOr(custom.minWidth, 100, 30, 2000) : 100,
      inspect: custom.inspect === true,
      filterable: custom.filterable === true || (custom.filterable !== false && options.filterable === true),
    });
  });
  return columns;
}

/** Widths in px: fixed ones as they are, the others share what is left of `room` but stay above their least. */
export function columnWidths(columns: readonly TableColumn[], dragged: ReadonlyMap<number, number>, room: number): number[] {
  const fixed = columns.map((column) => dragged.get(column.index) ?? column.width);
  const taken = fixed.reduce<number>((sum, width) => sum + (width ?? 0), 0);
  let open = columns.filter((_, index) => fixed[index] === undefined).sort((a, b) => b.minWidth - a.minWidth);
  let left = room - taken;
  const shares = new Map<number, number>();
  // Those whose least is more than an even share get their least, and the others share the rest.
  while (open.length) {
    const share = left / open.length;
    const first = open[0]!;
    if (first.minWidth <= share) {
      for (const column of open) shares.set(column.index, Math.floor(share));
      break;
    }
    shares.set(first.index, first.minWidth);
    left -= first.minWidth;
    open = open.slice(1);
  }
  return columns.map((column, index) => fixed[index] ?? shares.get(column.index) ?? column.minWidth);
}
