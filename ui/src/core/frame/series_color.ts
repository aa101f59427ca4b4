/** The colour of a value and of a whole column, by its config. */

import { cssColor, FALLBACK_COLOR, parseColor, type Theme } from "./colors.ts";
import type { Field } from "./frame.ts";
import { continuousScale, isPalette, paletteColor, placeOfName } from "./palettes.ts";
import { reduce, reduceNumber } from "./reducers.ts";
import { activeThreshold } from "./thresholds.ts";

/** A value's place between min and max (0 to 1, or beyond), and its colour (CSS). */
export interface Scaled {
  percent: number;
  color: string;
}

export interface Range {
  min: number;
  max: number;
}

/** Smallest and largest finite number of a column; 0 and 100 where it has none. */
export function rangeOf(fields: readonly Pick<Field, "values" | "type">[]): Range {
  let [min, max] = [Infinity, -Infinity];
  for (const field of fields) {
    let [low, high] = [reduce(field, "min"), reduce(field, "max")];
    // Shares of an infinite range are none.
    if (low === -Infinity || high === Infinity) {
      const finite = { ...field, values: field.values.filter((value) => Number.isFinite(value)) };
      [low, high] = [reduce(finite, "min"), reduce(finite, "max")];
    }
    if (typeof low === "number" && low < min) min = low;
    if (typeof high === "number" && high > max) max = high;
  }
  return min <= max ? { min, max } : { min: 0, max: 100 };
}

/** The range that percent is of: config's min and max, else what the panel's values come to. */
export function fieldRange(field: Field): Range {
  const { min, max } = field.config;
  const set = (bound: unknown): bound is number => typeof bound === "number" && Number.isFinite(bound);
  if (set(min) && set(max)) return { min, max };
  const found = field.range?.() ?? rangeOf([field]);
  return { min: set(min) ? min : found.min, max: set(max) ? max : found.max };
}

/** A lighter or darker kin of `css`: `place` 0 is itself. */
function shade(css: string, place: number): string {
  const parts = parseColor(css);
  if (!parts || !place) return css;
  // Twelve shades, turn by turn lighter and darker.
  const step = Math.ceil(((place - 1) % 12 + 1) / 2) * 0.11;
  const toward = place % 2 ? 255 : 0;
  const [red, green, blue] = parts.slice(0, 3).map((part) => Math.round(part + (toward - part) * step));
  return `rgb(${red}, ${green}, ${blue})`;
}

/** Whether colours of `field` depend on its values. */
export function colorsByValue(field: Field): boolean {
  const mode = field.config.color?.mode ?? "thresholds";
  return mode === "thresholds" || mode.startsWith("continuous-");
}

/** How numbers of `field` are placed and coloured; made once for the column. */
export function scaleOf(field: Field, theme: Theme): (value: number) => Scaled {
  const { color, thresholds } = field.config;
  const mode = color?.mode ?? "thresholds";
  let range: Range | undefined;
  const percentOf = (value: number): number => {
    if (value === -Infinity) return 0;
    range ??= fieldRange(field);
    const percent = (value - range.min) / (range.max - range.min);
    return Number.isNaN(percent) ? 0 : percent;
  };
  const by = (colorOf: (percent: number, value: number) => string) => (value: number): Scaled => {
    const percent = percentOf(value);
    return { percent, color: colorOf(percent, value) };
  };
  if (mode === "thresholds") {
    return by((percent, value) => {
      const step = activeThreshold(thresholds, value, percent);
      return step ? cssColor(step.color, theme) : FALLBACK_COLOR;
    });
  }
  const scale = continuousScale(mode, theme);
  if (scale) return by((percent) => scale(percent));
  let fixed: string;
  if (isPalette(mode)) {
    const place = mode.endsWith("-by-name") ? placeOfName(field.display ?? field.name) : (field.seriesIndex ?? 0);
    fixed = paletteColor(mode, place, theme);
  } else {
    fixed = cssColor(color?.fixedColor ?? FALLBACK_COLOR, theme);
    if (mode === "shades") fixed = shade(fixed, field.seriesIndex ?? 0);
  }
  return by(() => fixed);
}

/** The colour of a whole column (CSS): of its palette, or of its last, smallest or largest value where colours depend on values. */
export function seriesColor(field: Field, theme: Theme): string {
  const { color } = field.config;
  const scale = scaleOf(field, theme);
  if (!colorsByValue(field)) return scale(0).color;
  const reducer = color?.seriesBy === "min" || color?.seriesBy === "max" ? color.seriesBy : "lastNotNull";
  const value = reduceNumber(field, reducer);
  return scale(Number.isNaN(value) ? -Infinity : value).color;
}
