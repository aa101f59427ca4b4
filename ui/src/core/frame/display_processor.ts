/** Values of a column as people read them: mappings, unit, decimals, colour. */

import { parseInstant } from "../time/instant.ts";
import { cssColor, type Theme } from "./colors.ts";
import type { Display, DisplayValue } from "./display.ts";
import type { Field } from "./frame.ts";
import { mapped } from "./mappings.ts";
import { scaleOf } from "./series_color.ts";
import { formatValue, isDateUnit } from "./units.ts";

function numberOf(value: unknown): number {
  switch (typeof value) {
    case "number":
      return value;
    case "boolean":
      return value ? 1 : 0;
    case "string":
      return value.trim() === "" ? NaN : Number(value);
    default:
      return NaN;
  }
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (Array.isArray(value)) return value.map(textOf).join(", ");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function unitOf(field: Field): string | undefined {
  const { unit } = field.config;
  if (field.type === "time" && !isDateUnit(unit)) {
    const { values } = field;
    const [first, last] = [values[0], values.at(-1)];
    // Within a second, seconds would all look the same.
    const close = typeof first === "number" && typeof last === "number" && last !== first && Math.abs(last - first) < 1000;
    return close ? "time:YYYY-MM-DD HH:mm:ss.SSS" : "dateTimeAsSystem";
  }
  if (field.type === "boolean" && !unit?.startsWith("bool")) return "bool";
  if (field.type === "string" && !unit) return "string";
  return unit;
}

/**
 * How values of `field` are shown. The colour is always there: of a mapping, of the value by thresholds or scale, or of the column.
 * Text comes from outside: it is text, never HTML.
 * zone  of times; "" is the browser's
 */
export function displayProcessor(field: Field, theme: Theme, zone: string): Display {
  const { config } = field;
  const { mappings, decimals, noValue } = config;
  const unit = unitOf(field);
  const isDate = isDateUnit(unit);
  const isText = unit === "string";
  const scale = scaleOf(field, theme);
  return (value) => {
    const result = mappings?.length ? mapped(mappings, value) : null;
    let numeric = isText ? NaN : numberOf(value);
    if (isDate && typeof value === "string" && Number.isNaN(numeric)) numeric = parseInstant(value, zone) ?? NaN;
    let text = result?.text;
    const shown: DisplayValue = { text: "", numeric };
    if (result?.color) shown.color = cssColor(result.color, theme);
    if (!Number.isNaN(numeric) && text === undefined) {
      const formatted = formatValue(unit, numeric, decimals, zone);
      text = formatted.text;
      if (formatted.prefix) shown.prefix = formatted.prefix;
      if (formatted.suffix) shown.suffix = formatted.suffix;
    }
    text ??= textOf(value);
    shown.text = text || shown.suffix || shown.prefix ? text : (noValue ?? "");
    if (shown.color === undefined) {
      const { color, percent } = scale(Number.isNaN(numeric) ? -Infinity : numeric);
      shown.color = color;
      shown.percent = percent;
    }
    return shown;
  };
}

/** A shown value as one text: prefix, text and suffix. */
export function displayText({ prefix = "", text, suffix = "" }: DisplayValue): string {
  return prefix + text + suffix;
}
