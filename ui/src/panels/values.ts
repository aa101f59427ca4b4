/** What stat, gauge, bar gauge and pie show: one value for each column, or one for each row. Pure. */

import { withDefaults } from "../charts/field_display.ts";
import type { Theme } from "../core/frame/colors.ts";
import type { DisplayValue } from "../core/frame/display.ts";
import { displayProcessor } from "../core/frame/display_processor.ts";
import type { Field, Frame } from "../core/frame/frame.ts";
import { pattern } from "../core/frame/matchers.ts";
import { reduce, reducerOf } from "../core/frame/reducers.ts";

export interface PanelValue {
  name: string;
  display: DisplayValue;
  /** As it is, before it is shown. */
  value: unknown;
  field: Field;
  frame: Frame;
  /** Where it is a row's. */
  row: number | undefined;
}

export interface ReduceOptions {
  calcs?: unknown;
  fields?: unknown;
  values?: unknown;
  limit?: unknown;
}

/** Values that one panel shows at most. */
export const VALUES_SHOWN = 200;

/** Whether a column is meant by `reduceOptions.fields`: "" numbers, a name, or a pattern of display names. */
export function fieldChoice(fields: unknown): (field: Field) => boolean {
  const text = typeof fields === "string" ? fields : "";
  if (text === "") return (field) => field.type === "number" || field.type === "boolean";
  if (!text.startsWith("/")) return (field) => (field.display ?? field.name) === text || field.name === text;
  const made = pattern(text);
  return made === null ? () => false : (field) => made.test(field.display ?? field.name);
}

function firstCalc(options: ReduceOptions): string {
  const calc = Array.isArray(options.calcs) ? options.calcs.find((each) => typeof each === "string" && reducerOf(each) !== undefined) : undefined;
  return typeof calc === "string" ? calc : "lastNotNull";
}

/** Range of percent units that everybody means, unless the dashboard says otherwise. */
export function withUnitRange(field: Field, fallback?: { min: number; max: number }): Field {
  const { unit, min, max } = field.config;
  const own = unit === "percent" ? { min: 0, max: 100 } : unit === "percentunit" ? { min: 0, max: 1 } : fallback;
  if (!own || (typeof min === "number" && typeof max === "number")) return field;
  return { ...field, config: { ...field.config, min: min ?? own.min, max: max ?? own.max } };
}

/**
 * The values in the order of their columns, and how many more there are than `VALUES_SHOWN`.
 *
 * prepare  may change a column's config before it is shown
 * mode     the colour mode of the panel type
 */
export function panelValues(
  frames: readonly Frame[],
  options: ReduceOptions,
  theme: Theme,
  zone: string,
  { prepare = (field) => field, mode = "thresholds" }: { prepare?: (field: Field) => Field; mode?: "thresholds" | "palette-classic" } = {},
): { values: PanelValue[]; left: number } {
  const chosen = fieldChoice(options.fields);
  const values: PanelValue[] = [];
  let left = 0;
  let place = 0;
  const limit = Math.min(VALUES_SHOWN, typeof options.limit === "number" && options.limit > 0 ? options.limit : VALUES_SHOWN);
  const calc = firstCalc(options);
  for (const frame of frames) {
    const names = frame.fields.filter((field) => field.type === "string");
    for (const each of frame.fields) {
      if (!chosen(each) || (each.config.custom?.hideFrom as { viz?: unknown } | null | undefined)?.viz === true) continue;
      const field = prepare(withDefaults(each, mode, place++));
      const display = displayProcessor(field, theme, zone);
      if (options.values === true) {
        const title = names.find((other) => other.name !== each.name);
        for (let row = 0; row < frame.length; row++) {
          if (values.length >= limit) {
            left += frame.length - row;
            break;
          }
          const value = field.values[row];
          const name = title ? String(title.values[row] ?? "") : frame.length > 1 ? `${field.display ?? field.name} ${row + 1}` : (field.display ?? field.name);
          // A palette colours rows where there is one column only.
          const own = mode === "palette-classic" ? displayProcessor({ ...field, seriesIndex: row }, theme, zone) : display;
          values.push({ name, display: own(value), value, field, frame, row });
        }
      } else if (values.length >= limit) {
        left++;
      } else {
        const value = reduce(field, calc);
        values.push({ name: field.display ?? field.name, display: display(value), value, field, frame, row: undefined });
      }
    }
  }
  return { values, left };
}

/** The text of a value, "No data" where there is none. */
export function valueText({ display, field }: PanelValue): string {
  const text = (display.prefix ?? "") + display.text + (display.suffix ?? "");
  return text === "" ? (field.config.noValue ?? "No data") : text;
}
