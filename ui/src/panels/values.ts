/** What stat, gauge, bar gauge and pie show: one value for each column, or one for each row. Pure. */

import { withDefaults } from "../charts/field_display.ts";
import type { Theme } from "../core/frame/colors.ts";
import type { DisplayValue } from "../core/frame/display.ts";
import { displayProcessor } from "../core/frame/display_processor.ts";
import type { FieldConfig } from "../core/frame/config.ts";
import { type Field, type Frame, frame } from "../core/frame/frame.ts";
import { applyFieldConfig } from "../core/frame/overrides.ts";
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

function calcsOf(options: ReduceOptions): string[] {
  const calcs = Array.isArray(options.calcs) ? options.calcs.filter((each): each is string => typeof each === "string" && reducerOf(each) !== undefined) : [];
  return calcs.length ? calcs : ["lastNotNull"];
}

/** What one row of a column is called: as its config says, else by the row's texts, with the column's own name where others have numbers too. */
function rowNames(field: Field, frame: Frame, theme: Theme, zone: string): (row: number) => string {
  const { displayName } = field.config;
  if (field.rowName) return field.rowName;
  if (displayName) return () => displayName;
  const others = frame.fields.filter((other) => other.name !== field.name);
  const texts = others.filter((other) => other.type === "string").map((other) => ({ values: other.values, display: displayProcessor(other, theme, zone) }));
  const own = field.display ?? field.name;
  const several = others.some((other) => other.type === "number");
  return (row) => {
    const parts = texts.map(({ values, display }) => display(values[row] ?? "").text).filter(Boolean);
    return (several || !parts.length ? [...parts, own] : parts).join(" ");
  };
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
 * missing  the panel's own config: where nothing came and it says what is shown then, that is the one value
 */
export function panelValues(
  frames: readonly Frame[],
  options: ReduceOptions,
  theme: Theme,
  zone: string,
  { prepare = (field) => field, mode = "thresholds", missing }: { prepare?: (field: Field) => Field; mode?: "thresholds" | "palette-classic"; missing?: FieldConfig } = {},
): { values: PanelValue[]; left: number } {
  const chosen = fieldChoice(options.fields);
  const values: PanelValue[] = [];
  let left = 0;
  let place = 0;
  const limit = Math.min(VALUES_SHOWN, typeof options.limit === "number" && options.limit > 0 ? options.limit : VALUES_SHOWN);
  const calcs = calcsOf(options);
  for (const from of frames) {
    for (const each of from.fields) {
      if (!chosen(each) || (each.config.custom?.hideFrom as { viz?: unknown } | null | undefined)?.viz === true) continue;
      const field = prepare(withDefaults(each, mode, place++));
      const display = displayProcessor(field, theme, zone);
      if (options.values === true) {
        const nameOf = rowNames(field, from, theme, zone);
        const palette = field.config.color?.mode.startsWith("palette-");
        for (let row = 0; row < from.length; row++) {
          if (values.length >= limit) {
            left += from.length - row;
            break;
          }
          const value = field.values[row];
          // A palette has a colour for each row.
          const own = palette ? displayProcessor({ ...field, seriesIndex: values.length }, theme, zone) : display;
          values.push({ name: nameOf(row), display: own(value), value, field, frame: from, row });
        }
        continue;
      }
      for (const calc of calcs) {
        if (values.length >= limit) left++;
        else {
          const value = reduce(field, calc);
          values.push({ name: field.display ?? field.name, display: display(value), value, field, frame: from, row: undefined });
        }
      }
    }
  }
  if (!values.length && missing) {
    const nothing = frame([{ name: "", type: "number", values: [null], config: {} }]);
    const one = panelValues(applyFieldConfig([nothing], { defaults: missing, overrides: [] }, (text) => text), {}, theme, zone, { prepare, mode });
    if (one.values.some(({ display, field }) => display.text || field.config.noValue)) return one;
  }
  return { values, left };
}

/** The text of a value, "No data" where there is none. */
export function valueText({ display, field }: PanelValue): string {
  const text = (display.prefix ?? "") + display.text + (display.suffix ?? "");
  return text === "" ? (field.config.noValue ?? "No data") : text;
}
