/** A frame's columns as a table shows them. Pure. */

import { NESTED } from "../../core/frame/nested.ts";
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
  /** What stands for a picture that does not come. */
  alt: string;
  /** Of sparklines: their last value is not told. */
  hideValue: boolean;
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
  /** Its header is empty, or has several lines where its title is long. */
  hideHeader: boolean;
  wrapHeader: boolean;
  /** The column whose value is told when the pointer rests on a cell of this one. */
  tip: Field | undefined;
  /** The column that tells the look of its cells. */
  look: Field | undefined;
  /** px from the left at which it stays when the others are scrolled. */
  stuck: number | undefined;
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
    alt: typeof options.alt === "string" ? options.alt : "", hideValue: options.hideValue === true,
  };
}

/** Columns that are shown, in their order. */
export function tableColumns(frame: Frame, options: Record<string, unknown>, theme: Theme, zone: string): TableColumn[] {
  const columns: TableColumn[] = [];
  const named = (name: unknown) => (typeof name === "string" && name !== "" ? frame.fields.find((other) => (other.display ?? other.name) === name || other.name === name) : undefined);
  frame.fields.forEach((each, index) => {
    const custom = record(each.config.custom);
    const hide = record(custom.hideFrom);
    if (custom.hidden === true || hide.viz === true || each.name === NESTED) return;
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
      hideHeader: custom.hideHeader === true, wrapHeader: custom.wrapHeaderText === true, stuck: undefined,
      tip: named(record(custom.tooltip).field), look: named(custom.styleField),
      filterable: custom.filterable === true || (custom.filterable !== false && options.filterable === true),
    });
  });
  return columns;
}

/** The same columns, the first `count` of them held at the left: but for those that would leave less than half of `room` to the others. */
export function stuckColumns(columns: readonly TableColumn[], widths: readonly number[], count: unknown, room: number): TableColumn[] {
  let left = 0;
  return columns.map((column, index) => {
    const at = left;
    left += widths[index] ?? 0;
    return index < numberOr(count, 0) && left <= room / 2 ? { ...column, stuck: at } : column;
  });
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
