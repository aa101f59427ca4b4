/** A column's config with the defaults of a panel type, and its display. */

import type { Theme } from "../core/frame/colors.ts";
import type { Display } from "../core/frame/display.ts";
import { displayProcessor } from "../core/frame/display_processor.ts";
import type { Field } from "../core/frame/frame.ts";
import { seriesColor } from "../core/frame/series_color.ts";
import { DEFAULT_THRESHOLDS } from "../core/frame/thresholds.ts";

/**
 * The column with the colour mode that its panel type has where the dashboard names none, and default thresholds where there are
 * none at all. `place` is its place among the panel's series, for palettes.
 */
export function withDefaults(field: Field, mode: "palette-classic" | "thresholds", place: number): Field {
  const { color, thresholds } = field.config;
  if (color?.mode && thresholds && field.seriesIndex !== undefined) return field;
  return {
    ...field,
    seriesIndex: field.seriesIndex ?? place,
    config: { ...field.config, color: color?.mode ? color : { mode }, thresholds: thresholds ?? DEFAULT_THRESHOLDS },
  };
}

/** Values of a column as text, prefix and suffix in it. */
export function textDisplay(display: Display): (value: unknown) => string {
  return (value) => {
    const { prefix = "", text, suffix = "" } = display(value);
    return prefix + text + suffix;
  };
}

export { displayProcessor, seriesColor };
export type { Display, Field, Theme };
