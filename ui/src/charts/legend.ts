/** The rows of a legend: which, with which calculations, in which order. Pure. */

import { displayProcessor } from "../core/frame/display_processor.ts";
import type { Theme } from "../core/frame/colors.ts";
import type { Display } from "../core/frame/display.ts";
import type { Field } from "../core/frame/frame.ts";
import { reduce, reducerOf } from "../core/frame/reducers.ts";
import { compareValues } from "./compare.ts";
import { oneOf } from "./series_style.ts";

export interface LegendOptions {
  mode: "list" | "table" | "hidden";
  placement: "bottom" | "right";
  calcs: readonly string[];
  sortBy: string | undefined;
  sortDesc: boolean;
  /** px, of a legend at the right. */
  width: number | undefined;
}

/** A legend at the right of a narrower panel would leave no chart, px: it stands below then. */
const RIGHT_FROM = 420;

/** A panel's `options.legend`, every key given a value; `width` is the panel's, px. */
export function legendOptions(options: unknown, width = Infinity): LegendOptions {
  const read = (options ?? {}) as Record<string, unknown>;
  const mode = oneOf(read.displayMode, ["list", "table", "hidden"]);
  return {
    mode: read.showLegend === false || (read.isVisible === false && read.showLegend !== true) ? "hidden" : mode,
    placement: width < RIGHT_FROM ? "bottom" : oneOf(read.placement, ["bottom", "right"]),
    calcs: Array.isArray(read.calcs) ? read.calcs.filter((calc): calc is string => typeof calc === "string" && reducerOf(calc) !== undefined) : [],
    sortBy: typeof read.sortBy === "string" && read.sortBy !== "" ? read.sortBy : undefined,
    sortDesc: read.sortDesc === true,
    width: typeof read.width === "number" && read.width > 0 ? read.width : undefined,
  };
}

export interface LegendItem {
  id: string;
  name: string;
  color: string;
  /** One for each calculation: what is sorted by, and what is shown. */
  values: readonly { value: unknown; text: string }[];
  dashed?: boolean;
  rightAxis?: boolean;
}

/** Title of a calculation's column: "Last *", "Mean". */
export function calcTitle(id: string): string {
  return reducerOf(id)?.name ?? id;
}

/** The calculations of a column, each shown as the column's values are; counts and shares without its unit. */
export function calcValues(field: Field, calcs: readonly string[], display: Display, theme: Theme, zone: string): { value: unknown; text: string }[] {
  return calcs.map((id) => {
    const value = reduce(field, id);
    const plain = PLAIN.has(id) ? displayProcessor({ ...field, type: "number", config: { unit: id === "diffperc" ? "percentunit" : "none" } }, theme, zone) : display;
    if (Array.isArray(value)) return { value, text: value.slice(0, 20).map((each) => written(display, each)).join(", ") };
    return { value, text: written(plain, value) };
  });
}

const PLAIN = new Set(["count", "changeCount", "distinctCount", "countAll", "diffperc"]);

function written(display: Display, value: unknown): string {
  const { prefix = "", text, suffix = "" } = display(value);
  return prefix + text + suffix;
}

/** The items in the order of a column's title ("Name", "Last *"); as they are where it names none. */
export function sortLegend(items: readonly LegendItem[], calcs: readonly string[], sortBy: string | undefined, descending: boolean): LegendItem[] {
  if (sortBy === undefined) return [...items];
  if (sortBy === "Name") return [...items].sort((a, b) => compareValues(a.name, b.name, descending));
  const column = calcs.findIndex((calc) => calcTitle(calc) === sortBy || calc === sortBy);
  if (column < 0) return [...items];
  return [...items].sort((a, b) => compareValues(a.values[column]?.value, b.values[column]?.value, descending));
}
